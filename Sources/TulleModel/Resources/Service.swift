/// A name that selects workloads by their labels, and the ports on which they are called (`v1 Service`).
public struct Service: Hashable, Sendable {
    public var metadata: ResourceMetadata
    /// The labels that a workload must have, all of them. Empty selects none: the endpoints are listed by hand in
    /// EndpointSlices.
    public var selector: [String: String]
    public var ports: [ServicePort]
    /// Addresses that mean this service to a transparent proxy; empty when it has none.
    public var clusterIPs: [String]

    public init(
        metadata: ResourceMetadata, selector: [String: String] = [:], ports: [ServicePort],
        clusterIPs: [String] = []
    ) {
        self.metadata = metadata
        self.selector = selector
        self.ports = ports
        self.clusterIPs = clusterIPs
    }

    public var name: ServiceName { ServiceName(metadata.name, namespace: metadata.namespace) }
}

/// A port of a service.
public struct ServicePort: Hashable, Sendable {
    /// The port of the workload that is meant.
    public enum Target: Hashable, Sendable {
        case number(Int)
        /// The workload's port of this name.
        case name(String)
    }

    /// Empty only where the service has one port.
    public var name: String
    public var port: Int
    public var target: Target
    public var appProtocol: ApplicationProtocol

    public init(name: String = "", port: Int, target: Target? = nil, appProtocol: ApplicationProtocol = .detect) {
        self.name = name
        self.port = port
        self.target = target ?? .number(port)
        self.appProtocol = appProtocol
    }
}
