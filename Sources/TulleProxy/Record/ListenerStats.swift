/// What one listener of one worker has seen (Envoy's `listener.<address>.*`). Touched on the worker's loop alone.
final class ListenerStats {
    private(set) var counters = Counters<ListenerCounter>()

    func connectionOpened() {
        counters.add(.connections)
        counters.add(.activeConnections)
    }

    func connectionClosed() {
        counters.add(.activeConnections, -1)
    }

    func connectionRefusedByLimit() {
        counters.add(.overflows)
    }

    func detectionTimedOut() {
        counters.add(.detectionTimeouts)
    }

    func noFilterChainMatched() {
        counters.add(.unmatched)
    }

    func upstreamFailed() {
        counters.add(.upstreamFailures)
    }

    func handshake(_ event: TLSEvent) {
        counters.add(.tls(event))
    }

    func reset() {
        counters.reset()
    }
}

/// What is counted for a listener.
enum ListenerCounter: Int, CounterName {
    case connections, activeConnections, overflows, detectionTimeouts, unmatched, upstreamFailures
    case tlsHandshakes, tlsErrors, tlsNoCertificate, tlsMissingCertificate, tlsUnverified, tlsWrongName, tlsWrongHash
    case tlsNotReady

    var name: String {
        switch self {
        case .connections: "downstream_cx_total"
        case .activeConnections: "downstream_cx_active"
        case .overflows: "downstream_cx_overflow"
        case .detectionTimeouts: "downstream_pre_cx_timeout"
        case .unmatched: "no_filter_chain_match"
        case .upstreamFailures: "downstream_cx_upstream_fail"
        default: TLSEvent(rawValue: rawValue - Self.tlsHandshakes.rawValue)?.name ?? ""
        }
    }

    var isGauge: Bool { self == .activeConnections }

    static func tls(_ event: TLSEvent) -> Self {
        Self(rawValue: tlsHandshakes.rawValue + event.rawValue) ?? .tlsErrors
    }
}
