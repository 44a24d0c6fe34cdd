/// What a proxy starts from: who it is, what is fixed, and where the rest comes from
/// (`envoy.config.bootstrap.v3.Bootstrap`).
public struct Bootstrap: Hashable, Sendable {
    public var node: Node
    public var admin: SocketAddress?
    public var listeners: [Listener]
    public var clusters: [Cluster]
    /// By name.
    public var secrets: [String: Secret] = [:]
    /// Where the dynamic resources come from; nil when the file is all there is.
    public var ads: AggregatedDiscovery?
    /// Whether `dynamic_resources` asks for listeners, and for clusters, by wildcard.
    public var dynamicListeners: Bool
    public var dynamicClusters: Bool

    public init(
        node: Node = Node(), admin: SocketAddress? = nil, listeners: [Listener] = [], clusters: [Cluster] = [],
        ads: AggregatedDiscovery? = nil, dynamicListeners: Bool = false, dynamicClusters: Bool = false
    ) {
        self.node = node
        self.admin = admin
        self.listeners = listeners
        self.clusters = clusters
        self.ads = ads
        self.dynamicListeners = dynamicListeners
        self.dynamicClusters = dynamicClusters
    }
}

/// The proxy as it presents itself to a control plane (`core.v3.Node`).
public struct Node: Hashable, Sendable {
    public var id: String
    public var cluster: String
    public var metadata: [String: Value]
    public var locality: Locality

    public init(
        id: String = "", cluster: String = "", metadata: [String: Value] = [:], locality: Locality = Locality()
    ) {
        self.id = id
        self.cluster = cluster
        self.metadata = metadata
        self.locality = locality
    }
}

/// Where a workload runs, from the widest to the narrowest.
public struct Locality: Hashable, Sendable {
    public var region: String
    public var zone: String
    public var subZone: String

    public init(region: String = "", zone: String = "", subZone: String = "") {
        self.region = region
        self.zone = zone
        self.subZone = subZone
    }
}

/// The aggregated discovery stream (`dynamic_resources.ads_config`).
public struct AggregatedDiscovery: Hashable, Sendable {
    public enum Flavour: Hashable, Sendable { case stateOfTheWorld, delta }

    public var flavour: Flavour
    /// The bootstrap cluster that holds the control plane's addresses.
    public var cluster: String
    /// Metadata sent with the stream, in order.
    public var initialMetadata: [(name: String, value: String)]

    public init(flavour: Flavour, cluster: String, initialMetadata: [(name: String, value: String)] = []) {
        self.flavour = flavour
        self.cluster = cluster
        self.initialMetadata = initialMetadata
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.flavour == right.flavour && left.cluster == right.cluster
            && left.initialMetadata.elementsEqual(right.initialMetadata, by: ==)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(flavour)
        hasher.combine(cluster)
    }
}
