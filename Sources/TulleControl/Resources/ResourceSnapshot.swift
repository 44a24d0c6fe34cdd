public import TulleModel

/// The resources in force at one revision of the store.
public struct ResourceSnapshot: Sendable {
    /// A resource as the store has it and as the mesh understands it.
    public struct Entry: Sendable {
        public var stored: StoredResource
        public var resource: Resource
    }

    public internal(set) var revision: Int64 = 0
    public internal(set) var entries: [ResourceKey: Entry] = [:]
    /// What the store holds and this version of Tulle cannot read, with the reason. Kept, and not in force.
    public internal(set) var unreadable: [StoredKey: String] = [:]

    /// Sorted by key.
    public var sorted: [Entry] { entries.sorted { $0.key < $1.key }.map(\.value) }
}

/// A step from one snapshot to the next.
public struct ResourceUpdate: Sendable {
    public var snapshot: ResourceSnapshot
    /// What it may change for proxies.
    public var change: Change
}
