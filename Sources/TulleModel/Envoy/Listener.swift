/// A place where the proxy accepts connections (`envoy.config.listener.v3.Listener`).
public struct Listener: Hashable, Sendable {
    public enum Direction: Hashable, Sendable { case unspecified, inbound, outbound }

    public var name: String
    public var address: SocketAddress
    public var direction: Direction
    public var filterChains: [FilterChain]
    public var defaultFilterChain: FilterChain?
    public var listenerFilters: [ListenerFilter]
    /// How long the listener filters may wait for bytes; zero waits without bound. Envoy's default is 15 s.
    public var listenerFiltersTimeout: Duration
    /// Whether a connection goes on, undetected, when that time is up, instead of being closed.
    public var continueOnListenerFiltersTimeout: Bool
    /// Bytes that may wait in a connection's buffers before reading stops. Envoy's default is 1 MiB.
    public var perConnectionBufferLimitBytes: Int
    public var bindToPort: Bool
    /// Hands a connection to the listener bound to its original destination, where there is one.
    public var useOriginalDestination: Bool
    public var enableReusePort: Bool
    public var tcpBacklogSize: Int
    public var statPrefix: String
    public var metadata: Metadata

    public init(
        name: String, address: SocketAddress, direction: Direction = .unspecified,
        filterChains: [FilterChain] = [], defaultFilterChain: FilterChain? = nil,
        listenerFilters: [ListenerFilter] = [], listenerFiltersTimeout: Duration = .seconds(15),
        continueOnListenerFiltersTimeout: Bool = false, perConnectionBufferLimitBytes: Int = 1 << 20,
        bindToPort: Bool = true, useOriginalDestination: Bool = false, enableReusePort: Bool = true,
        tcpBacklogSize: Int = 4096, statPrefix: String = "", metadata: Metadata = [:]
    ) {
        self.name = name
        self.address = address
        self.direction = direction
        self.filterChains = filterChains
        self.defaultFilterChain = defaultFilterChain
        self.listenerFilters = listenerFilters
        self.listenerFiltersTimeout = listenerFiltersTimeout
        self.continueOnListenerFiltersTimeout = continueOnListenerFiltersTimeout
        self.perConnectionBufferLimitBytes = perConnectionBufferLimitBytes
        self.bindToPort = bindToPort
        self.useOriginalDestination = useOriginalDestination
        self.enableReusePort = enableReusePort
        self.tcpBacklogSize = tcpBacklogSize
        self.statPrefix = statPrefix
        self.metadata = metadata
    }
}

/// What looks at a connection before a filter chain is chosen for it.
public enum ListenerFilter: Hashable, Sendable {
    /// Recovers the address that iptables REDIRECT replaced (SO_ORIGINAL_DST).
    case originalDestination
    /// Tells HTTP/1 (`http/1.0`, `http/1.1`) and cleartext HTTP/2 (`h2c`) by their first bytes.
    case httpInspector
    /// Tells TLS by its first bytes, and reads the server name and ALPN of its ClientHello.
    case tlsInspector
}

/// How a listener treats the connections that match (`FilterChain`).
public struct FilterChain: Hashable, Sendable {
    public var name: String
    public var match: FilterChainMatch
    /// Nil takes bytes as they come.
    public var tls: DownstreamTLS?
    /// What decides on each connection before `filter` serves it, in this order.
    public var rbac: [RBACFilter]
    public var filter: NetworkFilter

    public init(
        name: String = "", match: FilterChainMatch = FilterChainMatch(), tls: DownstreamTLS? = nil,
        rbac: [RBACFilter] = [], filter: NetworkFilter
    ) {
        self.name = name
        self.match = match
        self.tls = tls
        self.rbac = rbac
        self.filter = filter
    }
}

/// The connections a chain is for. An empty list matches all; the most specific chain wins, in Envoy's order:
/// destination port, destination address, server name, transport protocol, application protocol, source.
public struct FilterChainMatch: Hashable, Sendable {
    public var destinationPort: Int?
    public var destinationPrefixes: [AddressPrefix]
    public var serverNames: [String]
    /// "", "tls" or "raw_buffer".
    public var transportProtocol: String
    public var applicationProtocols: [String]
    public var sourcePrefixes: [AddressPrefix]

    public init(
        destinationPort: Int? = nil, destinationPrefixes: [AddressPrefix] = [], serverNames: [String] = [],
        transportProtocol: String = "", applicationProtocols: [String] = [], sourcePrefixes: [AddressPrefix] = []
    ) {
        self.destinationPort = destinationPort
        self.destinationPrefixes = destinationPrefixes
        self.serverNames = serverNames
        self.transportProtocol = transportProtocol
        self.applicationProtocols = applicationProtocols
        self.sourcePrefixes = sourcePrefixes
    }
}

/// A range of IP addresses (`core.v3.CidrRange`).
public struct AddressPrefix: Hashable, Sendable {
    public var address: String
    public var length: Int

    public init(address: String, length: Int) {
        self.address = address
        self.length = length
    }
}

/// The last filter of a chain, which decides what its connections are.
public enum NetworkFilter: Hashable, Sendable {
    case http(HTTPConnectionManager)
    case tcp(TCPProxy)
}

/// Relays bytes to a cluster without looking at them (`envoy.filters.network.tcp_proxy`).
public struct TCPProxy: Hashable, Sendable {
    public var statPrefix: String
    public var clusters: [WeightedCluster]
    /// Zero never times out. Envoy's default is one hour.
    public var idleTimeout: Duration
    public var maxConnectAttempts: Int
    public var accessLogs: [AccessLog]

    public init(
        statPrefix: String, clusters: [WeightedCluster], idleTimeout: Duration = .seconds(3600),
        maxConnectAttempts: Int = 1, accessLogs: [AccessLog] = []
    ) {
        self.statPrefix = statPrefix
        self.clusters = clusters
        self.idleTimeout = idleTimeout
        self.maxConnectAttempts = maxConnectAttempts
        self.accessLogs = accessLogs
    }
}
