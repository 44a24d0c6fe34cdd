/// A set of endpoints that serve the same thing, and how they are reached (`envoy.config.cluster.v3.Cluster`).
public struct Cluster: Hashable, Sendable {
    public enum Discovery: Hashable, Sendable {
        case fixed(LoadAssignment)
        /// Host names in the assignment are looked up again and again, and every address found is an endpoint.
        case strictDNS(LoadAssignment)
        /// Likewise, but only the first address serves new connections.
        case logicalDNS(LoadAssignment)
        /// The name of an assignment that comes over ADS.
        case eds(serviceName: String)
        /// The address that the downstream connection was meant for.
        case originalDestination
        /// The host that the request names, looked up as it is needed.
        case dynamicForwardProxy
    }
    public enum Balancing: Hashable, Sendable {
        case roundRobin
        /// The better of this many random choices.
        case leastRequest(choices: Int)
        case random
        /// The discovery names the endpoint (original destination, dynamic forward proxy).
        case provided
    }
    public enum UpstreamProtocol: Hashable, Sendable {
        case http1, http2
        /// As the downstream speaks (`use_downstream_protocol_config`).
        case downstream
    }
    public enum DNSFamily: Hashable, Sendable { case auto, v4Only, v6Only, v4Preferred, all }

    public var name: String
    public var discovery: Discovery
    public var balancing: Balancing = .roundRobin
    public var upstreamProtocol: UpstreamProtocol = .http1
    public var http2 = HTTP2Options()
    /// Nil sends bytes as they are.
    public var tls: UpstreamTLS?
    /// The first that matches an endpoint takes the place of `tls` there.
    public var tlsMatches: [TransportSocketMatch] = []
    public var connectTimeout: Duration = .seconds(5)
    /// How long an unused upstream connection is kept. Zero keeps it. Envoy's default is one hour.
    public var idleTimeout: Duration = .seconds(3600)
    /// Zero sets no limit.
    public var maxRequestsPerConnection: Int = 0
    /// Connections to an endpoint for each exchange that is under way there, 1 to 3; over 1, some wait for the next.
    public var preconnectRatio: Double = 1
    /// How long a connection takes new requests after it was opened. Zero sets no limit.
    public var maxConnectionDuration: Duration = .zero
    public var perConnectionBufferLimitBytes: Int = 1 << 20
    public var dnsRefreshRate: Duration = .seconds(5)
    public var dnsFamily: DNSFamily = .auto
    public var altStatName: String = ""
    public var metadata: Metadata = [:]

    public init(name: String, discovery: Discovery) {
        self.name = name
        self.discovery = discovery
    }
}

/// The endpoints of a cluster by locality and priority (`ClusterLoadAssignment`).
public struct LoadAssignment: Hashable, Sendable {
    public var clusterName: String
    public var localities: [LocalityEndpoints]

    public init(clusterName: String, localities: [LocalityEndpoints] = []) {
        self.clusterName = clusterName
        self.localities = localities
    }
}

public struct LocalityEndpoints: Hashable, Sendable {
    public var locality: Locality
    public var priority: Int
    public var endpoints: [Endpoint]

    public init(locality: Locality = Locality(), priority: Int = 0, endpoints: [Endpoint]) {
        self.locality = locality
        self.priority = priority
        self.endpoints = endpoints
    }
}

/// An address of a workload (`LbEndpoint`).
public struct Endpoint: Hashable, Sendable {
    public enum Health: Hashable, Sendable { case unknown, healthy, unhealthy, draining, timeout, degraded }

    public var address: SocketAddress
    /// What `auto_host_rewrite` puts into the Host header.
    public var hostname: String
    public var health: Health
    public var weight: Int
    public var metadata: Metadata

    public init(
        address: SocketAddress, hostname: String = "", health: Health = .unknown, weight: Int = 1,
        metadata: Metadata = [:]
    ) {
        self.address = address
        self.hostname = hostname
        self.health = health
        self.weight = weight
        self.metadata = metadata
    }
}
