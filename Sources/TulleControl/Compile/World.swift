public import TulleModel

/// The mesh at one moment: what users have said and who is running. Everything that is sent to proxies is compiled
/// from one of these; it never changes once made, and is shared by reference.
public final class World: Sendable {
    /// The store's revision of the resources.
    public let revision: Int64
    /// The first part of every identity in the mesh.
    public let trustDomain: String
    /// In force, checked; sorted by key.
    public let resources: [Resource]
    /// Sorted by id.
    public let workloads: [Workload]

    /// Every service: those of resources, and those that workloads imply.
    let services: [ServiceName: MeshService]
    /// Sorted by namespace and name.
    let serviceNames: [ServiceName]
    let policies: [ServiceName: BackendPolicy]
    /// By namespace, sorted by name.
    private let authorizations: [String: [AuthorizationPolicy]]
    /// By namespace, the oldest first.
    private let meshPolicies: [String: [MeshPolicy]]
    let slices: [ServiceName: [EndpointSlice]]
    /// By the service they are attached to; oldest first, then by namespace and name.
    let httpRoutes: [ServiceName: [HTTPRoute]]
    let grpcRoutes: [ServiceName: [GRPCRoute]]
    let tcpRoutes: [ServiceName: [TCPRoute]]
    /// The service that an address means to a transparent proxy.
    let clusterIPs: [String: ServiceName]
    /// Services with such an address, sorted.
    let addressedServices: [ServiceName]
    private let selection: WorkloadSelection
    private let selectors: ServiceSelection
    private let positions: [String: Int]

    /// - Parameters:
    ///   - created: when each resource was made, in any unit: of two routes that match alike the older wins. Those
    ///     without come first.
    public init(
        revision: Int64 = 0, trustDomain: String = IdentityConfiguration.defaultTrustDomain,
        resources: [Resource] = [], created: [ResourceKey: Int64] = [:], workloads: [Workload] = []
    ) {
        self.revision = revision
        self.trustDomain = trustDomain
        self.resources = resources.sorted { $0.key < $1.key }
        self.workloads = workloads.sorted { $0.id < $1.id }
        selection = WorkloadSelection(self.workloads)
        positions = Dictionary(
            self.workloads.enumerated().map { ($0.element.id, $0.offset) }, uniquingKeysWith: { first, _ in first })

        var services = MeshService.implied(by: self.workloads)
        var policies: [ServiceName: BackendPolicy] = [:]
        var authorizations: [String: [AuthorizationPolicy]] = [:]
        var meshPolicies: [String: [MeshPolicy]] = [:]
        var slices: [ServiceName: [EndpointSlice]] = [:]
        var httpRoutes: [ServiceName: [HTTPRoute]] = [:]
        var grpcRoutes: [ServiceName: [GRPCRoute]] = [:]
        var tcpRoutes: [ServiceName: [TCPRoute]] = [:]
        var clusterIPs: [String: ServiceName] = [:]
        let byAge = self.resources.enumerated().sorted { left, right in
            let ages = (created[left.element.key] ?? 0, created[right.element.key] ?? 0)
            return ages.0 != ages.1 ? ages.0 < ages.1 : left.offset < right.offset
        }
        for (_, resource) in byAge {
            switch resource {
            case .service(let service):
                services[service.name] = MeshService(service)
                for address in service.clusterIPs where clusterIPs[address] == nil {
                    clusterIPs[address] = service.name
                }
            case .endpointSlice(let slice): slices[slice.service, default: []].append(slice)
            case .httpRoute(let route):
                for service in Set(route.parents.map { $0.service }) { httpRoutes[service, default: []].append(route) }
            case .grpcRoute(let route):
                for service in Set(route.parents.map { $0.service }) { grpcRoutes[service, default: []].append(route) }
            case .tcpRoute(let route):
                for service in Set(route.parents.map { $0.service }) { tcpRoutes[service, default: []].append(route) }
            case .backendPolicy(let policy):
                // Of several policies for one service the oldest holds, as in the Gateway API.
                for target in policy.targets where policies[target] == nil { policies[target] = policy }
            case .authorizationPolicy(let policy): authorizations[policy.metadata.namespace, default: []].append(policy)
            case .meshPolicy(let policy): meshPolicies[policy.metadata.namespace, default: []].append(policy)
            }
        }
        for (name, slices) in slices { services[name]?.learnProtocols(from: slices) }
        self.services = services
        selectors = ServiceSelection(services.values)
        addressedServices = Set(clusterIPs.values).sorted()
        serviceNames = services.keys.sorted()
        self.policies = policies
        self.authorizations = authorizations.mapValues { $0.sorted { $0.metadata.name < $1.metadata.name } }
        self.meshPolicies = meshPolicies
        self.slices = slices
        self.httpRoutes = httpRoutes
        self.grpcRoutes = grpcRoutes
        self.tcpRoutes = tcpRoutes
        self.clusterIPs = clusterIPs
    }

