/// How a chain's connections are read as HTTP (`HttpConnectionManager`). Durations of zero switch a timeout off.
public struct HTTPConnectionManager: Hashable, Sendable {
    public enum Codec: Hashable, Sendable { case auto, http1, http2 }
    public enum Routes: Hashable, Sendable {
        case inline(RouteConfiguration)
        /// The name of a route configuration that comes over ADS.
        case discovered(String)
    }
    public enum ServerHeader: Hashable, Sendable { case overwrite, appendIfAbsent, passThrough }
    public enum EscapedSlashes: Hashable, Sendable {
        case keepUnchanged, reject, unescapeAndRedirect, unescapeAndForward
    }
    public enum UnderscoredHeaders: Hashable, Sendable { case allow, reject, drop }

    public var statPrefix: String
    public var codec: Codec = .auto
    public var http2 = HTTP2Options()
    public var routes: Routes
    public var httpFilters: [HTTPFilter] = [.router(suppressEnvoyHeaders: false)]

    /// `common_http_protocol_options.idle_timeout`.
    public var idleTimeout: Duration = .seconds(3600)
    public var maxConnectionDuration: Duration = .zero
    public var maxStreamDuration: Duration = .zero
    public var streamIdleTimeout: Duration = .seconds(300)
    public var requestTimeout: Duration = .zero
    public var requestHeadersTimeout: Duration = .zero
    public var drainTimeout: Duration = .milliseconds(5000)
    public var delayedCloseTimeout: Duration = .milliseconds(1000)
    public var maxRequestsPerConnection: Int = 0

    public var maxRequestHeadersKilobytes: Int = 60
    public var maxHeadersCount: Int = 100
    public var underscoredHeaders: UnderscoredHeaders = .allow

    public var acceptHTTP10: Bool = false
    public var defaultHostForHTTP10: String = ""
    public var enableTrailers: Bool = false

    public var serverName: String = "tulle"
    public var serverHeader: ServerHeader = .overwrite
    public var via: String = ""
    public var generateRequestID: Bool = true
    public var preserveExternalRequestID: Bool = false
    public var alwaysSetRequestIDInResponse: Bool = false
    public var useRemoteAddress: Bool = false
    public var skipXFFAppend: Bool = false
    public var xffTrustedHops: Int = 0
    public var clientCertificate = ForwardedClientCertificate()

    public var normalizePath: Bool = false
    public var mergeSlashes: Bool = false
    public var escapedSlashes: EscapedSlashes = .keepUnchanged
    public var stripMatchingHostPort: Bool = false
    public var stripAnyHostPort: Bool = false
    public var stripTrailingHostDot: Bool = false

    /// Upgrades that may pass, lower case: `websocket`, `connect`.
    public var upgrades: [String] = []
    public var accessLogs: [AccessLog] = []

    public init(statPrefix: String, routes: Routes) {
        self.statPrefix = statPrefix
        self.routes = routes
    }
}

/// A step of a request's way through the connection manager, in the order given.
public enum HTTPFilter: Hashable, Sendable {
    /// Asks the control plane for virtual hosts and clusters that a request needs (`envoy.filters.http.on_demand`).
    case onDemand
    /// Resolves the request's own authority (`envoy.filters.http.dynamic_forward_proxy`).
    case dynamicForwardProxy
    /// Turns the gRPC-Web of browsers into gRPC, and the answers back (`envoy.filters.http.grpc_web`).
    case grpcWeb
    /// Lets requests pass or refuses them (`envoy.filters.http.rbac`).
    case rbac(RBACFilter)
    case router(suppressEnvoyHeaders: Bool)
}

/// A log of what passed (`envoy.access_loggers.file`, `.stdout`, `.stderr`).
public struct AccessLog: Hashable, Sendable {
    public enum Sink: Hashable, Sendable { case file(String), standardOutput, standardError }
    public enum Format: Hashable, Sendable {
        case text(String)
        /// Leaves that are strings hold format operators.
        case json(Value)
    }

    public var sink: Sink
    /// Nil is Envoy's default format.
    public var format: Format?

    public init(sink: Sink, format: Format? = nil) {
        self.sink = sink
        self.format = format
    }
}
