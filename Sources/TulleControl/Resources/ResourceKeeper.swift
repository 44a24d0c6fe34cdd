import DequeModule
import TulleConfig
public import TulleModel

/// The one that changes resources: checks each change against the mesh as it is, writes it to the store, and follows
/// the store so that everybody sees the same resources in the same order.
///
/// Reads are answered from memory: proxies and people keep what was last good, whatever happens to the disk.
public actor ResourceKeeper {
    let store: any Store
    /// Whether a directory is watched: then what a file brought is the file's alone.
    let watchesFiles: Bool
    public private(set) var snapshot = ResourceSnapshot()
    /// Why the store last failed; nil once a write succeeds again.
    public private(set) var storeError: String?

    /// The services that workloads imply, with their ports.
    private var implicitServices: [ServiceName: [Int]] = [:]
    private var subscribers: [Int: AsyncStream<ResourceUpdate>.Continuation] = [:]
    private var nextSubscriber = 0
    /// Those who wait for a revision to be in force.
    private var waiting: [(revision: Int64, continuation: CheckedContinuation<Void, Never>)] = []
    private var isWriting = false
    private var writers = Deque<CheckedContinuation<Void, Never>>()

    public init(store: any Store, watchesFiles: Bool = false) {
        self.store = store
        self.watchesFiles = watchesFiles
    }

    /// Reads everything that the store has. To be called once, before anything else.
    public func load() async throws {
        let list = try await store.list()
        var loaded = ResourceSnapshot()
        for resource in list.resources { Self.take(resource, into: &loaded) }
        loaded.revision = list.revision
        become(loaded, .everything)
    }

    /// Follows the store until the task is cancelled.
    public func follow() async throws {
        // What is committed is safe even when nobody will see it come into force any more.
        defer { release(through: .max) }
        while !Task.isCancelled {
            do {
                for try await commit in try await store.watch(after: snapshot.revision) { take(commit) }
                // The store closed, or the task is cancelled: either way the end.
                return
            } catch StoreError.tooOld, StoreError.fellBehind {
                try await load()
            }
        }
    }

    /// The snapshot now and each one after it. Snapshots share what they have in common, so that a reader who is
    /// behind costs little.
    public func updates() -> AsyncStream<ResourceUpdate> {
        let (stream, continuation) = AsyncStream.makeStream(of: ResourceUpdate.self)
        nextSubscriber += 1
        let id = nextSubscriber
        subscribers[id] = continuation
        continuation.onTermination = { [weak self] _ in
            Task { await self?.forget(subscriber: id) }
        }
        continuation.yield(ResourceUpdate(snapshot: snapshot, change: .everything))
        return stream
    }

    /// Tells which services exist without a resource: routes may name them.
    public func setImplicitServices(_ services: [ServiceName: [Int]]) { implicitServices = services }

    /// The services that a resource may name now.
    var directory: ServiceDirectory {
        var directory = ServiceDirectory(ports: implicitServices)
        for case .service(let service) in snapshot.entries.values.lazy.map(\.resource) {
            directory.add(service.name, ports: service.ports.map(\.port))
        }
        return directory
    }

    /// Commits and waits until the change is in force. The caller holds the turn (`exclusively`).
    func commit(_ writes: [StoreWrite]) async throws -> StoreCommit {
        do {
            let commit = try await store.commit(writes)
            storeError = nil
            if snapshot.revision < commit.revision {
                await withCheckedContinuation { waiting.append((commit.revision, $0)) }
            }
            return commit
        } catch let error as StoreError {
            if case .unavailable(let reason) = error { storeError = reason }
            throw error
        }
    }

    /// One writer at a time, in order of arrival: what is checked against the snapshot must still hold at the commit.
    func exclusively<Result: Sendable>(_ body: () async throws -> Result) async rethrows -> Result {
        if isWriting {
            await withCheckedContinuation { writers.append($0) }
        }
        isWriting = true
        defer {
            // The turn passes without being given up in between, so that nobody slips in.
            if let next = writers.popFirst() { next.resume() } else { isWriting = false }
        }
        return try await body()
    }

    private func take(_ commit: StoreCommit) {
        guard commit.revision > snapshot.revision else { return }
        var next = snapshot
        var change = Change()
        for event in commit.events {
            let stored = event.resource
            let key = Self.key(of: stored.key)
            let before = key.flatMap { next.entries[$0] }
            switch event {
            case .put: Self.take(stored, into: &next)
            case .delete: Self.drop(stored.key, from: &next)
            }
            change.add(before?.resource, key.flatMap { next.entries[$0] }?.resource)
        }
        next.revision = commit.revision
        become(next, change)
    }

    private func become(_ next: ResourceSnapshot, _ change: Change) {
        snapshot = next
        for continuation in subscribers.values {
            continuation.yield(ResourceUpdate(snapshot: next, change: change))
        }
        release(through: next.revision)
    }

    private func release(through revision: Int64) {
        let ready = waiting.filter { $0.revision <= revision }
        waiting.removeAll { $0.revision <= revision }
        for waiter in ready { waiter.continuation.resume() }
    }

    private func forget(subscriber id: Int) { subscribers[id] = nil }

    private static func key(of stored: StoredKey) -> ResourceKey? {
        guard let kind = ResourceKind(rawValue: stored.kind), kind.group == stored.group else { return nil }
        return ResourceKey(kind: kind, namespace: stored.namespace, name: stored.name)
    }

    private static func drop(_ key: StoredKey, from snapshot: inout ResourceSnapshot) {
        snapshot.unreadable[key] = nil
        if let known = Self.key(of: key) { snapshot.entries[known] = nil }
    }

    /// Understands a stored resource. One that a later version wrote stays in the store, unread.
    private static func take(_ stored: StoredResource, into snapshot: inout ResourceSnapshot) {
        drop(stored.key, from: &snapshot)
        do throws(ConfigurationErrors) {
            let set = try ResourceSet.decode(Array(stored.document.utf8), file: "")
            guard let document = set.documents.first else {
                snapshot.unreadable[stored.key] = "the store holds an empty document"
                return
            }
            snapshot.entries[document.key] = ResourceSnapshot.Entry(stored: stored, resource: document.resource)
        } catch {
            snapshot.unreadable[stored.key] = error.errors.first?.description ?? "\(error)"
        }
    }
}

extension ResourceKind {
    /// The group of the kind's API; empty for the core group.
    var group: String {
        let version = apiVersions[0]
        return version.contains("/") ? String(version.prefix { $0 != "/" }) : ""
    }
}

extension ResourceKey {
    /// As the store names it.
    var stored: StoredKey { StoredKey(group: kind.group, kind: kind.rawValue, namespace: namespace, name: name) }
}
