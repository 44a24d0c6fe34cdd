/// What has changed in the mesh since the last push, in the users' words.
public struct Change: Hashable, Sendable {
    /// A service by namespace and name, `NAMESPACE/NAME`.
    public typealias ServiceKey = String

    /// Anything may have changed: mesh-wide defaults, a kind whose reach is not known, the start.
    public var everything: Bool
    /// Services whose definition, routes or policies changed.
    public var services: Set<ServiceKey>
    /// Services of which only the endpoints changed.
    public var endpoints: Set<ServiceKey>
    /// Nodes whose own configuration changed (their ports, upstreams or labels).
    public var nodes: Set<String>

    public init(
        everything: Bool = false, services: Set<ServiceKey> = [], endpoints: Set<ServiceKey> = [],
        nodes: Set<String> = []
    ) {
        self.everything = everything
        self.services = services
        self.endpoints = endpoints
        self.nodes = nodes
    }

    public static let everything = Change(everything: true)

    public var isEmpty: Bool { !everything && services.isEmpty && endpoints.isEmpty && nodes.isEmpty }

    /// What a workload's coming, going or changing means: its own configuration, the endpoints of the services that
    /// select it, and the service that it makes by its mere name.
    /// - Parameter selecting: the services whose selector matches a workload's labels.
    public init(_ event: WorkloadRegistry.Event, selecting: (Workload) -> Set<ServiceKey>) {
        self.init()
        var workloads = [event.workload]
        if case .changed(_, let before) = event { workloads.append(before) }
        for workload in workloads {
            nodes.insert(workload.id)
            endpoints.formUnion(selecting(workload))
            if !workload.service.isEmpty { services.insert("\(workload.namespace)/\(workload.service)") }
        }
    }

    public mutating func formUnion(_ other: Change) {
        everything = everything || other.everything
        services.formUnion(other.services)
        endpoints.formUnion(other.endpoints)
        nodes.formUnion(other.nodes)
    }
}
