public import TulleXDS

/// Where a discovery server takes its resources from.
///
/// It is asked for the present truth: the server finds out what changed by the resources' versions.
public protocol DiscoverySource: Sendable {
    /// All resources of the type that the node is to have: those of its wildcard subscription, and those of the names
    /// in it that exist. A name that is left out does not exist (for now): the server says so to the subscriber.
    func resources(for node: ConnectedNode, type: TypeURL, subscription: Subscription) async -> [NamedResource]
}

/// What a push touches, so that streams and types that it does not touch are left alone.
public struct PushScope: Hashable, Sendable {
    /// The types to look at again; nil for all.
    public var types: Set<TypeURL>?

    public init(types: Set<TypeURL>? = nil) {
        self.types = types
    }

    public static let everything = PushScope()
    public static let nothing = PushScope(types: [])

    public var isEmpty: Bool { types?.isEmpty ?? false }

    public func contains(_ type: TypeURL) -> Bool { types?.contains(type) ?? true }

    public mutating func formUnion(_ other: PushScope) {
        guard let mine = types, let others = other.types else {
            types = nil
            return
        }
        types = mine.union(others)
    }
}
