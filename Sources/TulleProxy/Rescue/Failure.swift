import TulleTelemetry

/// Everything that can go wrong with an exchange, and what the client is told of it. The only place where the proxy
/// decides on an answer of its own making.
enum Failure {
    // The request's fault.
    case malformed(HTTP1Error)
    case upgradeRequired
    case upgradeRefused
    case nestedTunnel
    /// - Parameter policy: the RBAC policy that denied it; nil where none allowed it.
    /// - Parameter tellsPolicy: whether the client may hear which.
    case accessDenied(policy: String?, tellsPolicy: Bool)
    case invalidPath
    case headTimeout
    case bodyTimeout
    case streamTimeout(requestIsComplete: Bool)
    case durationExceeded(byRoute: Bool)
    // The way's fault.
    case redirectToNormalized([UInt8])
    case noRoutes
    case noVirtualHost
    case noRoute
    case noCluster(status: Int)
    case noEndpoints
    case demandTimeout(Demand)
    case unresolvable(String)
    case loop
    // The upstream's fault.
    case connectFailed(String)
    case connectTimeout
    case handshakeFailed(HandshakeFailure)
    case closed(wasReused: Bool)
    /// The upstream gave up the request's stream.
    case remoteReset
    /// The upstream said that it has not looked at the request.
    case refused
    case invalidResponse(HTTP1Error)
    case upgradeNotOffered
    case requestTimeout
    case attemptTimeout
}

extension Failure {
    var status: Int {
        switch self {
        case .malformed(let error): error.status
        case .upgradeRequired: 426
        case .upgradeRefused, .accessDenied: 403
        case .invalidPath: 400
        case .headTimeout, .bodyTimeout, .streamTimeout(requestIsComplete: false), .durationExceeded(byRoute: false):
            408
        case .streamTimeout(requestIsComplete: true), .durationExceeded(byRoute: true): 504
        case .redirectToNormalized: 307
        case .noRoutes, .noVirtualHost, .noRoute: 404
        case .noCluster(let status): status
        case .noEndpoints, .demandTimeout, .unresolvable: 503
        case .loop, .nestedTunnel: 508
        case .connectFailed, .connectTimeout, .handshakeFailed, .closed, .remoteReset, .refused: 503
        case .invalidResponse, .upgradeNotOffered: 502
        case .requestTimeout, .attemptTimeout: 504
        }
    }

    /// Envoy's words where it has some, so that what is built on them goes on working.
    ///
    /// - Parameter attempts: how many were made upstream.
    func body(attempts: Int) -> String {
        let reset = Self.reset + (attempts > 1 ? "retried and the latest reset reason: " : "reset reason: ")
        return switch self {
        case .malformed(let error): String(decoding: StatusLine.reason(error.status), as: UTF8.self)
        case .upgradeRequired: "Upgrade Required"
        case .headTimeout: "request header timeout"
        case .bodyTimeout: "request timeout"
        case .streamTimeout: "stream timeout"
        case .durationExceeded: "downstream duration timeout"
        case .noEndpoints: "no healthy upstream"
        case .unresolvable: "DNS resolution failure"
        case .connectFailed: reset + "remote connection failure"
        case .connectTimeout: reset + "connection timeout"
        case .handshakeFailed(let cause):
            reset + "remote connection failure, transport failure reason: \(cause.text)"
        case .closed: reset + "connection termination"
        case .remoteReset: reset + "remote reset"
        case .refused: reset + "remote refused stream reset"
        case .invalidResponse: reset + "protocol error"
        case .requestTimeout, .attemptTimeout: "upstream request timeout"
        case .accessDenied: "RBAC: access denied"
        case .demandTimeout, .loop, .nestedTunnel, .upgradeNotOffered: text
        default: ""
        }
    }

    private static let reset = "upstream connect error or disconnect/reset before headers. "

    /// What a person is told who asks why, in `proxy-status` and logs.
    var text: String {
        switch self {
        case .malformed(let error): "\(error.cause)"
        case .upgradeRequired: "HTTP/1.0 is not accepted here"
        case .upgradeRefused: "no route here allows this upgrade"
        case .nestedTunnel: "a tunnel through this proxy cannot hold another"
        case .accessDenied(let policy?, tellsPolicy: true): "policy \(policy) denies this request"
        case .accessDenied(nil, tellsPolicy: true): "no policy allows this request"
        case .accessDenied(_, tellsPolicy: false): "access denied"
        case .invalidPath: "the path cannot be normalized"
        case .headTimeout: "the request's head did not come in time"
        case .bodyTimeout: "the request did not come in time"
        case .streamTimeout: "nothing moved for too long"
        case .durationExceeded: "the exchange took longer than the maximum stream duration"
        case .redirectToNormalized: "the path has escaped slashes"
        case .noRoutes: "the routes have not come from the control plane yet"
        case .noVirtualHost: "no virtual host for this host"
        case .noRoute: "no route matches this request"
        case .noCluster: "the route names a cluster that does not exist"
        case .noEndpoints: "the cluster has no endpoints"
        case .demandTimeout(.virtualHost(_, let host)): "the control plane did not say in time where \(host) is"
        case .demandTimeout(.cluster(let name)): "the control plane did not send \(name) in time"
        case .unresolvable(let cause): "cannot resolve \(cause)"
        case .loop: "the request leads back to this proxy"
        case .connectFailed(let cause): "cannot connect: \(cause)"
        case .connectTimeout: "connecting took too long"
        case .handshakeFailed(let cause): cause.text
        case .closed: "the upstream closed the connection before its response"
        case .remoteReset: "the upstream reset the stream before its response was whole"
        case .refused: "the upstream refused the stream"
        case .invalidResponse(let error): "the upstream's response is not HTTP: \(error.cause)"
        case .upgradeNotOffered: "the endpoint speaks HTTP/2 and does not offer extended CONNECT"
        case .requestTimeout: "the response did not come within the route's timeout"
        case .attemptTimeout: "the response did not come within an attempt's timeout"
        }
    }

