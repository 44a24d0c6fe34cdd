import SwiftProtobuf
import TulleModel
import TulleXDS

/// Compiles listeners: where a sidecar accepts connections, and a gRPC client's view of a service.
struct ListenerCompiler {
    let world: World
    let recipient: Recipient

    // How long the first bytes may take before a connection is taken for one whose server speaks first. Loopback and
    // local clients send theirs within a millisecond; nobody notices 50 ms once a connection.
    private static let detection = Duration.milliseconds(50)
    // A caller of the mesh greets with TLS at once; one on a crowded machine may be slow to. Only who comes without TLS to a server
    // that speaks first waits for it.
    private static let greeting = Duration.milliseconds(500)
    // From the first byte of a head to its last: a client that takes longer holds the connection for its own sake.
    private static let headersTimeout = Duration.seconds(10)
    // An exchange in which nothing moves for an hour is dead; long polls and quiet WebSockets are not cut.
    private static let streamIdleTimeout = Duration.seconds(3600)
    // What the HTTP inspector calls the versions of HTTP that a connection manager reads.
    private static let detectedHTTP = ["http/1.0", "http/1.1", "h2c"]

    /// All that is meant for a sidecar.
    var all: [XListener] {
        guard let workload = recipient.workload, recipient.dialect == .proxy else { return [] }
        var listeners = workload.ports.filter { world.serves($0, of: workload) }.map { inbound(workload, $0) }
        if workload.outbound.httpProxy != 0 { listeners.append(httpProxy(workload)) }
        listeners += workload.upstreams.map { upstream(workload, $0) }
        if workload.outbound.transparent != 0 { listeners.append(transparent(workload)) }
        return listeners
    }

    /// The listener of a name: one of a sidecar's own, or a gRPC client's target (`web.mesh`, `web.prod:8080`).
    func listener(_ name: String) -> XListener? {
        guard recipient.dialect == .grpc else { return all.first { $0.name == name } }
        guard RouteCompiler(world: world, recipient: recipient).find(name) != nil else { return nil }
        var manager = XConnectionManager()
        manager.rds.configSource = .aggregated
        manager.rds.routeConfigName = XDSNames.api(name)
        manager.httpFilters = [Self.router]
        var listener = XListener()
        listener.name = name
        listener.apiListener.apiListener = .packed(manager)
        return listener
    }

    // MARK: - Listeners

    private func inbound(_ workload: Workload, _ port: Workload.Port) -> XListener {
        let cluster = XDSNames.inboundCluster(port: port.app)
        var route = XRoute()
        route.name = "default"
        route.match.prefix = "/"
        route.route.cluster = cluster
        route.route.timeout = .of(.zero)
        route.route.retryPolicy = .starting()
        var host = XVirtualHost()
        host.name = "inbound|http|\(port.app)"
        host.domains = ["*"]
        host.routes = [route]
        var routes = XRouteConfiguration()
        routes.name = cluster
        routes.validateClusters = false
        routes.virtualHosts = [host]
        var manager = connectionManager(statPrefix: "inbound_\(port.app)", upgrades: ["websocket"])
        manager.routeConfig = routes
        // Only the app itself knows what it wants to be told; a peer's x-request-id is a peer's.
        manager.preserveExternalRequestID = true
        let speaks = world.speaks(port, of: workload)
        let authorization = AuthorizationCompiler(policies: world.authorizations(of: workload), port: port.app)
        let admission = authorization.filters(for: .requests).map {
            Self.filter($0.name, Envoy_Extensions_Filters_Http_Rbac_V3_RBAC.of($0))
        }
        manager.httpFilters = admission + Self.bridge(speaks) + [Self.router]
        // An app may take /x/../admin for /admin, and so must rules, which may come while connections are open; as Istio's.
        manager.normalizePath = true
        if recipient.hasIdentity {
            // The app is told who calls, by what the certificate proves and nothing else.
            manager.forwardClientCertDetails = .sanitizeSet
            manager.setCurrentClientCertDetails.uri = true
            // An upgrade of HTTP/1.1 comes as extended CONNECT from the caller's sidecar.
            manager.http2ProtocolOptions.allowConnect = true
        }

        var listener = XListener()
        listener.name = XDSNames.inboundListener(port: port.app)
        let isAddress = workload.address.allSatisfy { $0.isHexDigit || $0 == "." || $0 == ":" }
        listener.address = .of(isAddress ? workload.address : "0.0.0.0", port.inbound)
        listener.trafficDirection = .inbound
        listener.statPrefix = "inbound_\(port.app)"
        let tcp = tcpProxy(statPrefix: "inbound_\(port.app)", [(cluster, 1)])
        fill(&listener, speaks, http: manager, tcp: tcp, admission: authorization.filters(for: .connections))
        if recipient.hasIdentity {
            let mode = world.mtls(port, of: workload)
            MutualTLS(trustDomain: world.trustDomain).secure(&listener, mode)
            listener.listenerFiltersTimeout = .of(
                speaks == .http || speaks == .http2 ? Self.headersTimeout : Self.greeting)
        }
        return listener
    }

