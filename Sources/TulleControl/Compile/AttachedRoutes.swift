import TulleModel

/// The routes that hold for a caller's requests to a port of a service, oldest first.
///
/// Consumer routes, of the caller's own namespace, hold in place of the producer's. Of two kinds that meet on one port
/// the more specific holds, GRPCRoute before HTTPRoute (GEP-1294, "Route types").
enum AttachedRoutes {
    case none
    case http([HTTPRoute])
    case grpc([GRPCRoute])

    init(to service: ServiceName, _ port: Int, in world: World, callersNamespace: String) {
        let http = (world.httpRoutes[service] ?? []).filter { $0.parents.attach(to: service, port) }
        let grpc = (world.grpcRoutes[service] ?? []).filter { $0.parents.attach(to: service, port) }
        if callersNamespace != service.namespace {
            self.init(http, grpc, of: callersNamespace)
            if case .none = self {} else { return }
        }
        self.init(http, grpc, of: service.namespace)
    }

    private init(_ http: [HTTPRoute], _ grpc: [GRPCRoute], of namespace: String) {
        let http = http.filter { $0.metadata.namespace == namespace }
        let grpc = grpc.filter { $0.metadata.namespace == namespace }
        self = !grpc.isEmpty ? .grpc(grpc) : !http.isEmpty ? .http(http) : .none
    }
}

extension [ParentReference] {
    /// Whether a route with these parents takes what is sent to a port.
    func attach(to service: ServiceName, _ port: Int) -> Bool {
        contains { $0.service == service && ($0.port == nil || $0.port == port) }
    }
}
