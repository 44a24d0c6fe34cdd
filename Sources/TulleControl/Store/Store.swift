/// Where the control plane keeps its resources: a small versioned key-value store with watches and leases.
///
/// One revision counter serves the whole store and only grows; a transaction that changes anything takes the next
/// revision, and all its changes carry it. Every engine must pass `StoreConformance` (in the tests).
/// Errors are `StoreError`s.
public protocol Store: Sendable {
    /// The resource of that key, or nil.
    func get(_ key: StoredKey) async throws -> StoredResource?

    /// All resources, of one kind or of all, in one namespace or in all, at one revision.
    func list(kind: String?, namespace: String?) async throws -> StoreList

    /// Does all the writes or none. Once it returns, the changes survive a kill and a power cut. A put that would
    /// change neither document, version nor owner is left out, so that reapplying wakes nobody.
    func commit(_ writes: [StoreWrite]) async throws -> StoreCommit

    /// The transactions after `revision`, in order, without a gap, until the task is cancelled. Throws
    /// `StoreError.tooOld` when the log no longer reaches back that far.
    func watch(after revision: Int64) async throws -> AsyncThrowingStream<StoreCommit, any Error>

    /// Takes the lease if it is free, has expired or is `holder`'s already. Throws `StoreError.leaseHeld` else.
    func acquireLease(_ name: String, holder: String, ttl: Duration) async throws -> Lease

    /// Extends a lease by its time to live from now. Throws `StoreError.leaseLost` when another has it.
    func renewLease(_ lease: Lease) async throws -> Lease

    /// Gives the lease up; nothing happens when it is another's by now.
    func releaseLease(_ lease: Lease) async throws

    /// Who holds the lease now, or nil.
    func lease(_ name: String) async throws -> Lease?
}

extension Store {
    /// Everything at one revision.
    public func list() async throws -> StoreList { try await list(kind: nil, namespace: nil) }

    /// Puts one resource under a condition.
    public func put(_ draft: ResourceDraft, if condition: StoreCondition = .always) async throws -> StoreCommit {
        try await commit([.put(draft, if: condition)])
    }

    /// Deletes one resource under a condition; an absent one is no error with `.always`.
    public func delete(_ key: StoredKey, if condition: StoreCondition = .always) async throws -> StoreCommit {
        try await commit([.delete(key, if: condition)])
    }
}
