import SwiftProtobuf
import TulleModel
import TulleXDS

/// Compiles clusters: what a proxy sends to, and how.
struct ClusterCompiler {
    let world: World
    let recipient: Recipient

    // Kubernetes' own services take up to a few seconds to answer a SYN under load; a local network never does. Envoy's
    // default is 5 s.
    private static let connectTimeout = Duration.seconds(5)
    // Apps close idle keep-alive connections after as little as 5 s (Node, uvicorn); reusing one at that moment loses
    // the request. The hop is loopback, so a new connection costs little.
    private static let appIdleTimeout = Duration.seconds(4)
    // Well under the hour that a sidecar keeps an idle connection, so that the caller's end closes first.
    private static let sidecarIdleTimeout = Duration.seconds(60)

    /// The cluster of a name; nil when there is none.
    func cluster(_ name: String) -> XCluster? {
        if let (service, port) = XDSNames.parseOutboundCluster(name) { return outbound(service, port: port) }
        guard recipient.dialect == .proxy else { return nil }
        if let port = XDSNames.parseInboundCluster(name) { return inbound(port) }
        switch name {
        case XDSNames.passthrough: return passthrough
        case XDSNames.originalDestination: return originalDestination
        default: return nil
        }
    }

    /// Names of all that is meant for the recipient.
    var allNames: [String] {
        var names: [String] = []
        for name in world.serviceNames {
            guard let service = world.services[name] else { continue }
            names += service.ports.map { XDSNames.outboundCluster(name, port: $0.port) }
        }
        guard recipient.dialect == .proxy else { return names }
        names += (recipient.workload?.ports ?? []).map { XDSNames.inboundCluster(port: $0.app) }
        return names + [XDSNames.passthrough, XDSNames.originalDestination]
    }

    private func outbound(_ name: ServiceName, port: Int) -> XCluster? {
        guard let service = world.services[name], let servicePort = service.port(port) else { return nil }
        var cluster = XCluster()
        cluster.name = XDSNames.outboundCluster(name, port: port)
        cluster.connectTimeout = .of(Self.connectTimeout)
        cluster.metadata = .services([name])
        let assignment = EndpointCompiler(world: world).assignment(service, servicePort)
        if assignment.hasHostNames {
            // gRPC clients know no cluster of several host names.
            guard recipient.dialect == .proxy else { return nil }
            cluster.type = .strictDns
            cluster.loadAssignment = assignment.message
        } else {
            cluster.type = .eds
            var eds = XCluster.EdsClusterConfig()
            eds.edsConfig = .aggregated
            cluster.edsClusterConfig = eds
        }
        balance(&cluster, world.policies[name]?.loadBalancing ?? .leastRequest(choices: 2))
        if recipient.dialect == .proxy {
            // Addresses listed by hand are apps as they are, without a sidecar.
            let isDirect = world.slices[name] != nil
            secure(&cluster, service, port)
            Self.speak(betweenSidecars(servicePort, service), &cluster, toApp: isDirect)
        }
        return cluster
    }

    /// Requests go over few connections of HTTP/2 between sidecars that have certificates, whatever the apps speak. What is not
    /// declared goes on in the version that it came in, which the app may need.
    private func betweenSidecars(_ port: ServicePort, _ service: MeshService) -> ApplicationProtocol {
        guard port.appProtocol == .http, recipient.hasIdentity, world.slices[service.name] == nil else {
            return port.appProtocol
        }
        let members = world.workloads(of: service)
        return !members.isEmpty && members.allSatisfy(\.hasIdentity) ? .http2 : .http
    }

    /// Sidecars with certificates speak TLS with each other.
    private func secure(_ cluster: inout XCluster, _ service: MeshService, _ port: Int) {
        guard recipient.hasIdentity else { return }
        let members = world.workloads(of: service).filter(\.hasIdentity)
        let identities = Set(members.map { $0.spiffeID(in: world.trustDomain) })
        guard !identities.isEmpty else { return }
        MutualTLS(trustDomain: world.trustDomain)
            .secure(&cluster, service.name, port: port, identities: identities.sorted())
    }

