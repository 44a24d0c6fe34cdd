/// A match and what is done with the requests that fit it (`envoy.config.route.v3.Route`).
public struct Route: Hashable, Sendable {
    public enum Action: Hashable, Sendable {
        case forward(RouteAction)
        case redirect(RedirectAction)
        case respond(DirectResponse)
    }

    public var name: String
    public var match: RouteMatch
    public var action: Action
    public var mutations: HeaderMutations
    public var metadata: Metadata
    /// What takes the place of the RBAC filters of these names; one without rules takes the filter off.
    public var rbacOverrides: [String: RBACFilter]

    public init(
        name: String = "", match: RouteMatch, action: Action, mutations: HeaderMutations = HeaderMutations(),
        metadata: Metadata = [:], rbacOverrides: [String: RBACFilter] = [:]
    ) {
        self.name = name
        self.match = match
        self.action = action
        self.mutations = mutations
        self.metadata = metadata
        self.rbacOverrides = rbacOverrides
    }
}

/// The requests a route is for; all that is given must hold (`RouteMatch`).
public struct RouteMatch: Hashable, Sendable {
    public enum Path: Hashable, Sendable {
        case exact(String)
        case prefix(String)
        /// A prefix that ends at a `/` or at the path's end.
        case separatedPrefix(String)
        /// An RE2 expression that the whole path, without its query, must match.
        case regex(String)
        /// A CONNECT request, whatever its authority.
        case connect
    }

    public var path: Path
    public var caseSensitive: Bool
    public var headers: [HeaderMatcher]
    public var queryParameters: [QueryParameterMatcher]
    /// Whether only gRPC fits: a content-type of `application/grpc`, or of that with `+` and more.
    public var grpcOnly: Bool

    public init(
        path: Path, caseSensitive: Bool = true, headers: [HeaderMatcher] = [],
        queryParameters: [QueryParameterMatcher] = [], grpcOnly: Bool = false
    ) {
        self.path = path
        self.caseSensitive = caseSensitive
        self.headers = headers
        self.queryParameters = queryParameters
        self.grpcOnly = grpcOnly
    }
}

/// A test on a text (`type.matcher.v3.StringMatcher`).
public struct StringMatcher: Hashable, Sendable {
    public enum Pattern: Hashable, Sendable {
        case exact(String), prefix(String), suffix(String), contains(String)
        /// An RE2 expression that the whole text must match.
        case regex(String)
    }

    public var pattern: Pattern
    public var ignoreCase: Bool

    public init(_ pattern: Pattern, ignoreCase: Bool = false) {
        self.pattern = pattern
        self.ignoreCase = ignoreCase
    }
}

/// A test on a header; `:method`, `:authority`, `:path` and `:scheme` name the request's own parts.
public struct HeaderMatcher: Hashable, Sendable {
    public enum Test: Hashable, Sendable {
        case string(StringMatcher)
        case present(Bool)
        /// From the first, up to but without the second.
        case range(Int64, Int64)
    }

    public var name: String
    public var test: Test
    public var invert: Bool
    public var treatMissingAsEmpty: Bool

    public init(name: String, test: Test, invert: Bool = false, treatMissingAsEmpty: Bool = false) {
        self.name = name
        self.test = test
        self.invert = invert
        self.treatMissingAsEmpty = treatMissingAsEmpty
    }
}

public struct QueryParameterMatcher: Hashable, Sendable {
    public enum Test: Hashable, Sendable { case string(StringMatcher), present(Bool) }

    public var name: String
    public var test: Test

    public init(name: String, test: Test) {
        self.name = name
        self.test = test
    }
}

/// Sends a request on (`RouteAction`).
public struct RouteAction: Hashable, Sendable {
    public enum Target: Hashable, Sendable {
        case cluster(String)
        case weighted([WeightedCluster])
        /// The cluster's name stands in this request header.
        case clusterHeader(String)
    }
    public enum HostRewrite: Hashable, Sendable { case literal(String), fromEndpoint, header(String) }
    public enum PathRewrite: Hashable, Sendable {
        case prefix(String)
        case regex(pattern: String, substitution: String)
    }

