import SwiftProtobuf
import TulleModel
import TulleXDS

/// Compiles the endpoints of a service's port: sidecars of the workloads it selects, and addresses listed by hand.
struct EndpointCompiler {
    struct Assignment {
        var message: XLoadAssignment
        /// Whether an address must be looked up, which an assignment that is pushed cannot say.
        var hasHostNames: Bool
    }

    let world: World

    /// The assignment of a cluster's name; nil when there is no such cluster, or when it holds its endpoints itself.
    func assignment(_ name: String) -> XLoadAssignment? {
        guard let (name, port) = XDSNames.parseOutboundCluster(name), let service = world.services[name],
            let servicePort = service.port(port)
        else { return nil }
        let assignment = assignment(service, servicePort)
        return assignment.hasHostNames ? nil : assignment.message
    }

    func assignment(_ service: MeshService, _ port: ServicePort) -> Assignment {
        var groups: [Locality: [XEndpoint]] = [:]
        for workload in world.workloads(of: service) where workload.ready && !workload.exiting {
            guard let target = workload.port(for: port.target), world.serves(target, of: workload) else { continue }
            groups[workload.locality, default: []].append(endpoint(workload, target))
        }
        let listed = listed(service, port)
        for (locality, endpoint) in listed.endpoints { groups[locality, default: []].append(endpoint) }

        var message = XLoadAssignment()
        message.clusterName = XDSNames.outboundCluster(service.name, port: port.port)
        let ordered = groups.sorted { left, right in
            (left.key.region, left.key.zone, left.key.subZone) < (right.key.region, right.key.zone, right.key.subZone)
        }
        message.endpoints = ordered.map { locality, endpoints in
            var group = XLocalityEndpoints()
            // Present even when empty: gRPC clients refuse an assignment without it.
            group.locality.region = locality.region
            group.locality.zone = locality.zone
            group.locality.subZone = locality.subZone
            group.lbEndpoints = Self.distinct(endpoints)
            // gRPC clients leave out localities without a weight; proxies do not look at it.
            group.loadBalancingWeight = Google_Protobuf_UInt32Value(UInt32(group.lbEndpoints.count))
            return group
        }
        return Assignment(message: message, hasHostNames: listed.hasHostNames)
    }

    private func endpoint(_ workload: Workload, _ port: Workload.Port) -> XEndpoint {
        var endpoint = XEndpoint()
        endpoint.endpoint.address = .of(workload.address, port.inbound)
        endpoint.healthStatus = .healthy
        // WORKLOAD;NAMESPACE;CANONICAL-NAME;CANONICAL-REVISION;CLUSTER, as istiod writes it.
        let labels = workload.labels
        let canonical =
            labels["service.istio.io/canonical-name"] ?? labels["app.kubernetes.io/name"] ?? labels["app"]
            ?? workload.workloadName
        let declared = workload.version.isEmpty ? "latest" : workload.version
        let revision =
            labels["service.istio.io/canonical-revision"] ?? labels["app.kubernetes.io/version"] ?? labels["version"]
            ?? declared
        let text = [workload.workloadName, workload.namespace, canonical, revision, "tulle"].joined(separator: ";")
        endpoint.metadata = .istio(["workload": Google_Protobuf_Value(stringValue: text)])
        if workload.hasIdentity { MutualTLS.mark(&endpoint) }
        return endpoint
    }

    /// Endpoints of EndpointSlices that take requests.
    private func listed(
        _ service: MeshService, _ port: ServicePort
    ) -> (endpoints: [(Locality, XEndpoint)], hasHostNames: Bool) {
        var endpoints: [(Locality, XEndpoint)] = []
        var hasHostNames = false
        for slice in world.slices[service.name] ?? [] {
            guard let target = slice.ports.first(where: { $0.name == port.name }) else { continue }
            for entry in slice.endpoints where entry.ready ?? true && !(entry.terminating ?? false) {
                // All addresses of one endpoint are the same thing; clients may use any, and Kubernetes' use the first.
                guard let address = entry.addresses.first else { continue }
                if slice.addressType == .fqdn { hasHostNames = true }
                var endpoint = XEndpoint()
                endpoint.endpoint.address = .of(address, target.port)
                endpoint.endpoint.hostname = slice.addressType == .fqdn ? address : entry.hostname
                endpoint.healthStatus = .healthy
                endpoints.append((Locality(zone: entry.zone), endpoint))
            }
        }
        return (endpoints, hasHostNames)
    }

    /// By address and port; of two of the same the first.
    private static func distinct(_ endpoints: [XEndpoint]) -> [XEndpoint] {
        var seen: Set<SocketAddress> = []
        let keyed = endpoints.compactMap { endpoint -> (SocketAddress, XEndpoint)? in
            let socket = endpoint.endpoint.address.socketAddress
            let address = SocketAddress(host: socket.address, port: Int(socket.portValue))
            return seen.insert(address).inserted ? (address, endpoint) : nil
        }
        return keyed.sorted { ($0.0.host, $0.0.port) < ($1.0.host, $1.0.port) }.map(\.1)
    }
}
