import SwiftProtobuf
import TulleModel
import TulleXDS

/// Compiles route configurations and virtual hosts: which requests are for which service.
struct RouteCompiler {
    let world: World
    let recipient: Recipient

    /// The route configuration of a name; nil when there is none.
    func configuration(_ name: String) -> XRouteConfiguration? {
        switch name {
        case XDSNames.httpProxy, XDSNames.transparent:
            guard recipient.dialect == .proxy else { return nil }
            return outbound(name)
        default: break
        }
        if let (service, port) = XDSNames.parseUpstream(name) { return upstream(name, service, port) }
        if name.hasPrefix("api|") { return api(name, target: String(name.dropFirst("api|".count))) }
        return nil
    }

    /// Names of all that is meant for the recipient.
    var allNames: [String] {
        guard let workload = recipient.workload else { return [] }
        var names: [String] = []
        if workload.outbound.httpProxy != 0 { names.append(XDSNames.httpProxy) }
        if workload.outbound.transparent != 0 { names.append(XDSNames.transparent) }
        return names
            + workload.upstreams.map { upstream in
                XDSNames.upstream(ServiceName(upstream.service, namespace: upstream.namespace), port: upstream.port)
            }
    }

    /// The virtual host of `ROUTES/HOST` or `ROUTES/HOST:PORT`; nil when no service has the name. It is for that one
    /// spelling: each is asked for by itself, and two virtual hosts must not share a domain.
    func virtualHost(_ name: String) -> XVirtualHost? {
        guard let slash = name.firstIndex(of: "/") else { return nil }
        let routes = name[..<slash]
        guard routes == XDSNames.httpProxy || routes == XDSNames.transparent else { return nil }
        let authority = String(name[name.index(after: slash)...])
        guard let (service, port) = find(authority) else { return nil }
        return host(authority, [authority], service, port)
    }

    /// The service and port that an authority means to the recipient.
    func find(_ authority: String) -> (service: MeshService, port: ServicePort)? {
        guard let (host, number) = XDSNames.splitPort(authority) else { return nil }
        let name = world.clusterIPs[host] ?? ServiceName(host: host, from: recipient.namespace)
        guard let name, let service = world.services[name], let number = number ?? service.defaultPort,
            let port = service.port(meantBy: number)
        else { return nil }
        return (service, port)
    }

    /// The routes of all outbound requests, by host.
    private func outbound(_ name: String) -> XRouteConfiguration {
        var configuration = XRouteConfiguration()
        configuration.name = name
        // Clusters come as they are needed, or a moment later.
        configuration.validateClusters = false
        if recipient.onDemand {
            configuration.vhds.configSource = .aggregated
        } else {
            configuration.virtualHosts = allHosts()
        }
        if name == XDSNames.httpProxy, let own = ownHost { configuration.virtualHosts.append(own) }
        configuration.virtualHosts.append(elsewhere(name))
        return configuration
    }

    /// A virtual host for each port of each service, under all of its names.
    private func allHosts() -> [XVirtualHost] {
        var taken: Set<String> = []
        var hosts: [XVirtualHost] = []
        // Services of the caller's namespace first: their short names win over any that look the same.
        let own = world.serviceNames.filter { $0.namespace == recipient.namespace }
        let others = world.serviceNames.filter { $0.namespace != recipient.namespace }
        for name in own + others {
            guard let service = world.services[name] else { continue }
            let names = name.hostNames(from: recipient.namespace).filter { host in
                ServiceName(host: host, from: recipient.namespace) == name
            }
            let spellings = names + service.clusterIPs.map { $0.contains(":") ? "[\($0)]" : $0 }
            for port in service.ports {
                var domains = spellings.map { "\($0):\(port.port)" }
                if port.port == service.defaultPort {
                    domains += spellings
                    if service.port(80) == nil { domains += spellings.map { "\($0):80" } }
                }
                domains = domains.filter { taken.insert($0).inserted }
                if !domains.isEmpty { hosts.append(host("\(name.host):\(port.port)", domains, service, port)) }
            }
        }
        return hosts
    }

    private func host(
        _ name: String, _ domains: [String], _ service: MeshService, _ port: ServicePort
    ) -> XVirtualHost {
        var host = XVirtualHost()
        host.name = name
        host.domains = domains
        if recipient.dialect == .proxy { host.routes = [tunnel(service, port)] }
        host.routes += routes(service, port)
        return host
    }

    /// What is done with requests to a port of a service. Without routes they go to its endpoints.
    private func routes(_ service: MeshService, _ port: ServicePort) -> [XRoute] {
        let rules = RouteRuleCompiler(world: world, dialect: recipient.dialect)
        switch AttachedRoutes(to: service.name, port.port, in: world, callersNamespace: recipient.namespace) {
        case .http(let routes): return HTTPRouteCompiler(rules: rules).routes(routes, port: port.port)
        case .grpc(let routes): return GRPCRouteCompiler(rules: rules).routes(routes)
        case .none:
            var route = XRoute()
            route.name = "default"
            route.match.prefix = recipient.dialect == .grpc ? "" : "/"
            route.route = rules.action(to: service.name, port.port, missing: .internalServerError)
            rules.limit(&route.route)
            return [route]
        }
    }