    /// Whether no further request can be expected behind this one, or is wanted.
    var endsConnection: Bool {
        switch self {
        case .malformed, .upgradeRefused, .nestedTunnel, .headTimeout, .bodyTimeout, .durationExceeded(byRoute: false),
            .streamTimeout(requestIsComplete: false):
            true
        default: false
        }
    }

    /// The error types of RFC 9209, section 2.3.
    var proxyStatusError: StaticString {
        switch self {
        case .malformed, .upgradeRequired, .invalidPath, .headTimeout, .bodyTimeout: "http_request_error"
        case .upgradeRefused, .accessDenied: "http_request_denied"
        case .streamTimeout: "connection_read_timeout"
        case .durationExceeded: "http_response_timeout"
        case .redirectToNormalized, .noRoute, .noVirtualHost: "destination_not_found"
        case .noRoutes, .noCluster, .demandTimeout: "proxy_configuration_error"
        case .noEndpoints: "destination_unavailable"
        case .unresolvable: "dns_error"
        case .loop, .nestedTunnel: "proxy_loop_detected"
        case .connectFailed: "connection_refused"
        case .connectTimeout: "connection_timeout"
        case .handshakeFailed(let cause): cause.proxyStatusError
        case .closed, .remoteReset: "connection_terminated"
        case .refused: "destination_unavailable"
        case .invalidResponse, .upgradeNotOffered: "http_protocol_error"
        case .requestTimeout, .attemptTimeout: "http_response_timeout"
        }
    }

    var flags: ResponseFlags {
        switch self {
        case .malformed: .downstreamProtocolError
        case .upgradeRequired, .upgradeRefused, .nestedTunnel, .invalidPath, .redirectToNormalized, .loop: []
        case .accessDenied: []
        case .headTimeout, .bodyTimeout: []
        case .streamTimeout: .streamIdleTimeout
        case .durationExceeded: .durationTimeout
        case .noRoutes, .noVirtualHost, .noRoute: .noRouteFound
        case .noCluster, .demandTimeout: .noClusterFound
        case .noEndpoints: .noHealthyUpstream
        case .unresolvable: .dnsResolutionFailed
        case .connectFailed, .connectTimeout, .handshakeFailed: .upstreamConnectionFailure
        case .closed: .upstreamConnectionTermination
        case .remoteReset, .refused: .upstreamRemoteReset
        case .invalidResponse, .upgradeNotOffered: .upstreamProtocolError
        case .requestTimeout, .attemptTimeout: .upstreamRequestTimeout
        }
    }

    /// Envoy's response code details.
    var detail: StaticString {
        switch self {
        case .malformed(let error): error.detail
        case .upgradeRequired: "low_version"
        case .upgradeRefused: "upgrade_failed"
        case .accessDenied: "rbac_access_denied_matched_policy"
        case .invalidPath: "path_normalization_failed"
        case .headTimeout: "request_header_timeout"
        case .bodyTimeout: "request_overall_timeout"
        case .streamTimeout: "stream_idle_timeout"
        case .durationExceeded(byRoute: false): "max_duration_timeout"
        case .durationExceeded(byRoute: true): "upstream_max_stream_duration_reached"
        case .redirectToNormalized: "path_normalization_redirect"
        case .noRoutes: "route_configuration_not_found"
        case .noVirtualHost, .noRoute: "route_not_found"
        case .noCluster: "cluster_not_found"
        case .demandTimeout: "on_demand_timeout"
        case .noEndpoints: "no_healthy_upstream"
        case .unresolvable: "dns_resolution_failure"
        case .loop, .nestedTunnel: "loop_detected"
        case .connectFailed, .handshakeFailed: "upstream_reset_before_response_started{remote_connection_failure}"
        case .connectTimeout: "upstream_reset_before_response_started{connection_timeout}"
        case .closed: "upstream_reset_before_response_started{connection_termination}"
        case .remoteReset: "upstream_reset_before_response_started{remote_reset}"
        case .refused: "upstream_reset_before_response_started{remote_refused_stream_reset}"
        case .invalidResponse, .upgradeNotOffered: "upstream_reset_before_response_started{protocol_error}"
        case .requestTimeout: "response_timeout"
        case .attemptTimeout: "upstream_per_try_timeout"
        }
    }

    /// Whether nothing of the request can have been acted on, so that it may be sent again whatever it is.
    var wasNeverSent: Bool {
        switch self {
        case .connectFailed, .connectTimeout, .handshakeFailed, .refused: true
        default: false
        }
    }
}