    private func httpProxy(_ workload: Workload) -> XListener {
        var listener = XListener()
        listener.name = XDSNames.httpProxy
        listener.address = .of(workload.outbound.bind, workload.outbound.httpProxy)
        listener.trafficDirection = .outbound
        listener.statPrefix = "outbound_http_proxy"
        var manager = connectionManager(statPrefix: "outbound_http_proxy", upgrades: ["websocket", "CONNECT"])
        manager.rds.configSource = .aggregated
        manager.rds.routeConfigName = XDSNames.httpProxy
        manager.httpFilters = outboundFilters(forward: true)
        listener.filterChains = [chain(http: manager)]
        // Here it is for what comes in tunnels: every connection itself begins with a request.
        listener.listenerFiltersTimeout = .of(Self.detection)
        return listener
    }

    private func upstream(_ workload: Workload, _ upstream: Workload.Upstream) -> XListener {
        let service = ServiceName(upstream.service, namespace: upstream.namespace)
        let name = XDSNames.upstream(service, port: upstream.port)
        let found = world.services[service]
        let port = found?.port(upstream.port)
        var listener = XListener()
        listener.name = name
        listener.address = .of(workload.outbound.bind, upstream.listen)
        listener.trafficDirection = .outbound
        listener.statPrefix = "upstream_\(service.name)_\(service.namespace)_\(upstream.port)"
        var manager = connectionManager(statPrefix: listener.statPrefix, upgrades: ["websocket"])
        manager.rds.configSource = .aggregated
        manager.rds.routeConfigName = name
        manager.httpFilters = outboundFilters(forward: false, to: port?.appProtocol)
        var clusters = [(name: XDSNames.outboundCluster(service, port: upstream.port), weight: 1)]
        if let found, let port {
            clusters = TCPTarget(found, port, in: world, callersNamespace: recipient.namespace).clusters
        }
        let tcp = tcpProxy(statPrefix: listener.statPrefix, clusters)
        fill(&listener, port?.appProtocol ?? .detect, http: manager, tcp: tcp)
        return listener
    }

    /// What iptables redirects here: HTTP by its host, services with an address by that, all else where it was going.
    private func transparent(_ workload: Workload) -> XListener {
        var listener = XListener()
        listener.name = XDSNames.transparent
        listener.address = .of(workload.outbound.bind, workload.outbound.transparent)
        listener.trafficDirection = .outbound
        listener.statPrefix = "outbound_transparent"
        listener.listenerFilters = [Self.originalDestinationFilter, Self.httpInspector]
        listener.listenerFiltersTimeout = .of(Self.detection)
        listener.continueOnListenerFiltersTimeout = true
        var manager = connectionManager(statPrefix: "outbound_transparent", upgrades: ["websocket"])
        manager.rds.configSource = .aggregated
        manager.rds.routeConfigName = XDSNames.transparent
        manager.httpFilters = outboundFilters(forward: false)

        for name in world.addressedServices {
            guard let service = world.services[name] else { continue }
            for address in service.clusterIPs where world.clusterIPs[address] == name {
                for port in service.ports {
                    listener.filterChains += transparentChains(service, port, address, manager)
                }
            }
        }
        var http = chain(http: manager)
        http.name = "http"
        http.filterChainMatch.applicationProtocols = Self.detectedHTTP
        listener.filterChains.append(http)
        listener.defaultFilterChain = chain(
            tcp: tcpProxy(statPrefix: "outbound_transparent", [(XDSNames.originalDestination, 1)]))
        return listener
    }

