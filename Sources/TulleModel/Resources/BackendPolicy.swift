/// How a service's endpoints are called (`tulle.dev/v1alpha1 BackendPolicy`).
public struct BackendPolicy: Hashable, Sendable {
    public enum LoadBalancing: Hashable, Sendable {
        case roundRobin
        /// The endpoint with the fewest requests under way among this many random ones.
        case leastRequest(choices: Int)
        case random
    }

    public var metadata: ResourceMetadata
    /// Services of the policy's own namespace.
    public var targets: [ServiceName]
    /// Nil leaves the default.
    public var loadBalancing: LoadBalancing?

    public init(metadata: ResourceMetadata, targets: [ServiceName], loadBalancing: LoadBalancing? = nil) {
        self.metadata = metadata
        self.targets = targets
        self.loadBalancing = loadBalancing
    }
}
