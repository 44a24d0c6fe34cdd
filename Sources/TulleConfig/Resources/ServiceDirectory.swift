public import TulleModel

/// The services that routes and policies may name: those of resources, and those that workloads imply.
public struct ServiceDirectory: Sendable {
    /// Each service's ports.
    public private(set) var ports: [ServiceName: [Int]]

    public init(ports: [ServiceName: [Int]] = [:]) { self.ports = ports }

    /// The directory of the Services of a set.
    public init(_ set: ResourceSet) {
        ports = [:]
        add(set)
    }

    /// Adds a service, in place of one of the same name.
    public mutating func add(_ name: ServiceName, ports: [Int]) { self.ports[name] = ports }

    /// Adds the Services of a set, in place of those of the same names.
    public mutating func add(_ set: ResourceSet) {
        for document in set.documents {
            if case .service(let service) = document.resource { add(service.name, ports: service.ports.map(\.port)) }
        }
    }
}
