import TulleModel

/// The services of a world with what stands behind them, for people to look at.
struct ServiceTable {
    let world: World
    /// Ids of workloads whose stream is gone and whose grace period runs.
    let lost: Set<String>

    /// Sorted by namespace and name.
    func rows() -> [ServiceView] { world.serviceNames.compactMap { world.services[$0] }.map(row) }

    private func row(_ service: MeshService) -> ServiceView {
        var isImplicit = false
        if case .named = service.members { isImplicit = true }
        let workloads = world.workloads(of: service)
        var endpoints: [ServiceView.Endpoint] = []
        for port in service.ports {
            for workload in workloads {
                guard let target = workload.port(for: port.target) else { continue }
                endpoints.append(
                    ServiceView.Endpoint(
                        port: port.port, address: workload.address, endpointPort: target.inbound,
                        health: health(workload),
                        workload: workload.id, version: workload.version))
            }
            endpoints += listed(service, port)
        }
        return ServiceView(
            name: service.name.name, namespace: service.name.namespace, implicit: isImplicit,
            ports: service.ports.map(Self.view), endpoints: endpoints, routes: routes(service.name))
    }

    private func health(_ workload: Workload) -> ServiceView.Endpoint.Health {
        if workload.exiting { return .draining }
        if lost.contains(workload.id) { return .lost }
        return workload.ready ? .healthy : .starting
    }

    /// Endpoints of EndpointSlices.
    private func listed(_ service: MeshService, _ port: ServicePort) -> [ServiceView.Endpoint] {
        var endpoints: [ServiceView.Endpoint] = []
        for slice in world.slices[service.name] ?? [] {
            guard let target = slice.ports.first(where: { $0.name == port.name }) else { continue }
            for endpoint in slice.endpoints {
                let isUp = endpoint.ready ?? true && !(endpoint.terminating ?? false)
                for address in endpoint.addresses {
                    endpoints.append(
                        ServiceView.Endpoint(
                            port: port.port, address: address, endpointPort: target.port,
                            health: isUp ? .healthy : .draining, workload: nil, version: ""))
                }
            }
        }
        return endpoints
    }

    private func routes(_ service: ServiceName) -> [String] {
        (world.httpRoutes[service] ?? []).map { Resource.httpRoute($0).key.description }
            + (world.grpcRoutes[service] ?? []).map { Resource.grpcRoute($0).key.description }
            + (world.tcpRoutes[service] ?? []).map { Resource.tcpRoute($0).key.description }
    }

    private static func view(_ port: ServicePort) -> ServiceView.Port {
        let target =
            switch port.target {
            case .number(let number): "\(number)"
            case .name(let name): name
            }
        let known =
            switch port.appProtocol {
            case .detect: ""
            case .http: "http"
            case .http2: "http2"
            case .tcp: "tcp"
            }
        return ServiceView.Port(name: port.name, port: port.port, targetPort: target, protocol: known)
    }
}
