/// What one HTTP connection manager of one worker has seen (Envoy's `http.<stat_prefix>.*`). Touched on the
/// worker's loop alone.
final class HTTPConnectionManagerStats {
    private(set) var counters = Counters<HTTPConnectionManagerCounter>()
    /// By the error's raw value; empty until there is one.
    private var errors: [UInt64] = []

    func connectionOpened() {
        counters.add(.connections)
        counters.add(.activeConnections)
    }

    func connectionClosed() {
        counters.add(.activeConnections, -1)
    }

    func http2ConnectionOpened() {
        counters.add(.http2Connections)
        counters.add(.activeHTTP2Connections)
    }

    func http2ConnectionClosed() { counters.add(.activeHTTP2Connections, -1) }

    /// The peer gave a stream up.
    func streamReset() { counters.add(.receivedResets) }

    /// We broke a response off.
    func streamAborted() { counters.add(.sentResets) }

    /// The peer broke a rule on a stream, which was reset.
    func streamBroken() {
        counters.add(.brokenStreams)
        counters.add(.sentResets)
    }

    /// The peer opened more streams than it may.
    func streamRefused() {
        counters.add(.refusedStreams)
        counters.add(.sentResets)
    }

    /// The peer broke a rule of the whole connection, or was too much of a burden.
    func http2Failed(_ failure: HTTP2Failure) {
        counters.add(failure.code == .enhanceYourCalm ? .floods : .protocolErrors)
    }

    func idleTimeout() {
        counters.add(.idleTimeouts)
    }

    func requestBegan() {
        counters.add(.requests)
        counters.add(.activeRequests)
    }

    /// A whole exchange, once. It counts here also when no cluster was found for it.
    func requestEnded(_ outcome: ExchangeOutcome) {
        counters.add(.activeRequests, -1)
        counters.add(.completed)
        switch outcome.status / 100 {
        case 1: counters.add(.informational)
        case 2: counters.add(.successful)
        case 3: counters.add(.redirected)
        case 4: counters.add(.clientErrors)
        case 5: counters.add(.serverErrors)
        default: break
        }
    }

    func protocolError(_ error: HTTP1Error) {
        counters.add(.protocolErrors)
        if error == .headTooLarge || error == .tooManyFields { counters.add(.headsTooLarge) }
        if errors.isEmpty { errors = [UInt64](repeating: 0, count: HTTP1Error.allCases.count) }
        errors[Int(error.rawValue)] &+= 1
    }

    func snapshot() -> HTTPConnectionManagerStatsSnapshot {
        HTTPConnectionManagerStatsSnapshot(counters: counters, errors: errors)
    }

    func reset() {
        counters.reset()
        errors = []
    }
}

/// What is counted for a connection manager.
enum HTTPConnectionManagerCounter: Int, CounterName {
    case connections, activeConnections, idleTimeouts, protocolErrors
    case requests, activeRequests, completed, informational, successful, redirected, clientErrors, serverErrors
    case headsTooLarge
    case http2Connections, activeHTTP2Connections, receivedResets, sentResets, brokenStreams, refusedStreams, floods

    var name: String {
        switch self {
        case .connections: "downstream_cx_total"
        case .activeConnections: "downstream_cx_active"
        case .idleTimeouts: "downstream_cx_idle_timeout"
        case .protocolErrors: "downstream_cx_protocol_error"
        case .requests: "downstream_rq_total"
        case .activeRequests: "downstream_rq_active"
        case .completed: "downstream_rq_completed"
        case .informational: "downstream_rq_1xx"
        case .successful: "downstream_rq_2xx"
        case .redirected: "downstream_rq_3xx"
        case .clientErrors: "downstream_rq_4xx"
        case .serverErrors: "downstream_rq_5xx"
        case .headsTooLarge: "downstream_rq_too_large"
        case .http2Connections: "downstream_cx_http2_total"
        case .activeHTTP2Connections: "downstream_cx_http2_active"
        case .receivedResets: "downstream_rq_rx_reset"
        case .sentResets: "downstream_rq_tx_reset"
        case .brokenStreams: "http2.rx_messaging_error"
        case .refusedStreams: "http2.streams_refused"
        case .floods: "http2.floods"
        }
    }

    var isGauge: Bool {
        self == .activeConnections || self == .activeRequests || self == .activeHTTP2Connections
    }
}