    /// The chains of one address and port. Envoy looks at the destination before the application protocol, so that a
    /// port whose protocol is detected needs a chain for each.
    private func transparentChains(
        _ service: MeshService, _ port: ServicePort, _ address: String, _ manager: XConnectionManager
    ) -> [XFilterChain] {
        var range = Envoy_Config_Core_V3_CidrRange()
        range.addressPrefix = address
        range.prefixLen = Google_Protobuf_UInt32Value(address.contains(":") ? 128 : 32)
        func placed(_ chain: XFilterChain, _ kind: String) -> XFilterChain {
            var chain = chain
            chain.name = "\(kind)|\(address)|\(port.port)"
            chain.filterChainMatch.prefixRanges = [range]
            chain.filterChainMatch.destinationPort = Google_Protobuf_UInt32Value(UInt32(port.port))
            return chain
        }
        var manager = manager
        manager.httpFilters = outboundFilters(forward: false, to: port.appProtocol)
        var http = placed(chain(http: manager), "http")
        let target = TCPTarget(service, port, in: world, callersNamespace: recipient.namespace)
        let tcp = placed(
            chain(tcp: tcpProxy(statPrefix: "outbound_\(port.port)_\(service.name.name)", target.clusters)), "tcp")
        switch port.appProtocol {
        case .http, .http2: return [http]
        case .tcp: return [tcp]
        case .detect:
            http.filterChainMatch.applicationProtocols = Self.detectedHTTP
            return [http, tcp]
        }
    }

    // MARK: - Parts

    /// One chain for a declared protocol; for an undeclared one, HTTP where the first bytes are, and else bytes.
    private func fill(
        _ listener: inout XListener, _ speaks: ApplicationProtocol, http: XConnectionManager, tcp: XTCPProxy,
        admission: [RBACFilter] = []
    ) {
        switch speaks {
        case .http, .http2: listener.filterChains = [chain(http: http)]
        case .tcp: listener.filterChains = [chain(tcp: tcp, admission: admission)]
        case .detect:
            listener.listenerFilters = [Self.httpInspector]
            listener.listenerFiltersTimeout = .of(Self.detection)
            listener.continueOnListenerFiltersTimeout = true
            var detected = chain(http: http)
            detected.name = "http"
            detected.filterChainMatch.applicationProtocols = Self.detectedHTTP
            listener.filterChains = [detected]
            listener.defaultFilterChain = chain(tcp: tcp, admission: admission)
        }
    }

    private func chain(http manager: XConnectionManager) -> XFilterChain {
        var filter = Envoy_Config_Listener_V3_Filter()
        filter.name = "envoy.filters.network.http_connection_manager"
        filter.typedConfig = .packed(manager)
        var chain = XFilterChain()
        chain.filters = [filter]
        return chain
    }

    /// - Parameter admission: what decides on each connection first.
    private func chain(tcp proxy: XTCPProxy, admission: [RBACFilter] = []) -> XFilterChain {
        var filter = Envoy_Config_Listener_V3_Filter()
        filter.name = "envoy.filters.network.tcp_proxy"
        filter.typedConfig = .packed(proxy)
        var chain = XFilterChain()
        chain.filters =
            admission.map { rbac in
                var rbac = rbac
                rbac.statPrefix = proxy.statPrefix
                var filter = Envoy_Config_Listener_V3_Filter()
                filter.name = rbac.name
                filter.typedConfig = .packed(Envoy_Extensions_Filters_Network_Rbac_V3_RBAC.of(rbac))
                return filter
            } + [filter]
        return chain
    }

