import SwiftProtobuf
import TulleConfig
import TulleModel

/// Listeners, their filters and filter chains.
extension Translation {
    func listener(_ message: Envoy_Config_Listener_V3_Listener) -> Listener? {
        guard !message.hasApiListener else {
            fail("api_listener", "is for gRPC clients; a proxy's listener has an address and filter chains")
            return nil
        }
        let address = address("address", message.hasAddress, message.address, host: .address)
        let chains = each("filter_chains", message.filterChains, filterChain)
        uniqueMatches(message.filterChains, chains)
        var defaultChain: FilterChain?
        if message.hasDefaultFilterChain {
            defaultChain = within("default_filter_chain") { filterChain(message.defaultFilterChain) }
        } else if message.filterChains.isEmpty {
            fail("filter_chains is required: at least one, or a default_filter_chain")
        }
        let listed = each("listener_filters", message.listenerFilters) { filter in
            within("typed_config") { listenerFilter(filter.typedConfig) }
        }
        if !message.accessLog.isEmpty {
            unhonoured("access_log", "a listener logs nothing itself: give the log to its filter")
        }
        let timeout = duration(
            "listener_filters_timeout", message.hasListenerFiltersTimeout, message.listenerFiltersTimeout)
        let limit = number(
            "per_connection_buffer_limit_bytes", message.hasPerConnectionBufferLimitBytes,
            message.perConnectionBufferLimitBytes.value, in: 1...Int(UInt32.max))
        let backlog = number(
            "tcp_backlog_size", message.hasTcpBacklogSize, message.tcpBacklogSize.value, in: 1...Int(Int32.max))
        let direction: Listener.Direction? =
            switch message.trafficDirection {
            case .unspecified: .unspecified
            case .inbound: .inbound
            case .outbound: .outbound
            case .UNRECOGNIZED: nil
            }
        if direction == nil { fail("traffic_direction", "unknown value \(message.trafficDirection.rawValue)") }
        guard let address, let direction else { return nil }
        // Envoy gives a nameless listener of a file a random name; its address is as good, and can be read.
        var listener = Listener(
            name: message.name.isEmpty ? address.description : message.name, address: address, direction: direction)
        listener.filterChains = chains
        listener.defaultFilterChain = defaultChain
        listener.useOriginalDestination = message.useOriginalDst.value
        listener.listenerFilters = completed(
            listed, chains + [defaultChain].compactMap { $0 }, listener.useOriginalDestination)
        listener.listenerFiltersTimeout = timeout ?? listener.listenerFiltersTimeout
        listener.continueOnListenerFiltersTimeout = message.continueOnListenerFiltersTimeout
        listener.perConnectionBufferLimitBytes = limit ?? listener.perConnectionBufferLimitBytes
        listener.bindToPort = message.hasBindToPort ? message.bindToPort.value : true
        listener.enableReusePort = message.hasEnableReusePort ? message.enableReusePort.value : true
        listener.tcpBacklogSize = backlog ?? listener.tcpBacklogSize
        listener.statPrefix = message.statPrefix
        listener.metadata = metadata(message.metadata)
        return listener
    }

    // MARK: - Listener filters

    private func listenerFilter(_ any: Google_Protobuf_Any) -> ListenerFilter? {
        switch unpack(any, at: .listenerFilter) {
        case is Envoy_Extensions_Filters_Listener_OriginalDst_V3_OriginalDst: .originalDestination
        case is Envoy_Extensions_Filters_Listener_HttpInspector_V3_HttpInspector: .httpInspector
        case is Envoy_Extensions_Filters_Listener_TlsInspector_V3_TlsInspector: .tlsInspector
        default: nil
        }
    }

    /// The filters that the listener's own settings call for are added where they are not listed, as Envoy does:
    /// the original destination for `use_original_dst`, the TLS inspector for chains that match by what it finds, or
    /// that ask for it.
    private func completed(
        _ listed: [ListenerFilter], _ chains: [FilterChain], _ useOriginalDestination: Bool
    ) -> [ListenerFilter] {
        var filters = listed
        if useOriginalDestination, !filters.contains(.originalDestination) { filters.append(.originalDestination) }
        let needsTLS = chains.contains { chain in
            let match = chain.match
            return match.transportProtocol == "tls" || chain.tls?.requiresServerName == true
                || match.transportProtocol.isEmpty
                    && (!match.serverNames.isEmpty || !match.applicationProtocols.isEmpty)
        }
        if needsTLS, !filters.contains(.tlsInspector) {
            // What the HTTP inspector finds is matched by application protocol too.
            let inspected =
                filters.contains(.httpInspector)
                && chains.allSatisfy { $0.match.serverNames.isEmpty && $0.tls?.requiresServerName != true }
            if !inspected { filters.append(.tlsInspector) }
        }
        return filters
    }

    // MARK: - Filter chains

