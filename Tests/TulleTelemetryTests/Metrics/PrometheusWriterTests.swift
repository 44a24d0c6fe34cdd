import Testing
import TulleTelemetry

@Suite("Prometheus text")
struct PrometheusWriterTests {
    @Test("families and samples are written in the text format")
    func samples() {
        var writer = PrometheusWriter()
        writer.family("a_total", .counter, help: "What\\is\nthis.")
        writer.sample([("x", "1\"2\\3\n4")], 7 as UInt64)
        writer.sample([], 1.5)
        writer.family("b", .gauge, help: "B.")
        writer.sample([], -3 as Int64)
        writer.sample([], Double.infinity)
        let expected = """
            # HELP a_total What\\\\is\\nthis.
            # TYPE a_total counter
            a_total{x="1\\"2\\\\3\\n4"} 7
            a_total 1.5
            # HELP b B.
            # TYPE b gauge
            b -3
            b +Inf

            """
        #expect(writer.text == expected)
    }

    @Test("a histogram's buckets add up, and its count is its last bucket")
    func histogram() {
        var writer = PrometheusWriter()
        writer.family("h", .histogram, help: "H.")
        writer.histogram([("a", "b")], bounds: [0.5, 10], counts: [1, 2, 3], sum: 40.25)
        let lines = writer.text.split(separator: "\n").dropFirst(2)
        #expect(
            Array(lines) == [
                "h_bucket{a=\"b\",le=\"0.5\"} 1", "h_bucket{a=\"b\",le=\"10\"} 3", "h_bucket{a=\"b\",le=\"+Inf\"} 6",
                "h_sum{a=\"b\"} 40.25", "h_count{a=\"b\"} 6",
            ])
    }

    @Test("the fine buckets hold Istio's, and give them")
    func coarse() {
        let fine = DurationBuckets.milliseconds
        #expect(fine == fine.sorted() && Set(fine).count == fine.count)
        #expect(IstioMetrics.bounds.allSatisfy { fine.contains($0) })
        let counts = (0...fine.count).map { UInt64($0) }
        let coarse = DurationBuckets.coarse(counts)
        #expect(coarse.count == IstioMetrics.bounds.count + 1)
        #expect(coarse.reduce(0, +) == counts.reduce(0, +))
        var single = [UInt64](repeating: 0, count: fine.count + 1)
        single[fine.firstIndex(of: 3)!] = 1
        #expect(DurationBuckets.coarse(single)[IstioMetrics.bounds.firstIndex(of: 5)!] == 1)
    }

    @Test("quantiles are interpolated in their bucket")
    func quantiles() {
        var counts = [UInt64](repeating: 0, count: DurationBuckets.milliseconds.count + 1)
        #expect(DurationBuckets.quantile(0.5, of: counts) == nil)
        counts[DurationBuckets.milliseconds.firstIndex(of: 10)!] = 100
        #expect(DurationBuckets.quantile(0.5, of: counts) == 9)
        #expect(DurationBuckets.quantile(1, of: counts) == 10)
        counts[counts.count - 1] = 1000
        #expect(DurationBuckets.quantile(0.99, of: counts) == 3_600_000)
    }

    @Test("other bytes in a metric's name become underscores")
    func names() {
        #expect(PrometheusWriter.metricName("cluster.a-b|c") == "cluster_a_b_c")
        #expect(PrometheusWriter.metricName("1x") == "_x")
    }
}