    /// CONNECT to a service's name relays bytes to it, unless they are requests for its routes.
    private func tunnel(_ service: MeshService, _ port: ServicePort) -> XRoute {
        var action = XRouteAction()
        let backends = TCPTarget(service, port, in: world, callersNamespace: recipient.namespace).clusters
        if backends.count == 1 {
            action.cluster = backends[0].name
        } else {
            action.weightedClusters.clusters = backends.map { backend in
                var cluster = XWeightedCluster.ClusterWeight()
                cluster.name = backend.name
                cluster.weight = Google_Protobuf_UInt32Value(UInt32(backend.weight))
                return cluster
            }
        }
        var route = Self.connect(action, name: "connect")
        let content: TunnelContent? =
            switch port.appProtocol {
            case .http, .http2: .http
            case .detect: .detected
            case .tcp: nil
            }
        if let content { route.metadata = .tunnel(content) }
        return route
    }

    private static func connect(_ action: XRouteAction, name: String) -> XRoute {
        var upgrade = XRouteAction.UpgradeConfig()
        upgrade.upgradeType = "CONNECT"
        upgrade.connectConfig = XRouteAction.UpgradeConfig.ConnectConfig()
        var action = action
        action.upgradeConfigs = [upgrade]
        action.timeout = .of(.zero)
        action.retryPolicy = .unsent()
        var route = XRoute()
        route.name = name
        route.match.connectMatcher = XRouteMatch.ConnectMatcher()
        route.route = action
        return route
    }

    /// Hosts that are no service of the mesh.
    private func elsewhere(_ name: String) -> XVirtualHost {
        let isTransparent = name == XDSNames.transparent
        var action = XRouteAction()
        action.cluster = isTransparent ? XDSNames.originalDestination : XDSNames.passthrough
        var route = XRoute()
        route.name = isTransparent ? XDSNames.originalDestination : XDSNames.passthrough
        route.match.prefix = "/"
        route.route = action
        route.route.timeout = .of(.zero)
        route.route.retryPolicy = .unsent()
        var host = XVirtualHost()
        host.name = route.name
        host.domains = ["*"]
        host.routes = isTransparent ? [route] : [Self.connect(action, name: route.name), route]
        return host
    }

    /// The proxy's own address: a request for it would go round and round until no socket is left.
    private var ownHost: XVirtualHost? {
        guard let outbound = recipient.workload?.outbound, outbound.httpProxy != 0 else { return nil }
        var route = XRoute()
        route.name = "self"
        route.match.prefix = "/"
        route.directResponse.status = 508
        route.directResponse.body.inlineString =
            "this is the mesh's HTTP proxy: use it as http_proxy, or name a service in the Host header\n"
        var tunnel = route
        tunnel.match = XRouteMatch()
        tunnel.match.connectMatcher = XRouteMatch.ConnectMatcher()
        var host = XVirtualHost()
        host.name = "self"
        var names = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"]
        let bind = outbound.bind.contains(":") ? "[\(outbound.bind)]" : outbound.bind
        if !names.contains(bind) { names.append(bind) }
        host.domains = names.map { "\($0):\(outbound.httpProxy)" }
        host.routes = [tunnel, route]
        return host
    }

    /// The routes of a localhost port that stands for one service.
    private func upstream(_ name: String, _ service: ServiceName, _ port: Int) -> XRouteConfiguration {
        var configuration = XRouteConfiguration()
        configuration.name = name
        configuration.validateClusters = false
        if let found = world.services[service], let servicePort = found.port(port) {
            configuration.virtualHosts = [host("\(service.host):\(port)", ["*"], found, servicePort)]
            return configuration
        }
        var route = XRoute()
        route.name = "missing"
        route.match.prefix = "/"
        route.directResponse.status = 503
        route.directResponse.body.inlineString = "the mesh has no service \(service) with a port \(port)\n"
        var host = XVirtualHost()
        host.name = "\(service.host):\(port)"
        host.domains = ["*"]
        host.routes = [route]
        configuration.virtualHosts = [host]
        return configuration
    }

    /// The routes of a gRPC client's target.
    private func api(_ name: String, target: String) -> XRouteConfiguration? {
        guard let (service, port) = find(target) else { return nil }
        var configuration = XRouteConfiguration()
        configuration.name = name
        configuration.virtualHosts = [host("\(service.name.host):\(port.port)", ["*"], service, port)]
        return configuration
    }
}