    /// Sets which HTTP the endpoints are spoken to in, and how long an unused connection is kept.
    private static func speak(_ speaks: ApplicationProtocol, _ cluster: inout XCluster, toApp: Bool) {
        var options = Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions()
        var idle = toApp ? appIdleTimeout : sidecarIdleTimeout
        switch speaks {
        case .tcp: return
        case .http: options.explicitHTTPConfig.httpProtocolOptions = Envoy_Config_Core_V3_Http1ProtocolOptions()
        case .http2:
            options.explicitHTTPConfig.http2ProtocolOptions = Envoy_Config_Core_V3_Http2ProtocolOptions()
            // A peer that closes an HTTP/2 connection says so first (GOAWAY), and no request is lost.
            idle = sidecarIdleTimeout
        case .detect: options.useDownstreamProtocolConfig = asDownstream
        }
        options.commonHTTPProtocolOptions.idleTimeout = .of(idle)
        cluster.typedExtensionProtocolOptions[optionsName] = .packed(options)
    }

    private static let optionsName = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

    private static var asDownstream: Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions.UseDownstreamHttpConfig {
        var config = Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions.UseDownstreamHttpConfig()
        config.httpProtocolOptions = Envoy_Config_Core_V3_Http1ProtocolOptions()
        config.http2ProtocolOptions = Envoy_Config_Core_V3_Http2ProtocolOptions()
        return config
    }

    private func balance(_ cluster: inout XCluster, _ policy: BackendPolicy.LoadBalancing) {
        // gRPC clients refuse a cluster whose policy they do not know; all know round robin.
        guard recipient.dialect == .proxy else {
            cluster.lbPolicy = .roundRobin
            return
        }
        switch policy {
        case .roundRobin: cluster.lbPolicy = .roundRobin
        case .random: cluster.lbPolicy = .random
        case .leastRequest(let choices):
            cluster.lbPolicy = .leastRequest
            if choices != 2 {
                var settings = XCluster.LeastRequestLbConfig()
                settings.choiceCount = Google_Protobuf_UInt32Value(UInt32(choices))
                cluster.leastRequestLbConfig = settings
            }
        }
    }

    /// The app beside the proxy.
    private func inbound(_ port: Int) -> XCluster? {
        guard let workload = recipient.workload, let own = workload.ports.first(where: { $0.app == port }) else {
            return nil
        }
        var cluster = XCluster()
        cluster.name = XDSNames.inboundCluster(port: port)
        cluster.type = .static
        cluster.connectTimeout = .of(Self.connectTimeout)
        var endpoint = XEndpoint()
        endpoint.endpoint.address = .of("127.0.0.1", port)
        var locality = XLocalityEndpoints()
        locality.lbEndpoints = [endpoint]
        cluster.loadAssignment.clusterName = cluster.name
        cluster.loadAssignment.endpoints = [locality]
        let services = world.services(of: workload).filter { service in
            service.ports.contains { workload.port(for: $0.target)?.app == port }
        }
        if !services.isEmpty { cluster.metadata = .services(services.map(\.name)) }
        Self.speak(world.speaks(own, of: workload), &cluster, toApp: true)
        return cluster
    }

    /// Whatever host a request names, outside the mesh.
    private var passthrough: XCluster {
        var settings = Envoy_Extensions_Clusters_DynamicForwardProxy_V3_ClusterConfig()
        settings.dnsCacheConfig = Self.dnsCache
        var type = XCluster.CustomClusterType()
        type.name = "envoy.clusters.dynamic_forward_proxy"
        type.typedConfig = .packed(settings)
        var cluster = XCluster()
        cluster.name = XDSNames.passthrough
        cluster.clusterType = type
        cluster.lbPolicy = .clusterProvided
        cluster.connectTimeout = .of(Self.connectTimeout)
        return cluster
    }

    /// The cluster and the HTTP filter of the dynamic forward proxy must name the same cache.
    static var dnsCache: Envoy_Extensions_Common_DynamicForwardProxy_V3_DnsCacheConfig {
        var cache = Envoy_Extensions_Common_DynamicForwardProxy_V3_DnsCacheConfig()
        cache.name = XDSNames.passthrough
        // Most machines without IPv6 routes resolve IPv6 addresses all the same.
        cache.dnsLookupFamily = .v4Preferred
        return cache
    }

    private var originalDestination: XCluster {
        var cluster = XCluster()
        cluster.name = XDSNames.originalDestination
        cluster.type = .originalDst
        cluster.lbPolicy = .clusterProvided
        cluster.connectTimeout = .of(Self.connectTimeout)
        var options = Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions()
        options.useDownstreamProtocolConfig = Self.asDownstream
        cluster.typedExtensionProtocolOptions[Self.optionsName] = .packed(options)
        return cluster
    }
}