    private func connectionManager(statPrefix: String, upgrades: [String]) -> XConnectionManager {
        var manager = XConnectionManager()
        manager.statPrefix = statPrefix
        manager.codecType = .auto
        manager.httpProtocolOptions.acceptHTTP10 = true
        manager.httpProtocolOptions.enableTrailers = true
        // The mesh is not the server, and says so.
        manager.serverHeaderTransformation = .passThrough
        manager.requestHeadersTimeout = .of(Self.headersTimeout)
        manager.streamIdleTimeout = .of(Self.streamIdleTimeout)
        manager.upgradeConfigs = upgrades.map { type in
            var upgrade = XConnectionManager.UpgradeConfig()
            upgrade.upgradeType = type
            return upgrade
        }
        return manager
    }

    private func tcpProxy(statPrefix: String, _ clusters: [(name: String, weight: Int)]) -> XTCPProxy {
        var proxy = XTCPProxy()
        proxy.statPrefix = statPrefix
        if clusters.count == 1 {
            proxy.cluster = clusters[0].name
        } else {
            proxy.weightedClusters.clusters = clusters.map { cluster in
                var weight = XTCPProxy.WeightedCluster.ClusterWeight()
                weight.name = cluster.name
                weight.weight = UInt32(cluster.weight)
                return weight
            }
        }
        // Another endpoint may take what the first refused; nothing was sent yet.
        proxy.maxConnectAttempts = 3
        return proxy
    }

    /// - Parameters:
    ///   - forward: whether hosts outside the mesh are looked up by name.
    ///   - speaks: what all that is behind the manager speaks; nil where that is different things.
    private func outboundFilters(forward: Bool, to speaks: ApplicationProtocol? = nil) -> [XHTTPFilter] {
        var filters: [XHTTPFilter] = []
        if recipient.onDemand {
            var settings = Envoy_Extensions_Filters_Http_OnDemand_V3_OnDemand()
            settings.odcds.source = .aggregated
            filters.append(Self.filter("envoy.filters.http.on_demand", settings))
        }
        if forward {
            var settings = Envoy_Extensions_Filters_Http_DynamicForwardProxy_V3_FilterConfig()
            settings.dnsCacheConfig = ClusterCompiler.dnsCache
            filters.append(Self.filter("envoy.filters.http.dynamic_forward_proxy", settings))
        }
        return filters + Self.bridge(speaks) + [Self.router]
    }

    /// Takes gRPC-Web from browsers for what speaks gRPC. Not for HTTP/1.1: an app of that which is asked for gRPC-Web speaks it
    /// itself, and no gRPC. So managers for hosts of all kinds pass it on, to the sidecar that knows its app.
    private static func bridge(_ speaks: ApplicationProtocol?) -> [XHTTPFilter] {
        guard speaks == .http2 else { return [] }
        return [filter("envoy.filters.http.grpc_web", Envoy_Extensions_Filters_Http_GrpcWeb_V3_GrpcWeb())]
    }

    private static var router: XHTTPFilter {
        var settings = Envoy_Extensions_Filters_Http_Router_V3_Router()
        settings.suppressEnvoyHeaders = true
        return filter("envoy.filters.http.router", settings)
    }

    private static func filter(_ name: String, _ settings: some Message) -> XHTTPFilter {
        var filter = XHTTPFilter()
        filter.name = name
        filter.typedConfig = .packed(settings)
        return filter
    }

    private static var httpInspector: Envoy_Config_Listener_V3_ListenerFilter {
        .of(
            "envoy.filters.listener.http_inspector",
            Envoy_Extensions_Filters_Listener_HttpInspector_V3_HttpInspector())
    }

    private static var originalDestinationFilter: Envoy_Config_Listener_V3_ListenerFilter {
        .of("envoy.filters.listener.original_dst", Envoy_Extensions_Filters_Listener_OriginalDst_V3_OriginalDst())
    }
}
