import TulleModel

/// Where the TCP connections to a service's port go: to the backends of its TCPRoute, else to its own endpoints.
struct TCPTarget {
    /// Never empty. Backends that do not exist keep their share, and their connections are closed.
    let clusters: [(name: String, weight: Int)]

    init(_ service: MeshService, _ port: ServicePort, in world: World, callersNamespace: String) {
        let attached = (world.tcpRoutes[service.name] ?? []).filter { $0.parents.attach(to: service.name, port.port) }
        // Of several routes the oldest holds; a consumer's own comes before the producer's.
        let consumer =
            callersNamespace == service.name.namespace
            ? nil : attached.first { $0.metadata.namespace == callersNamespace }
        let route = consumer ?? attached.first { $0.metadata.namespace == service.name.namespace }
        let used = (route?.backends ?? []).filter { $0.weight > 0 }
        clusters =
            used.isEmpty
            ? [(XDSNames.outboundCluster(service.name, port: port.port), 1)]
            : used.map { (XDSNames.outboundCluster($0.service, port: $0.port), $0.weight) }
    }
}
