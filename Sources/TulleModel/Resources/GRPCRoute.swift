/// Where the gRPC requests to a service go (`gateway.networking.k8s.io GRPCRoute`, attached to Services as in GAMMA).
///
/// Where an HTTPRoute of the same namespace is attached to the same port, this one holds in its place.
public struct GRPCRoute: Hashable, Sendable {
    /// Matches, any of which suffices, and what is done with the requests that fit.
    public struct Rule: Hashable, Sendable {
        public var name: String
        /// Never empty: no match given is every gRPC request.
        public var matches: [Match]
        /// Header modifiers only.
        public var filters: [HTTPRoute.Filter]
        public var backends: [HTTPRoute.Backend]

        public init(
            name: String = "", matches: [Match] = [Match()], filters: [HTTPRoute.Filter] = [],
            backends: [HTTPRoute.Backend] = []
        ) {
            self.name = name
            self.matches = matches
            self.filters = filters
            self.backends = backends
        }
    }

    /// The methods that a match is for; at least one of service and method is given.
    public enum Method: Hashable, Sendable {
        /// The service's full name, such as `shop.v1.Cart`; nil for any.
        case exact(service: String?, method: String?)
        /// RE2, each the whole name; nil for any.
        case regularExpression(service: String?, method: String?)
    }

    /// The requests that a rule is for; all that is given must hold.
    public struct Match: Hashable, Sendable {
        /// Nil for all methods of all services.
        public var method: Method?
        public var headers: [HTTPRoute.ValueMatch]

        public init(method: Method? = nil, headers: [HTTPRoute.ValueMatch] = []) {
            self.method = method
            self.headers = headers
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
