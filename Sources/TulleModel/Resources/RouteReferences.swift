/// The Service that a route is attached to (`parentRefs`).
public struct ParentReference: Hashable, Sendable {
    public var service: ServiceName
    /// Nil attaches to every port.
    public var port: Int?

    public init(service: ServiceName, port: Int? = nil) {
        self.service = service
        self.port = port
    }
}

/// A Service that requests or connections are sent to (`backendRefs`).
public struct BackendReference: Hashable, Sendable {
    public var service: ServiceName
    public var port: Int
    /// The share among the backends of a rule; 0 sends none.
    public var weight: Int

    public init(service: ServiceName, port: Int, weight: Int = 1) {
        self.service = service
        self.port = port
        self.weight = weight
    }
}
