import SwiftProtobuf
import TulleConfig
import TulleModel

/// The bootstrap file, and what its parts say of each other.
extension Translation {
    func bootstrap(_ message: Envoy_Config_Bootstrap_V3_Bootstrap) -> Bootstrap {
        var bootstrap = Bootstrap()
        bootstrap.node = within("node") { node(message.node) }
        if message.hasAdmin, message.admin.hasAddress {
            bootstrap.admin = within("admin") { address("address", true, message.admin.address, host: .address) }
        }
        let resources = message.dynamicResources
        within("dynamic_resources") {
            if resources.hasAdsConfig { bootstrap.ads = within("ads_config") { aggregated(resources.adsConfig) } }
            bootstrap.dynamicListeners = resources.hasLdsConfig
            bootstrap.dynamicClusters = resources.hasCdsConfig
            if resources.hasLdsConfig { _ = configSource("lds_config", true, resources.ldsConfig) }
            if resources.hasCdsConfig { _ = configSource("cds_config", true, resources.cdsConfig) }
        }
        within("static_resources") {
            bootstrap.clusters = each("clusters", message.staticResources.clusters, cluster)
            bootstrap.listeners = each("listeners", message.staticResources.listeners, listener)
            bootstrap.secrets = secrets(message.staticResources.secrets)
        }
        return bootstrap
    }

    private func node(_ message: Envoy_Config_Core_V3_Node) -> Node {
        Node(
            id: message.id, cluster: message.cluster, metadata: message.metadata.fields.mapValues(Self.value),
            locality: locality(message.locality))
    }

    private func secrets(_ messages: [Envoy_Extensions_TransportSockets_Tls_V3_Secret]) -> [String: Secret] {
        var secrets: [String: Secret] = [:]
        _ = each("secrets", messages) { message -> Void? in
            guard required("name", message.name), let secret = secret(message) else { return nil }
            if secrets.updateValue(secret, forKey: message.name) != nil {
                fail("name", "secret \(ConfigurationError.quoted(message.name)) is given twice")
            }
            return ()
        }
        return secrets
    }

    private func aggregated(_ message: Envoy_Config_Core_V3_ApiConfigSource) -> AggregatedDiscovery? {
        let flavour: AggregatedDiscovery.Flavour
        switch message.apiType {
        case .grpc: flavour = .stateOfTheWorld
        case .deltaGrpc: flavour = .delta
        default:
            fail("api_type", "must be GRPC or DELTA_GRPC")
            return nil
        }
        if message.transportApiVersion != .v3 { fail("transport_api_version", "must be V3") }
        guard message.grpcServices.count == 1 else {
            fail("grpc_services", "must name exactly one service, not \(message.grpcServices.count)")
            return nil
        }
        return within("grpc_services", index: 0) {
            let service = message.grpcServices[0]
            let metadata = each("initial_metadata", service.initialMetadata) {
                header -> (name: String, value: String)? in
                guard headerName("key", header.key), headerValue("value", header.value) else { return nil }
                return (header.key, header.value)
            }
            guard case .envoyGrpc(let target) = service.targetSpecifier else {
                fail("envoy_grpc is required")
                return nil
            }
            return within("envoy_grpc") {
                guard required("cluster_name", target.clusterName) else { return nil }
                return AggregatedDiscovery(flavour: flavour, cluster: target.clusterName, initialMetadata: metadata)
            }
        }
    }

    /// Whether a dynamic resource comes from where Tulle gets them: the aggregated stream.
    func configSource(_ field: String, _ given: Bool, _ message: Envoy_Config_Core_V3_ConfigSource) -> Bool {
        guard given else {
            fail("\(field) is required")
            return false
        }
        return within(field) {
            if message.resourceApiVersion == .v2 {
                fail("resource_api_version", "V2 is no more; use V3")
                return false
            }
            switch message.configSourceSpecifier {
            case .ads: return true
            case .self_p where origin == .dynamic: return true
            case .self_p:
                fail("self is for resources of a control plane; use ads")
            case nil:
                fail("ads is required: dynamic resources come over the aggregated stream")
            }
            return false
        }
    }

    // MARK: - Between resources

    /// Checks what needs the whole bootstrap; call it only when the parts are good.
    func relations(
        _ message: Envoy_Config_Bootstrap_V3_Bootstrap, _ bootstrap: Bootstrap, ownSecrets: Set<String>
    ) {
        let names = Set(bootstrap.clusters.map(\.name))
        within("static_resources") {
            unique("clusters", bootstrap.clusters.map { ($0.name, "cluster") })
            unique("listeners", bootstrap.listeners.map { ($0.name, "listener") })
            uniqueAddresses(bootstrap.listeners)
            _ = each("listeners", message.staticResources.listeners) { listener in
                knownClusters(of: listener, names)
                return ()
            }
        }
        if let ads = bootstrap.ads {
            if bootstrap.node.id.isEmpty || bootstrap.node.cluster.isEmpty {
                within("node") {
                    fail(
                        "id and cluster are required by ads_config; --service-node and --service-cluster give them too")
                }
            }
            if !names.contains(ads.cluster) {
                within("dynamic_resources") {
                    within("ads_config") {
                        within("grpc_services", index: 0) {
                            within("envoy_grpc") {
                                fail(
                                    "cluster_name",
                                    "no cluster \(ConfigurationError.quoted(ads.cluster)) in static_resources",
                                    suggestion: NearestKey.suggest(for: ads.cluster, among: names))
                            }
                        }
                    }
                }
            }
        } else if let field = firstDiscovered(message, bootstrap, ownSecrets) {
            fail("dynamic_resources", "ads_config is required by \(field)")
        }
    }

