/// Who applies what a control plane sends: in tulle-proxy, what builds the snapshot.
public protocol ResourceHandler: Sendable {
    /// Applies changes to resources of one type; called one at a time, in the order of the stream.
    ///
    /// - Parameters:
    ///   - resources: new or changed ones, their bodies as they came.
    ///   - removed: names that are gone, or (delta) that were asked for and do not exist.
    ///   - source: the stream, or the cache of a previous run while the control plane is away.
    /// - Returns: why resources were refused, by name. What is not named was applied and stays so, even though in
    ///   state of the world the server is told that the response as a whole was refused.
    func apply(
        _ type: TypeURL, resources: [NamedResource], removed: [String], from source: ResourceOrigin
    ) async -> [String: String]
}

/// Where resources come from.
public enum ResourceOrigin: Hashable, Sendable {
    case controlPlane
    case cache
}
