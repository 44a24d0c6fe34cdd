/// `GET /api/v1/stats`: the traffic of each service, from what its sidecars counted.
public struct StatsView: Codable, Hashable, Sendable {
    /// Who counted: the sidecar of the called (`inbound`) or those of the callers (`outbound`).
    public enum Direction: String, Codable, Hashable, Sendable, CaseIterable {
        case inbound, outbound
    }

    /// Connections that are relayed as opaque TCP.
    public struct TCP: Codable, Hashable, Sendable {
        public var opened: Double
        public var closed: Double
        public var receivedBytes: Double
        public var sentBytes: Double

        public init(opened: Double, closed: Double, receivedBytes: Double, sentBytes: Double) {
            self.opened = opened
            self.closed = closed
            self.receivedBytes = receivedBytes
            self.sentBytes = sentBytes
        }
    }

    public struct Row: Codable, Hashable, Sendable {
        public var namespace: String
        /// The service that traffic was for.
        public var service: String
        public var direction: Direction
        /// Sidecars that counted it.
        public var reporters: Int
        /// Requests in the window.
        public var requests: Double
        /// Of the inbound requests, and connections of TCP, those whose caller showed no certificate.
        public var plaintext: Double
        /// The part of the requests that did not fail (no 5xx), 0 to 1; absent without requests.
        public var successRate: Double?
        /// Requests a second over the window.
        public var rps: Double
        /// Milliseconds; absent without requests.
        public var p50: Double?
        public var p95: Double?
        public var p99: Double?
        /// Absent when none of its traffic was TCP.
        public var tcp: TCP?

        public init(
            namespace: String, service: String, direction: Direction, reporters: Int, requests: Double,
            plaintext: Double, successRate: Double?, rps: Double, p50: Double?, p95: Double?, p99: Double?, tcp: TCP?
        ) {
            self.namespace = namespace
            self.service = service
            self.direction = direction
            self.reporters = reporters
            self.requests = requests
            self.plaintext = plaintext
            self.successRate = successRate
            self.rps = rps
            self.p50 = p50
            self.p95 = p95
            self.p99 = p99
            self.tcp = tcp
        }
    }

    /// A sidecar that could not be asked.
    public struct Unreachable: Codable, Hashable, Sendable {
        public var workload: String
        public var reason: String

        public init(workload: String, reason: String) {
            self.workload = workload
            self.reason = reason
        }
    }

    /// Seconds that the figures cover; 0 where they cover all since the sidecars started.
    public var window: Double
    public var rows: [Row]
    public var unreachable: [Unreachable]

    public init(window: Double, rows: [Row], unreachable: [Unreachable]) {
        self.window = window
        self.rows = rows
        self.unreachable = unreachable
    }
}
