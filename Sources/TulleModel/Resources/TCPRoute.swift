/// Where the TCP connections to a service go (`gateway.networking.k8s.io TCPRoute`).
public struct TCPRoute: Hashable, Sendable {
    public var metadata: ResourceMetadata
    public var parents: [ParentReference]
    /// The one rule's backends.
    public var ruleName: String
    public var backends: [BackendReference]

    public init(
        metadata: ResourceMetadata, parents: [ParentReference], ruleName: String = "", backends: [BackendReference]
    ) {
        self.metadata = metadata
        self.parents = parents
        self.ruleName = ruleName
        self.backends = backends
    }
}
