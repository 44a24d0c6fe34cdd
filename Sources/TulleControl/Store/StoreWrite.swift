/// One step of a transaction on the store.
public enum StoreWrite: Hashable, Sendable {
    case put(ResourceDraft, if: StoreCondition)
    case delete(StoredKey, if: StoreCondition)

    /// The resource that this step changes.
    public var key: StoredKey {
        switch self {
        case .put(let draft, _): draft.key
        case .delete(let key, _): key
        }
    }

    /// What must hold for this step to be done.
    public var condition: StoreCondition {
        switch self {
        case .put(_, let condition), .delete(_, let condition): condition
        }
    }
}

/// What must be true of the stored resource for a write to happen; else the whole transaction is refused.
public enum StoreCondition: Hashable, Sendable {
    case always
    /// There is none of that key.
    case absent
    /// There is one, and this is its revision.
    case revision(Int64)
}

/// What a transaction did. A transaction that changes nothing leaves the revision as it was.
public struct StoreCommit: Hashable, Sendable {
    /// The store's revision after the transaction.
    public var revision: Int64
    /// One for each change, in the order of the writes.
    public var events: [StoreEvent]

    public init(revision: Int64, events: [StoreEvent]) {
        self.revision = revision
        self.events = events
    }
}

/// One resource changed.
public enum StoreEvent: Hashable, Sendable {
    case put(StoredResource)
    /// The last state before it went; its `revision` is that of the deletion.
    case delete(StoredResource)

    /// The resource that changed.
    public var resource: StoredResource {
        switch self {
        case .put(let resource), .delete(let resource): resource
        }
    }
}

/// Everything of a kind and namespace at one revision.
public struct StoreList: Hashable, Sendable {
    public var revision: Int64
    /// Sorted by key.
    public var resources: [StoredResource]

    public init(revision: Int64, resources: [StoredResource]) {
        self.revision = revision
        self.resources = resources
    }
}