    public var target: Target
    public var hostRewrite: HostRewrite?
    public var appendForwardedHost: Bool = false
    public var pathRewrite: PathRewrite?
    /// The whole exchange, from the request's end to the response's; zero never times out. Envoy's default is 15 s.
    public var timeout: Duration = .seconds(15)
    /// Overrides the connection manager's stream idle timeout.
    public var idleTimeout: Duration?
    public var maxStreamDuration: Duration?
    /// The longest `grpc-timeout` of a request that is honoured: zero honours any, nil none.
    public var grpcTimeoutMax: Duration?
    /// What is taken off a `grpc-timeout` that is longer, so that the proxy gives up before its caller does.
    public var grpcTimeoutOffset: Duration = .zero
    public var retryPolicy: RetryPolicy?
    /// What an unknown cluster is answered with: 503 (Envoy's default), 404 or 500.
    public var clusterNotFoundStatus: Int = 503
    /// Upgrade type in lower case → allowed here; overrides the connection manager's list.
    public var upgrades: [String: Bool] = [:]
    /// Whether a CONNECT is ended here and its bytes relayed to the cluster, instead of being passed on.
    public var terminatesConnect: Bool = false

    public init(target: Target) { self.target = target }
}

public struct WeightedCluster: Hashable, Sendable {
    public var name: String
    public var weight: Int
    public var mutations: HeaderMutations
    public var hostRewriteLiteral: String?
    public var rbacOverrides: [String: RBACFilter]

    public init(
        name: String, weight: Int, mutations: HeaderMutations = HeaderMutations(), hostRewriteLiteral: String? = nil,
        rbacOverrides: [String: RBACFilter] = [:]
    ) {
        self.name = name
        self.weight = weight
        self.mutations = mutations
        self.hostRewriteLiteral = hostRewriteLiteral
        self.rbacOverrides = rbacOverrides
    }
}

/// Answers with a `Location` (`RedirectAction`).
public struct RedirectAction: Hashable, Sendable {
    public enum Path: Hashable, Sendable {
        case replace(String)
        case prefix(String)
        case regex(pattern: String, substitution: String)
    }

    public var scheme: String?
    public var host: String?
    public var port: Int?
    public var path: Path?
    public var status: Int
    public var stripQuery: Bool

    public init(
        scheme: String? = nil, host: String? = nil, port: Int? = nil, path: Path? = nil, status: Int = 301,
        stripQuery: Bool = false
    ) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.status = status
        self.stripQuery = stripQuery
    }
}

/// Answers without an upstream (`DirectResponseAction`).
public struct DirectResponse: Hashable, Sendable {
    public var status: Int
    public var body: [UInt8]

    public init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }
}

/// When a failed attempt is followed by another (`RetryPolicy`).
public struct RetryPolicy: Hashable, Sendable {
    public enum Condition: Hashable, Sendable {
        case serverError, gatewayError, reset, resetBeforeRequest, connectFailure, refusedStream, retriable4xx
        case retriableStatusCodes
        /// The gRPC status of that name, in the response's headers.
        case grpcCancelled, grpcDeadlineExceeded, grpcInternal, grpcResourceExhausted, grpcUnavailable
    }

    public var conditions: Set<Condition>
    public var retries: Int
    public var perTryTimeout: Duration
    public var retriableStatusCodes: [Int]
    public var backOffBase: Duration
    public var backOffMax: Duration

    public init(
        conditions: Set<Condition>, retries: Int = 1, perTryTimeout: Duration = .zero,
        retriableStatusCodes: [Int] = [], backOffBase: Duration = .milliseconds(25),
        backOffMax: Duration = .milliseconds(250)
    ) {
        self.conditions = conditions
        self.retries = retries
        self.perTryTimeout = perTryTimeout
        self.retriableStatusCodes = retriableStatusCodes
        self.backOffBase = backOffBase
        self.backOffMax = backOffMax
    }
}