    private func unique(_ field: String, _ names: [(name: String, what: String)]) {
        var first: [String: Int] = [:]
        for (index, entry) in names.enumerated() {
            guard let other = first.updateValue(index, forKey: entry.name) else { continue }
            within(field, index: index) {
                fail("name", "\(entry.what) \(ConfigurationError.quoted(entry.name)) is also \(field)[\(other)]")
            }
        }
    }

    private func uniqueAddresses(_ listeners: [Listener]) {
        var first: [SocketAddress: Int] = [:]
        for (index, listener) in listeners.enumerated() where listener.bindToPort && listener.address.port != 0 {
            guard let other = first.updateValue(index, forKey: listener.address) else { continue }
            within("listeners", index: index) {
                fail("address", "\(listener.address) is also the address of listeners[\(other)]")
            }
        }
    }

    /// What in the bootstrap comes over the aggregated stream, if anything does.
    private func firstDiscovered(
        _ message: Envoy_Config_Bootstrap_V3_Bootstrap, _ bootstrap: Bootstrap, _ ownSecrets: Set<String>
    ) -> String? {
        func discovered(_ tls: TLSContext?) -> String? {
            tls?.secretNames.first { bootstrap.secrets[$0] == nil && !ownSecrets.contains($0) }
                .map { "secret \(ConfigurationError.quoted($0)), which static_resources does not hold," }
        }
        if bootstrap.dynamicListeners { return "lds_config" }
        if bootstrap.dynamicClusters { return "cds_config" }
        for cluster in bootstrap.clusters {
            let name = ConfigurationError.quoted(cluster.name)
            if case .eds = cluster.discovery { return "cluster \(name)" }
            for tls in [cluster.tls] + cluster.tlsMatches.map(\.tls) {
                if let secret = discovered(tls?.context) { return "\(secret) of cluster \(name)" }
            }
        }
        for listener in bootstrap.listeners {
            let name = ConfigurationError.quoted(listener.name)
            for chain in listener.filterChains + [listener.defaultFilterChain].compactMap({ $0 }) {
                if let secret = discovered(chain.tls?.context) { return "\(secret) of listener \(name)" }
                guard case .http(let manager) = chain.filter else { continue }
                switch manager.routes {
                case .discovered: return "the rds of listener \(name)"
                case .inline(let routes) where routes.discoversVirtualHosts: return "the vhds of listener \(name)"
                case .inline: break
                }
            }
        }
        return nil
    }

    /// Routes that stand in the file name clusters of the file, unless `validate_clusters` is false.
    private func knownClusters(of listener: Envoy_Config_Listener_V3_Listener, _ names: Set<String>) {
        _ = each("filter_chains", listener.filterChains) { chain in
            knownClusters(of: chain, names)
            return ()
        }
        if listener.hasDefaultFilterChain {
            within("default_filter_chain") { knownClusters(of: listener.defaultFilterChain, names) }
        }
    }

    private func knownClusters(of chain: Envoy_Config_Listener_V3_FilterChain, _ names: Set<String>) {
        _ = each("filters", chain.filters) { filter in
            guard
                let manager = try? Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager(
                    unpackingAny: filter.typedConfig), case .routeConfig(let routes) = manager.routeSpecifier,
                !routes.hasValidateClusters || routes.validateClusters.value
            else { return () }
            within("typed_config") {
                within("route_config") {
                    _ = each("virtual_hosts", routes.virtualHosts) { host in
                        _ = each("routes", host.routes) { route in
                            guard case .route(let action) = route.action else { return () }
                            within("route") { knownClusters(of: action, names) }
                            return ()
                        }
                        return ()
                    }
                }
            }
            return ()
        }
    }

    private func knownClusters(of action: Envoy_Config_Route_V3_RouteAction, _ names: Set<String>) {
        func check(_ field: String, _ name: String) {
            guard !names.contains(name) else { return }
            fail(
                field, "no cluster \(ConfigurationError.quoted(name)) in static_resources",
                suggestion: NearestKey.suggest(for: name, among: names))
        }
        switch action.clusterSpecifier {
        case .cluster(let name): check("cluster", name)
        case .weightedClusters(let weighted):
            within("weighted_clusters") {
                _ = each("clusters", weighted.clusters) { cluster in
                    check("name", cluster.name)
                    return ()
                }
            }
        case .clusterHeader, nil: break
        }
    }
}
