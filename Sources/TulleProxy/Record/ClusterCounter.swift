/// What is counted for a cluster (Envoy's `cluster.<name>.*`).
enum ClusterCounter: Int, CounterName {
    case connections, activeConnections, connectFailures, connectTimeouts, remoteClosures
    case requests, activeRequests, completed, informational, successful, redirected, clientErrors, serverErrors
    case retries, timeouts, attemptTimeouts, protocolErrors, noneHealthy, neverSent
    case bytesSent, bytesReceived
    case tlsHandshakes, tlsErrors, tlsNoCertificate, tlsMissingCertificate, tlsUnverified, tlsWrongName, tlsWrongHash
    case tlsNotReady

    var name: String {
        switch self {
        case .connections: "upstream_cx_total"
        case .activeConnections: "upstream_cx_active"
        case .connectFailures: "upstream_cx_connect_fail"
        case .connectTimeouts: "upstream_cx_connect_timeout"
        case .remoteClosures: "upstream_cx_destroy_remote_with_active_rq"
        case .requests: "upstream_rq_total"
        case .activeRequests: "upstream_rq_active"
        case .completed: "upstream_rq_completed"
        case .informational: "upstream_rq_1xx"
        case .successful: "upstream_rq_2xx"
        case .redirected: "upstream_rq_3xx"
        case .clientErrors: "upstream_rq_4xx"
        case .serverErrors: "upstream_rq_5xx"
        case .retries: "upstream_rq_retry"
        case .timeouts: "upstream_rq_timeout"
        case .attemptTimeouts: "upstream_rq_per_try_timeout"
        case .protocolErrors: "upstream_cx_protocol_error"
        case .noneHealthy: "upstream_cx_none_healthy"
        case .neverSent: "upstream_rq_pending_failure_eject"
        case .bytesSent: "upstream_cx_tx_bytes_total"
        case .bytesReceived: "upstream_cx_rx_bytes_total"
        default: TLSEvent(rawValue: rawValue - Self.tlsHandshakes.rawValue)?.name ?? ""
        }
    }

    var isGauge: Bool { self == .activeConnections || self == .activeRequests }

    static func tls(_ event: TLSEvent) -> Self {
        Self(rawValue: tlsHandshakes.rawValue + event.rawValue) ?? .tlsErrors
    }

    /// The counter of a status's class; nil for what is no status.
    static func ofClass(_ status: Int) -> ClusterCounter? {
        switch status / 100 {
        case 1: .informational
        case 2: .successful
        case 3: .redirected
        case 4: .clientErrors
        case 5: .serverErrors
        default: nil
        }
    }
}
