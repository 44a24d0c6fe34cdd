import Foundation
import GRDB

/// Rows to values and back.
extension SQLiteStore {
    static func revision(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT revision FROM meta") ?? 0
    }

    static func fetch(_ key: StoredKey, _ database: Database) throws -> StoredResource? {
        try Row.fetchOne(
            database,
            sql: "SELECT * FROM resources WHERE kind = ? AND namespace = ? AND name = ? AND api_group = ?",
            arguments: [key.kind, key.namespace, key.name, key.group]
        ).map { try resource($0) }
    }

    /// Reads a row of `resources` or of `changes`.
    static func resource(_ row: Row) throws -> StoredResource {
        let sourceText: String = row["source"]
        guard let owner = ResourceOwner(sourceText) else {
            throw StoreError.unavailable("the store holds source \"\(sourceText)\": must be api or file:PATH")
        }
        return StoredResource(
            key: StoredKey(
                group: row["api_group"], kind: row["kind"], namespace: row["namespace"], name: row["name"]),
            version: row["version"], document: row["document"], generation: row["generation"],
            revision: row["revision"], createdAt: Date(milliseconds: row["created_at"]),
            createdRevision: row["created_revision"], owner: owner)
    }

    /// Does one write within a transaction; nil when it changes nothing.
    static func perform(
        _ write: StoreWrite, revision: Int64, at time: Date, _ database: Database
    ) throws -> StoreEvent? {
        let key = write.key
        let present = try fetch(key, database)
        switch write.condition {
        case .always: break
        case .absent where present == nil: break
        case .revision(let expected) where present?.revision == expected: break
        case .absent, .revision:
            throw StoreError.conflict(key, expected: write.condition, actual: present?.revision)
        }
        switch write {
        case .delete:
            guard var last = present else { return nil }
            try database.execute(
                sql: "DELETE FROM resources WHERE kind = ? AND namespace = ? AND name = ? AND api_group = ?",
                arguments: [key.kind, key.namespace, key.name, key.group])
            last.revision = revision
            return .delete(last)
        case .put(let draft, _):
            let sameDocument = present?.document == draft.document && present?.version == draft.version
            if sameDocument, present?.owner == draft.owner { return nil }
            let resource = StoredResource(
                key: key, version: draft.version, document: draft.document,
                generation: (present?.generation ?? 0) + (sameDocument ? 0 : 1), revision: revision,
                createdAt: present?.createdAt ?? Date(milliseconds: time.milliseconds),
                createdRevision: present?.createdRevision ?? revision, owner: draft.owner)
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO resources
                        (kind, namespace, name, api_group, version, document, generation, revision, created_at,
                        created_revision, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key.kind, key.namespace, key.name, key.group, resource.version, resource.document,
                    resource.generation, revision, resource.createdAt.milliseconds, resource.createdRevision,
                    resource.owner.description,
                ])
            return .put(resource)
        }
    }

    static func log(_ events: [StoreEvent], revision: Int64, _ database: Database) throws {
        for (position, event) in events.enumerated() {
            let resource = event.resource
            var deleted = false
            if case .delete = event { deleted = true }
            try database.execute(
                sql: """
                    INSERT INTO changes (revision, position, deleted, kind, namespace, name, api_group, version,
                        document, generation, created_at, created_revision, source)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    revision, position, deleted ? 1 : 0, resource.key.kind, resource.key.namespace, resource.key.name,
                    resource.key.group, resource.version, resource.document, resource.generation,
                    resource.createdAt.milliseconds, resource.createdRevision,
                    resource.owner.description,
                ])
        }
    }

    /// Drops the oldest transactions of the log once it is a tenth over its length: not one delete a commit.
    static func compact(revision: Int64, keep: Int64, _ database: Database) throws {
        let compacted = try Int64.fetchOne(database, sql: "SELECT compacted FROM meta") ?? 0
        guard revision - compacted > keep + keep / 10 else { return }
        try database.execute(sql: "DELETE FROM changes WHERE revision <= ?", arguments: [revision - keep])
        try database.execute(sql: "UPDATE meta SET compacted = ?", arguments: [revision - keep])
    }

    static func fetchLease(_ name: String, _ database: Database) throws -> Lease? {
        try Row.fetchOne(database, sql: "SELECT * FROM leases WHERE name = ?", arguments: [name]).map { row in
            let ttl: Int64 = row["ttl_ms"]
            return Lease(
                name: row["name"], holder: row["holder"], ttl: .milliseconds(ttl),
                expiresAt: Date(milliseconds: row["expires_at"]), token: row["token"])
        }
    }

    static func save(_ lease: Lease, _ database: Database) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO leases (name, holder, ttl_ms, expires_at, token) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                lease.name, lease.holder, Int64(lease.ttl.timeInterval * 1000), lease.expiresAt.milliseconds,
                lease.token,
            ])
    }
}

extension Date {
    /// The store keeps whole milliseconds, so that what is read back equals what was written.
    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }
}

extension Duration {
    /// Seconds, for Foundation's dates.
    var timeInterval: TimeInterval { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
