/// Where the HTTP requests to a service go (`gateway.networking.k8s.io HTTPRoute`, attached to Services as in GAMMA).
///
/// A route of the service's own namespace is a producer route and holds for every caller; a route of another namespace
/// is a consumer route and holds for callers of that namespace, in place of the producer's.
public struct HTTPRoute: Hashable, Sendable {
    /// Matches, any of which suffices, and what is done with the requests that fit.
    public struct Rule: Hashable, Sendable {
        public var name: String
        /// Never empty: no match given is the prefix `/`.
        public var matches: [Match]
        public var filters: [Filter]
        public var backends: [Backend]
        /// From the request to the response's end, retries included; nil sets no limit, and so does zero.
        public var requestTimeout: Duration?
        /// One attempt; nil sets no limit, and so does zero.
        public var backendRequestTimeout: Duration?

        public init(
            name: String = "", matches: [Match] = [Match()], filters: [Filter] = [], backends: [Backend] = [],
            requestTimeout: Duration? = nil, backendRequestTimeout: Duration? = nil
        ) {
            self.name = name
            self.matches = matches
            self.filters = filters
            self.backends = backends
            self.requestTimeout = requestTimeout
            self.backendRequestTimeout = backendRequestTimeout
        }
    }

    public enum Path: Hashable, Sendable {
        case exact(String)
        /// By whole segments: `/a` fits `/a`, `/a/` and `/a/b`, not `/ab`. Written without a trailing `/`, but for `/`.
        case prefix(String)
        /// RE2, the whole path.
        case regularExpression(String)
    }

    /// A test on a header or a query parameter.
    public struct ValueMatch: Hashable, Sendable {
        public enum Test: Hashable, Sendable {
            case exact(String)
            /// RE2, the whole value.
            case regularExpression(String)
        }

        public var name: String
        public var test: Test

        public init(name: String, test: Test) {
            self.name = name
            self.test = test
        }
    }

    /// The requests that a rule is for; all that is given must hold.
    public struct Match: Hashable, Sendable {
        public var path: Path
        public var method: String?
        public var headers: [ValueMatch]
        public var queryParameters: [ValueMatch]

        public init(
            path: Path = .prefix("/"), method: String? = nil, headers: [ValueMatch] = [],
            queryParameters: [ValueMatch] = []
        ) {
            self.path = path
            self.method = method
            self.headers = headers
            self.queryParameters = queryParameters
        }
    }

    public enum Filter: Hashable, Sendable {
        case requestHeaders(HeaderModifier)
        case responseHeaders(HeaderModifier)
        case redirect(Redirect)
        case rewrite(Rewrite)
    }

    /// Changes to header fields: `set` replaces, `add` adds another line, `remove` takes all lines of the name.
    public struct HeaderModifier: Hashable, Sendable {
        public struct Header: Hashable, Sendable {
            public var name: String
            public var value: String

            public init(name: String, value: String) {
                self.name = name
                self.value = value
            }
        }

        public var set: [Header]
        public var add: [Header]
        public var remove: [String]

        public init(set: [Header] = [], add: [Header] = [], remove: [String] = []) {
            self.set = set
            self.add = add
            self.remove = remove
        }
    }

    public enum PathModifier: Hashable, Sendable {
        case fullPath(String)
        /// In place of the prefix that the rule's match has.
        case prefixMatch(String)
    }

    /// Answers with a `Location`; what is nil stays as the request has it.
    public struct Redirect: Hashable, Sendable {
        public var scheme: String?
        public var hostname: String?
        public var path: PathModifier?
        public var port: Int?
        public var statusCode: Int

        public init(
            scheme: String? = nil, hostname: String? = nil, path: PathModifier? = nil, port: Int? = nil,
            statusCode: Int = 302
        ) {
            self.scheme = scheme
            self.hostname = hostname
            self.path = path
            self.port = port
            self.statusCode = statusCode
        }
    }

    /// Changes the Host header or the path on the way to the backend.
    public struct Rewrite: Hashable, Sendable {
        public var hostname: String?
        public var path: PathModifier?

        public init(hostname: String? = nil, path: PathModifier? = nil) {
            self.hostname = hostname
            self.path = path
        }
    }

    /// A service that takes a share of a rule's requests.
    public struct Backend: Hashable, Sendable {
        public var reference: BackendReference
        /// Header modifiers only.
        public var filters: [Filter]

        public init(_ reference: BackendReference, filters: [Filter] = []) {
            self.reference = reference
            self.filters = filters
        }
    }

    public var metadata: ResourceMetadata
    public var parents: [ParentReference]
    public var rules: [Rule]

    public init(metadata: ResourceMetadata, parents: [ParentReference], rules: [Rule]) {
        self.metadata = metadata
        self.parents = parents
        self.rules = rules
    }
}
