/// What sidecars had counted at earlier scrapes, so that a table can show a window instead of all since their start.
struct StatsHistory {
    struct Scrape {
        var time: ContinuousClock.Instant
        /// By the run of a workload: a restarted one starts from zero.
        var counts: [String: TrafficCounts]
    }

    // An hour is the longest window; a scrape of a hundred services is some 100 KB, and one a second is the pace of a
    // live table. Older ones are thinned to one in ten seconds.
    static let longest = Duration.seconds(3600)
    static let fine = Duration.seconds(60)
    static let coarse = Duration.seconds(10)

    private(set) var scrapes: [Scrape] = []

    /// Adds a scrape and tells what happened since the one that the window asks for.
    ///
    /// - Parameter window: how far back; nil goes back to the last scrape, and zero to the start of each sidecar.
    mutating func add(_ scrape: Scrape, window: Duration?) -> StatsView {
        let base: Scrape? =
            if window == .zero {
                nil
            } else if let window {
                // The latest that is old enough; failing that, the oldest there is.
                scrapes.last { $0.time <= scrape.time - window } ?? scrapes.first
            } else {
                scrapes.last
            }
        let view = Self.view(scrape, since: base)
        scrapes.append(scrape)
        thin(scrape.time)
        return view
    }

    private mutating func thin(_ now: ContinuousClock.Instant) {
        var kept: [Scrape] = []
        for scrape in scrapes where now - scrape.time <= Self.longest {
            if now - scrape.time > Self.fine, let last = kept.last, scrape.time - last.time < Self.coarse { continue }
            kept.append(scrape)
        }
        scrapes = kept
    }

    private static func view(_ scrape: Scrape, since base: Scrape?) -> StatsView {
        var totals: [TrafficCounts.Key: (counts: TrafficCounts.Counts, reporters: Int)] = [:]
        for (run, counts) in scrape.counts {
            for (key, now) in counts.services {
                let then = base?.counts[run]?.services[key] ?? TrafficCounts.Counts()
                totals[key, default: (TrafficCounts.Counts(), 0)].counts.add(now.since(then))
                totals[key, default: (TrafficCounts.Counts(), 0)].reporters += 1
            }
        }
        let window = base.map { (scrape.time - $0.time).timeInterval } ?? 0
        return StatsView(
            window: window,
            rows: totals.sorted { $0.key < $1.key }.map { key, total in
                let counts = total.counts
                let hasTCP = counts.tcpOpened > 0 || counts.tcpReceived > 0 || counts.tcpSent > 0
                return StatsView.Row(
                    namespace: key.namespace, service: key.service, direction: key.direction,
                    reporters: total.reporters, requests: counts.requests, plaintext: counts.plaintext,
                    successRate: counts.requests > 0 ? 1 - counts.failures / counts.requests : nil,
                    rps: window > 0 ? counts.requests / window : 0,
                    p50: counts.quantile(0.5), p95: counts.quantile(0.95), p99: counts.quantile(0.99),
                    tcp: hasTCP
                        ? StatsView.TCP(
                            opened: counts.tcpOpened, closed: counts.tcpClosed, receivedBytes: counts.tcpReceived,
                            sentBytes: counts.tcpSent) : nil)
            }, unreachable: [])
    }
}