    private func filterChain(_ message: Envoy_Config_Listener_V3_FilterChain) -> FilterChain? {
        let match = within("filter_chain_match") { chainMatch(message.filterChainMatch) }
        guard !message.filters.isEmpty else {
            fail("filters is required: an HTTP connection manager or a TCP proxy")
            return nil
        }
        var wrong = false
        let filters = each("filters", message.filters) { filter -> ChainFilter? in
            let translated =
                required("name", filter.name)
                ? within("typed_config") { networkFilter(filter.name, filter.typedConfig) } : nil
            if translated == nil { wrong = true }
            return translated
        }
        let tls = downstreamTLS(message)
        // Leaving out a filter that is wrong would leave a door open.
        guard !wrong else { return nil }
        var rbac: [RBACFilter] = []
        var ends: [NetworkFilter] = []
        for filter in filters {
            switch filter {
            case .rbac(let filter):
                if !ends.isEmpty { fail("filters", "an RBAC filter stands behind the filter that ends the chain") }
                rbac.append(filter)
            case .end(let filter): ends.append(filter)
            }
        }
        guard ends.count == 1 else {
            fail(
                "filters",
                ends.isEmpty
                    ? "no filter ends the chain; the last must be an HTTP connection manager or a TCP proxy"
                    : "\(ends.count) filters end the chain; only the last may, so leave one")
            return nil
        }
        return ends.first.map { FilterChain(name: message.name, match: match, tls: tls, rbac: rbac, filter: $0) }
    }

    private enum ChainFilter {
        case rbac(RBACFilter)
        case end(NetworkFilter)
    }

    private func networkFilter(_ name: String, _ any: Google_Protobuf_Any) -> ChainFilter? {
        switch unpack(any, at: .networkFilter) {
        case let manager as Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager:
            connectionManager(manager).map { .end(.http($0)) }
        case let proxy as Envoy_Extensions_Filters_Network_TcpProxy_V3_TcpProxy:
            tcpProxy(proxy).map { .end(.tcp($0)) }
        case let filter as Envoy_Extensions_Filters_Network_Rbac_V3_RBAC:
            networkRBAC(name, filter).map { .rbac($0) }
        default: nil
        }
    }

    private func chainMatch(_ message: Envoy_Config_Listener_V3_FilterChainMatch) -> FilterChainMatch {
        let names = each("server_names", message.serverNames) { name -> String? in
            guard !name.isEmpty, name != "*", !name.dropFirst().contains("*"),
                !name.hasPrefix("*") || name.hasPrefix("*.")
            else {
                fail("\(ConfigurationError.quoted(name)) is neither a host name nor *.SUFFIX")
                return nil
            }
            return name.lowercased()
        }
        return FilterChainMatch(
            destinationPort: number(
                "destination_port", message.hasDestinationPort, message.destinationPort.value, in: 1...65535),
            destinationPrefixes: each("prefix_ranges", message.prefixRanges, prefix),
            serverNames: names,
            transportProtocol: message.transportProtocol,
            applicationProtocols: message.applicationProtocols,
            sourcePrefixes: each("source_prefix_ranges", message.sourcePrefixRanges, prefix))
    }

    func prefix(_ message: Envoy_Config_Core_V3_CidrRange) -> AddressPrefix? {
        guard required("address_prefix", message.addressPrefix) else { return nil }
        let isV4 = IPAddress.isIPv4(message.addressPrefix)
        guard isV4 || IPAddress.isIPv6(message.addressPrefix) else {
            fail("address_prefix", "\(ConfigurationError.quoted(message.addressPrefix)) is not an IP address")
            return nil
        }
        return number("prefix_len", true, message.prefixLen.value, in: 0...(isV4 ? 32 : 128)).map {
            AddressPrefix(address: message.addressPrefix, length: $0)
        }
    }

    /// Two chains for the same connections would make one of them unreachable. Chains that could not be translated are
    /// missing from `chains`; then nothing is compared.
    private func uniqueMatches(_ messages: [Envoy_Config_Listener_V3_FilterChain], _ chains: [FilterChain]) {
        guard messages.count == chains.count else { return }
        var seen: [FilterChainMatch: Int] = [:]
        for (index, chain) in chains.enumerated() {
            guard let first = seen.updateValue(index, forKey: chain.match) else { continue }
            within("filter_chains", index: index) {
                fail("filter_chain_match", "matches the same connections as filter_chains[\(first)]")
            }
        }
    }

    // MARK: - TCP

    private func tcpProxy(_ message: Envoy_Extensions_Filters_Network_TcpProxy_V3_TcpProxy) -> TCPProxy? {
        let named = required("stat_prefix", message.statPrefix)
        let clusters: [WeightedCluster]
        switch message.clusterSpecifier {
        case nil:
            fail("one of cluster and weighted_clusters is required")
            return nil
        case .cluster(let name): clusters = required("cluster", name) ? [WeightedCluster(name: name, weight: 1)] : []
        case .weightedClusters(let weighted):
            clusters = within("weighted_clusters") {
                if weighted.clusters.isEmpty { fail("clusters is required: at least one") }
                return each("clusters", weighted.clusters) { cluster -> WeightedCluster? in
                    guard required("name", cluster.name),
                        let weight = number("weight", true, cluster.weight, in: 1...Int(UInt32.max))
                    else { return nil }
                    return WeightedCluster(name: cluster.name, weight: weight)
                }
            }
        }
        let logs = each("access_log", message.accessLog, accessLog)
        let idle = duration("idle_timeout", message.hasIdleTimeout, message.idleTimeout)
        let attempts = number(
            "max_connect_attempts", message.hasMaxConnectAttempts, message.maxConnectAttempts.value, in: 1...1000)
        guard named, !clusters.isEmpty else { return nil }
        var proxy = TCPProxy(statPrefix: message.statPrefix, clusters: clusters, accessLogs: logs)
        proxy.idleTimeout = idle ?? proxy.idleTimeout
        proxy.maxConnectAttempts = attempts ?? proxy.maxConnectAttempts
        return proxy
    }
}
