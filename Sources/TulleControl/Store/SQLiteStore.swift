public import Foundation
import GRDB

/// The embedded engine: one SQLite file in WAL mode, one process at a time.
///
/// All work runs on GRDB's one serial queue, so that what watchers are told has the order of the commits. A commit
/// returns after the WAL is synced (`synchronous=FULL`): neither kill -9 nor a power cut loses it.
public final class SQLiteStore: Store {
    /// How many transactions the log of changes keeps: a watcher away for longer has to list again. Ten thousand
    /// is hours of a busy mesh and a few megabytes.
    public static let defaultLogLength: Int64 = 10_000

    private let path: String
    private let lock: StoreLock
    private let queue: DatabaseQueue
    private let watchers = WatcherSet()
    private let logLength: Int64
    private let now: @Sendable () -> Date

    /// Opens or makes the store. Throws `StoreError` when another process has it, when it is damaged, or when a
    /// later version of Tulle wrote it.
    public init(
        path: String, logLength: Int64 = SQLiteStore.defaultLogLength, now: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        self.path = path
        self.logLength = max(1, logLength)
        self.now = now
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw StoreError.unavailable("cannot make the store's folder \(folder): \(error.localizedDescription)")
        }
        lock = try StoreLock(database: path)
        queue = try Self.explained(path) {
            let queue = try DatabaseQueue(path: path, configuration: Configuration())
            try queue.writeWithoutTransaction { database in
                // A damaged page found today is a clear error; found during a write it is a riddle.
                let check = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
                guard check == ["ok"] else {
                    throw StoreError.unavailable(Self.damaged(path, check.joined(separator: "; ")))
                }
                _ = try Row.fetchAll(database, sql: "PRAGMA journal_mode = WAL")
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try StoreSchema.migrate(database, path: path)
            }
            return queue
        }
    }

    /// Ends all watches and closes the file.
    public func close() {
        watchers.finish(throwing: nil)
        // An error here means statements still in use; the process is ending and the WAL is whole either way.
        try? queue.close()
        lock.release()
    }

    public func get(_ key: StoredKey) async throws -> StoredResource? {
        try await reading { database in try Self.fetch(key, database) }
    }

    public func list(kind: String?, namespace: String?) async throws -> StoreList {
        try await reading { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM resources WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR namespace = ?2)
                    ORDER BY kind, namespace, name, api_group
                    """, arguments: [kind, namespace])
            return StoreList(
                revision: try Self.revision(database),
                resources: try rows.map { try Self.resource($0) })
        }
    }

    public func commit(_ writes: [StoreWrite]) async throws -> StoreCommit {
        let time = now()
        return try await writing { [logLength, watchers] database in
            var commit = StoreCommit(revision: 0, events: [])
            try database.inTransaction(.immediate) {
                commit.revision = try Self.revision(database)
                let next = commit.revision + 1
                for write in writes {
                    if let event = try Self.perform(write, revision: next, at: time, database) {
                        commit.events.append(event)
                    }
                }
                guard !commit.events.isEmpty else { return .rollback }
                try Self.log(commit.events, revision: next, database)
                try database.execute(sql: "UPDATE meta SET revision = ?", arguments: [next])
                try Self.compact(revision: next, keep: logLength, database)
                commit.revision = next
                return .commit
            }
            if !commit.events.isEmpty { watchers.tell(commit) }
            return commit
        }
    }

    public func watch(after revision: Int64) async throws -> AsyncThrowingStream<StoreCommit, any Error> {
        // On the serial queue no commit can fall between reading the log and joining the watchers.
        try await reading { [watchers] database in
            let compacted = try Int64.fetchOne(database, sql: "SELECT compacted FROM meta") ?? 0
            guard revision >= compacted else { throw StoreError.tooOld(revision: revision, oldest: compacted) }
            let rows = try Row.fetchAll(
                database, sql: "SELECT * FROM changes WHERE revision > ? ORDER BY revision, position",
                arguments: [revision])
            var missed: [StoreCommit] = []
            for row in rows {
                let resource = try Self.resource(row)
                let event: StoreEvent = row["deleted"] == 1 ? .delete(resource) : .put(resource)
                if missed.last?.revision == resource.revision {
                    missed[missed.count - 1].events.append(event)
                } else {
                    missed.append(StoreCommit(revision: resource.revision, events: [event]))
                }
            }
            return watchers.join(after: missed)
        }
    }

    public func acquireLease(_ name: String, holder: String, ttl: Duration) async throws -> Lease {
        let time = now()
        return try await writing { database in
            var lease = Lease(name: name, holder: holder, ttl: ttl, expiresAt: time + ttl.timeInterval, token: 0)
            try database.inTransaction(.immediate) {
                let present = try Self.fetchLease(name, database)
                if let present, present.expiresAt > time {
                    guard present.holder == holder else {
                        throw StoreError.leaseHeld(name: name, by: present.holder)
                    }
                    lease.token = present.token
                } else {
                    try database.execute(sql: "UPDATE meta SET lease_token = lease_token + 1")
                    lease.token = try Int64.fetchOne(database, sql: "SELECT lease_token FROM meta") ?? 0
                }
                try Self.save(lease, database)
                return .commit
            }
            return lease
        }
    }

    public func renewLease(_ lease: Lease) async throws -> Lease {
        let time = now()
        return try await writing { database in
            var renewed = lease
            try database.inTransaction(.immediate) {
                // An expired lease that nobody took is still its holder's: no other has acted on it.
                guard let present = try Self.fetchLease(lease.name, database), present.token == lease.token else {
                    throw StoreError.leaseLost(name: lease.name)
                }
                renewed.expiresAt = time + lease.ttl.timeInterval
                try Self.save(renewed, database)
                return .commit
            }
            return renewed
        }
    }

    public func releaseLease(_ lease: Lease) async throws {
        try await writing { database in
            try database.execute(
                sql: "DELETE FROM leases WHERE name = ? AND token = ?", arguments: [lease.name, lease.token])
        }
    }

    public func lease(_ name: String) async throws -> Lease? {
        let time = now()
        return try await reading { database in
            try Self.fetchLease(name, database).flatMap { $0.expiresAt > time ? $0 : nil }
        }
    }

    /// Runs one statement on the file as it is; the tests make it full or too new with this.
    func execute(_ sql: String) async throws {
        try await writing { database in _ = try Row.fetchAll(database, sql: sql) }
    }

    func reading<Result: Sendable>(_ body: @Sendable (Database) throws -> Result) async throws -> Result {
        do {
            return try await queue.read(body)
        } catch {
            throw Self.explain(error, path)
        }
    }

    func writing<Result: Sendable>(_ body: @Sendable (Database) throws -> Result) async throws -> Result {
        do {
            return try await queue.writeWithoutTransaction(body)
        } catch {
            throw Self.explain(error, path)
        }
    }
}
