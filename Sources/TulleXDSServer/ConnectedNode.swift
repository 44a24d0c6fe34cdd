public import TulleModel

/// A subscriber as it presented itself in the first request of its stream.
public struct ConnectedNode: Hashable, Sendable {
    /// Tells two streams of one node apart; a newer stream has a higher number.
    public var stream: UInt64
    /// Who it says it is.
    public var node: Node
    /// The flavour of its stream.
    public var flavour: AggregatedDiscovery.Flavour
    /// `user_agent_name`, as `envoy`, `tulle-proxy` or `gRPC Python`.
    public var userAgent: String
    /// `client_features`; `tulle.on_demand` says that it asks for what its requests need.
    public var features: Set<String>
    /// Where the connection comes from, as gRPC describes it (`ipv4:127.0.0.1:4242`).
    public var peer: String
    /// Its first request names what it holds from an earlier stream: it has not just started.
    public var resumes: Bool

    public init(
        stream: UInt64, node: Node, flavour: AggregatedDiscovery.Flavour, userAgent: String = "",
        features: Set<String> = [], peer: String = "", resumes: Bool = false
    ) {
        self.stream = stream
        self.node = node
        self.flavour = flavour
        self.userAgent = userAgent
        self.features = features
        self.peer = peer
        self.resumes = resumes
    }

    public var id: String { node.id }

    /// Whether it asks for virtual hosts, clusters and endpoints as its requests need them.
    public var isOnDemand: Bool { features.contains("tulle.on_demand") && flavour == .delta }

    public static func == (left: Self, right: Self) -> Bool { left.stream == right.stream }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(stream)
    }
}
