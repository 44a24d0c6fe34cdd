import TulleModel

/// Where two kinds of route meet on one port, and only the more specific holds (GEP-1294, "Route types").
struct RouteConflicts {
    /// A port that a route names and has no say on.
    struct Loss: Equatable {
        var service: ServiceName
        var port: Int
        /// The route that has.
        var winner: ResourceKey
    }

    private let services: [ServiceName: [Int]]
    /// By the service that they are attached to.
    private var grpcRoutes: [ServiceName: [GRPCRoute]] = [:]

    init(_ resources: some Sequence<Resource>, services: [ServiceName: [Int]]) {
        self.services = services
        for case .grpcRoute(let route) in resources {
            for service in Set(route.parents.map(\.service)) { grpcRoutes[service, default: []].append(route) }
        }
        for service in grpcRoutes.keys {
            grpcRoutes[service]?.sort { Resource.grpcRoute($0).key < Resource.grpcRoute($1).key }
        }
    }

    /// What an HTTPRoute loses to GRPCRoutes of its own namespace, and whether that is all it has.
    func conflict(of route: HTTPRoute) -> (lost: [Loss], isWhole: Bool) {
        var lost: [Loss] = []
        var keeps = false
        for parent in route.parents {
            for port in parent.port.map({ [$0] }) ?? services[parent.service] ?? [] {
                let winner = grpcRoutes[parent.service]?.first {
                    $0.metadata.namespace == route.metadata.namespace && $0.parents.attach(to: parent.service, port)
                }
                guard let winner else {
                    keeps = true
                    continue
                }
                let loss = Loss(service: parent.service, port: port, winner: Resource.grpcRoute(winner).key)
                if !lost.contains(loss) { lost.append(loss) }
            }
        }
        return (lost, !lost.isEmpty && !keeps)
    }
}
