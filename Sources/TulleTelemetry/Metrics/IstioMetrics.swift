/// The names of Istio's standard metrics, so that Kiali, Grafana's boards and Flagger work as they are
/// (https://istio.io/latest/docs/reference/config/metrics/).
public enum IstioMetrics {
    public static let requests = "istio_requests_total"
    public static let requestDuration = "istio_request_duration_milliseconds"
    public static let requestBytes = "istio_request_bytes"
    public static let responseBytes = "istio_response_bytes"
    public static let requestMessages = "istio_request_messages_total"
    public static let responseMessages = "istio_response_messages_total"
    public static let tcpSentBytes = "istio_tcp_sent_bytes_total"
    public static let tcpReceivedBytes = "istio_tcp_received_bytes_total"
    public static let tcpConnectionsOpened = "istio_tcp_connections_opened_total"
    public static let tcpConnectionsClosed = "istio_tcp_connections_closed_total"

    /// Istio's standard labels, in the order in which Istio prints them.
    public struct Labels: Hashable, Sendable {
        /// One end of a connection.
        public struct Workload: Hashable, Sendable {
            public var name = IstioMetrics.unknown
            public var namespace = IstioMetrics.unknown
            public var principal = IstioMetrics.unknown
            public var app = IstioMetrics.unknown
            public var version = IstioMetrics.unknown
            public var canonicalService = IstioMetrics.unknown
            public var canonicalRevision = "latest"
            public var cluster = IstioMetrics.unknown

            public init() {}
        }

        public enum Reporter: String, Hashable, Sendable { case source, destination }

        public var reporter: Reporter
        public var source = Workload()
        public var destination = Workload()
        /// The service's full host name.
        public var destinationService = IstioMetrics.unknown
        public var destinationServiceName = IstioMetrics.unknown
        public var destinationServiceNamespace = IstioMetrics.unknown
        /// `http`, `grpc` or `tcp`.
        public var requestProtocol = "http"
        /// Empty for TCP.
        public var responseCode = ""
        /// Empty for what is not gRPC, and for calls without a status.
        public var grpcStatus = ""
        public var responseFlags = "-"
        /// Whether the peer has proved who it is, by TLS.
        public var isMutual = false

        public init(reporter: Reporter) { self.reporter = reporter }

        /// The labels as they are printed.
        public var pairs: [(name: String, value: String)] {
            var pairs: [(name: String, value: String)] = [
                ("reporter", reporter.rawValue),
                ("source_workload", source.name),
                ("source_canonical_service", source.canonicalService),
                ("source_canonical_revision", source.canonicalRevision),
                ("source_workload_namespace", source.namespace),
                ("source_principal", source.principal),
                ("source_app", source.app),
                ("source_version", source.version),
                ("source_cluster", source.cluster),
                ("destination_workload", destination.name),
                ("destination_workload_namespace", destination.namespace),
                ("destination_principal", destination.principal),
                ("destination_app", destination.app),
                ("destination_version", destination.version),
                ("destination_service", destinationService),
                ("destination_canonical_service", destination.canonicalService),
                ("destination_canonical_revision", destination.canonicalRevision),
                ("destination_service_name", destinationServiceName),
                ("destination_service_namespace", destinationServiceNamespace),
                ("destination_cluster", destination.cluster),
                ("request_protocol", requestProtocol),
                ("response_flags", responseFlags),
                // The source does not know what its peer enforces.
                (
                    "connection_security_policy",
                    reporter == .source ? IstioMetrics.unknown : isMutual ? "mutual_tls" : "none"
                ),
            ]
            if !responseCode.isEmpty { pairs.append(("response_code", responseCode)) }
            if requestProtocol == "grpc" { pairs.append(("grpc_response_status", grpcStatus)) }
            return pairs
        }
    }

    /// What Istio prints where it does not know.
    public static let unknown = "unknown"

    /// The upper bounds of Istio's histograms: milliseconds for durations, bytes for sizes.
    public static let bounds: [Double] = [
        0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300_000, 600_000, 1_800_000,
        3_600_000,
    ]
}
