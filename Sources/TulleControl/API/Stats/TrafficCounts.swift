/// What one sidecar has counted since its start, by service and direction: the sum of the standard Istio metrics that
/// it exposes.
struct TrafficCounts: Hashable, Sendable {
    struct Key: Hashable, Sendable, Comparable {
        var namespace: String
        var service: String
        var direction: StatsView.Direction

        static func < (left: Key, right: Key) -> Bool {
            (left.namespace, left.service, left.direction.rawValue)
                < (right.namespace, right.service, right.direction.rawValue)
        }
    }

    struct Counts: Hashable, Sendable {
        var requests = 0.0
        var failures = 0.0
        /// Requests that took at most so many milliseconds, by the bucket's upper edge (cumulative, as exposed).
        var buckets: [Double: Double] = [:]
        /// Inbound requests, and connections of TCP, whose caller showed no certificate.
        var plaintext = 0.0
        var tcpOpened = 0.0
        var tcpClosed = 0.0
        var tcpReceived = 0.0
        var tcpSent = 0.0

        /// What was counted since `earlier`. A counter that went down started anew (its sidecar was restarted), and all
        /// that it has is since then.
        func since(_ earlier: Counts) -> Counts {
            guard requests >= earlier.requests, tcpOpened >= earlier.tcpOpened else { return self }
            var difference = self
            difference.requests -= earlier.requests
            difference.failures = max(0, failures - earlier.failures)
            difference.plaintext = max(0, plaintext - earlier.plaintext)
            difference.tcpOpened -= earlier.tcpOpened
            difference.tcpClosed = max(0, tcpClosed - earlier.tcpClosed)
            difference.tcpReceived = max(0, tcpReceived - earlier.tcpReceived)
            difference.tcpSent = max(0, tcpSent - earlier.tcpSent)
            for (edge, count) in earlier.buckets {
                difference.buckets[edge] = max(0, (difference.buckets[edge] ?? 0) - count)
            }
            return difference
        }

        mutating func add(_ other: Counts) {
            requests += other.requests
            failures += other.failures
            plaintext += other.plaintext
            tcpOpened += other.tcpOpened
            tcpClosed += other.tcpClosed
            tcpReceived += other.tcpReceived
            tcpSent += other.tcpSent
            for (edge, count) in other.buckets { buckets[edge, default: 0] += count }
        }

        /// The time within which this part of the requests was answered, interpolated within its bucket as
        /// Prometheus' `histogram_quantile` does; nil without requests.
        func quantile(_ part: Double) -> Double? {
            let edges = buckets.sorted { $0.key < $1.key }
            guard let total = edges.last?.value, total > 0 else { return nil }
            let rank = part * total
            var lower = (edge: 0.0, count: 0.0)
            for (edge, count) in edges {
                if count >= rank {
                    // Beyond the last finite edge nothing more is known.
                    guard edge.isFinite else { return lower.edge }
                    guard count > lower.count else { return edge }
                    return lower.edge + (edge - lower.edge) * (rank - lower.count) / (count - lower.count)
                }
                lower = (edge, count)
            }
            return lower.edge
        }
    }

    var services: [Key: Counts] = [:]

    /// Adds up a sidecar's metrics.
    init(prometheus text: String) {
        for sample in PrometheusSample.parse(text, wanted: { $0.hasPrefix("istio_") }) {
            // An inbound request is reported by its destination's sidecar, an outbound one by its source's.
            let direction: StatsView.Direction = sample.labels["reporter"] == "source" ? .outbound : .inbound
            guard let service = sample.labels["destination_service_name"], !service.isEmpty, service != "unknown",
                sample.value.isFinite
            else { continue }
            let key = Key(
                namespace: sample.labels["destination_service_namespace"] ?? "default", service: service,
                direction: direction)
            switch sample.name {
            case "istio_requests_total":
                services[key, default: Counts()].requests += sample.value
                if Self.isPlaintext(sample) { services[key, default: Counts()].plaintext += sample.value }
                if Self.isFailure(sample) { services[key, default: Counts()].failures += sample.value }
            case "istio_request_duration_milliseconds_bucket":
                guard let edge = sample.labels["le"].flatMap(PrometheusSample.value) else { continue }
                services[key, default: Counts()].buckets[edge, default: 0] += sample.value
            case "istio_tcp_connections_opened_total":
                services[key, default: Counts()].tcpOpened += sample.value
                if Self.isPlaintext(sample) { services[key, default: Counts()].plaintext += sample.value }
            case "istio_tcp_connections_closed_total": services[key, default: Counts()].tcpClosed += sample.value
            case "istio_tcp_received_bytes_total": services[key, default: Counts()].tcpReceived += sample.value
            case "istio_tcp_sent_bytes_total": services[key, default: Counts()].tcpSent += sample.value
            default: break
            }
        }
    }

    init() {}

    private static func isPlaintext(_ sample: PrometheusSample) -> Bool {
        sample.labels["reporter"] == "destination" && sample.labels["connection_security_policy"] == "none"
    }

    /// Whether the requests of a sample failed by their service's fault.
    private static func isFailure(_ sample: PrometheusSample) -> Bool {
        // 0 is a request without an answer: the caller or the callee went away.
        let code = sample.labels["response_code"] ?? ""
        if code.hasPrefix("5") || code == "0" { return true }
        guard sample.labels["request_protocol"] == "grpc" else { return false }
        return failedCalls.contains(sample.labels["grpc_response_status"] ?? "")
    }

    /// gRPC's statuses that stand for what 5xx is in HTTP: unknown, deadline exceeded, internal, unavailable, data loss; and
    /// none at all.
    private static let failedCalls: Set<String> = ["", "2", "4", "13", "14", "15"]
}
