import Synchronization

/// Counts of the API's requests, for `/metrics`.
final class APIMetrics: Sendable {
    private struct Series: Hashable {
        var path: String
        var method: String
        var status: Int
    }

    private struct Total {
        var count = 0
        var seconds = 0.0
    }

    /// Few requests and short sections; written by each request's end, read by a scrape.
    private let totals = Mutex<[Series: Total]>([:])

    /// - Parameter path: the route's pattern, not what the caller sent, so that the number of series is bounded.
    func count(path: String, method: String, status: Int, took: Duration) {
        // A method of the caller's own making would be a series of its own.
        let known = ["GET", "PUT", "POST", "DELETE", "HEAD"].contains(method) ? method : "other"
        totals.withLock { totals in
            totals[Series(path: path, method: known, status: status), default: Total()].count += 1
            totals[Series(path: path, method: known, status: status), default: Total()].seconds += took.timeInterval
        }
    }

    func write(to text: inout PrometheusText) {
        let totals = totals.withLock { $0 }.sorted { left, right in
            (left.key.path, left.key.method, left.key.status) < (right.key.path, right.key.method, right.key.status)
        }
        text.family("tulle_control_api_requests_total", .counter, "Requests to the API, by route and status.")
        for (series, total) in totals {
            text.sample("tulle_control_api_requests_total", labels(series), Double(total.count))
        }
        text.family("tulle_control_api_request_seconds_total", .counter, "Time spent on requests to the API.")
        for (series, total) in totals {
            text.sample("tulle_control_api_request_seconds_total", labels(series), total.seconds)
        }
    }

    private func labels(_ series: Series) -> [(String, String)] {
        [("path", series.path), ("method", series.method), ("code", String(series.status))]
    }
}
