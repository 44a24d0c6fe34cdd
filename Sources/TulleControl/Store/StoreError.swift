/// Why the store did not do what was asked.
public enum StoreError: Error, Hashable, Sendable {
    /// A write's condition did not hold; `actual` is the revision that is there, nil if the resource is absent.
    case conflict(StoredKey, expected: StoreCondition, actual: Int64?)
    /// A watch asked for changes that compaction has removed; list again and watch from that revision.
    case tooOld(revision: Int64, oldest: Int64)
    /// A watch did not read its changes fast enough; list again and watch from that revision.
    case fellBehind
    /// The lease is held by another.
    case leaseHeld(name: String, by: String)
    /// The lease is no longer the caller's: it expired and another took it, or it was released.
    case leaseLost(name: String)
    /// Another control plane has the store open.
    case inUse(path: String, by: String)
    /// The store is written by a later version of Tulle.
    case tooNew(path: String, schema: Int, known: Int)
    /// The disk is full, the file is damaged or not to be written: the cause in words, and what to do.
    case unavailable(String)
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .conflict(let key, .absent, _):
            "\(key) exists already"
        case .conflict(let key, .revision(let revision), let actual?):
            "\(key) has changed since resourceVersion \(revision): it is at \(actual); read it again and reapply"
        case .conflict(let key, _, _):
            "\(key) does not exist (any more)"
        case .tooOld(let revision, let oldest):
            "revision \(revision) is too old: the log of changes starts at \(oldest); list again and watch from there"
        case .fellBehind:
            "the watch fell too far behind; list again and watch from there"
        case .leaseHeld(let name, let holder):
            "lease \"\(name)\" is held by \"\(holder)\""
        case .leaseLost(let name):
            "lease \"\(name)\" is no longer held"
        case .inUse(let path, let holder):
            "the store \(path) is in use by \(holder): two control planes on one file would undo each other's "
                + "writes; stop the other one or give this one a file of its own"
        case .tooNew(let path, let schema, let known):
            "the store \(path) has schema \(schema), written by a later version of Tulle; this one knows up to \(known)"
        case .unavailable(let reason):
            reason
        }
    }
}
