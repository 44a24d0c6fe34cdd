import Testing

@testable import TulleControl

@Suite("the figures of the traffic")
struct StatsTests {
    private static func exposition(requests: Int, errors: Int, fast: Int, slow: Int) -> String {
        let labels =
            #"reporter="destination",destination_service_name="web",destination_service_namespace="default""#
        return """
            # TYPE istio_requests_total counter
            istio_requests_total{\(labels),response_code="200",note="a \\"b\\\\ c}"} \(requests)
            istio_requests_total{\(labels),response_code="503"} \(errors)
            # TYPE istio_request_duration_milliseconds histogram
            istio_request_duration_milliseconds_bucket{\(labels),le="5"} \(fast)
            istio_request_duration_milliseconds_bucket{\(labels),le="50"} \(fast + slow)
            istio_request_duration_milliseconds_bucket{\(labels),le="+Inf"} \(fast + slow)
            garbage{{{ 12
            other_total 3
            istio_tcp_connections_opened_total{reporter="source",destination_service_name="redis"} 4 1700000000

            """
    }

    @Test("are read from Istio's standard metrics") func reads() throws {
        let counts = TrafficCounts(prometheus: Self.exposition(requests: 90, errors: 10, fast: 50, slow: 50))
        let web = try #require(
            counts.services[TrafficCounts.Key(namespace: "default", service: "web", direction: .inbound)])
        #expect(web.requests == 100)
        #expect(web.failures == 10)
        #expect(web.quantile(0.5) == 5)
        #expect(web.quantile(0.25) == 2.5)
        #expect(web.quantile(0.75) == 27.5)
        let redis = counts.services[TrafficCounts.Key(namespace: "default", service: "redis", direction: .outbound)]
        #expect(redis?.tcpOpened == 4)
    }

    @Test("cover the time since the last question, or a window") func windows() throws {
        var history = StatsHistory()
        let start = ContinuousClock.now
        func scrape(_ seconds: Int, _ requests: Int, run: String = "one") -> StatsHistory.Scrape {
            let text = Self.exposition(requests: requests, errors: 0, fast: requests, slow: 0)
            return StatsHistory.Scrape(time: start + .seconds(seconds), counts: [run: TrafficCounts(prometheus: text)])
        }
        #expect(history.add(scrape(0, 100), window: nil).window == 0)
        let second = history.add(scrape(2, 300), window: nil)
        let row = try #require(second.rows.first { $0.service == "web" })
        #expect(second.window == 2)
        #expect(row.requests == 200)
        #expect(row.rps == 100)
        #expect(row.successRate == 1)
        let wide = history.add(scrape(4, 350), window: .seconds(4))
        #expect(wide.rows.first { $0.service == "web" }?.requests == 250)
        // A sidecar that was restarted counts from zero.
        let restarted = history.add(scrape(5, 7, run: "two"), window: nil)
        #expect(restarted.rows.first { $0.service == "web" }?.requests == 7)
    }

    @Test("a counter that went down started anew") func reset() {
        var before = TrafficCounts.Counts()
        before.requests = 50
        var after = TrafficCounts.Counts()
        after.requests = 3
        #expect(after.since(before).requests == 3)
    }
}