    func workload(_ id: String) -> Workload? { positions[id].map { workloads[$0] } }

    /// The workloads that a service selects, by id.
    func workloads(of service: MeshService) -> [Workload] {
        switch service.members {
        case .selected(let labels):
            selection.positions(namespace: service.name.namespace, labels: labels).map { workloads[$0] }
        case .named:
            selection.positions(namespace: service.name.namespace, service: service.name.name).map { workloads[$0] }
        }
    }

    /// The services that a workload stands behind, sorted.
    func services(of workload: Workload) -> [MeshService] {
        var names = selectors.services(of: workload)
        let own = ServiceName(workload.service, namespace: workload.namespace)
        if case .named? = services[own]?.members { names.append(own) }
        return names.sorted().compactMap { services[$0] }
    }

    /// The policies that say who may call a workload, sorted by name.
    func authorizations(of workload: Workload) -> [AuthorizationPolicy] {
        guard let all = authorizations[workload.namespace] else { return [] }
        var services: Set<ServiceName>?
        return all.filter { policy in
            guard workload.has(policy.selector) else { return false }
            guard !policy.targets.isEmpty else { return true }
            let own = services ?? Set(self.services(of: workload).map(\.name))
            services = own
            return policy.targets.contains(where: own.contains)
        }
    }

    /// Who may connect to a workload's port: as the nearest policy says.
    func mtls(_ port: Workload.Port, of workload: Workload) -> MeshPolicy.MTLSMode {
        let own = (meshPolicies[workload.namespace] ?? []).filter { $0.holds(for: workload) }
        let selecting = own.filter { !$0.selector.isEmpty }
        return selecting.lazy.compactMap { $0.portMTLS[port.app] }.first
            ?? selecting.lazy.compactMap(\.mtls).first
            ?? own.lazy.filter(\.selector.isEmpty).compactMap(\.mtls).first
            ?? meshPolicies[MeshPolicy.meshNamespace]?.lazy.filter(\.selector.isEmpty).compactMap(\.mtls).first
            ?? .permissive
    }

    /// Whether a workload lets its callers in: one without a certificate cannot where callers must see one.
    func serves(_ port: Workload.Port, of workload: Workload) -> Bool {
        workload.hasIdentity || mtls(port, of: workload) == .permissive
    }

    /// What a workload's port speaks: as the workload says, else as a service that points to it says.
    func speaks(_ port: Workload.Port, of workload: Workload) -> ApplicationProtocol {
        if let said = ApplicationProtocol(appProtocol: port.protocolName), said != .detect { return said }
        for service in services(of: workload) {
            for servicePort in service.ports where servicePort.appProtocol != .detect {
                if workload.port(for: servicePort.target)?.app == port.app { return servicePort.appProtocol }
            }
        }
        return .detect
    }
}

extension MeshPolicy {
    func holds(for workload: Workload) -> Bool {
        if selector.isEmpty, metadata.namespace == Self.meshNamespace { return true }
        return metadata.namespace == workload.namespace && workload.has(selector)
    }
}
