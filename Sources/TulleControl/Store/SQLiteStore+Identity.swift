import Foundation
import GRDB
import TulleIdentity

extension SQLiteStore: IdentityStore {
    // What became of a token can be asked for so long after its end.
    private static let tokenMemory: TimeInterval = 7 * 24 * 3600
    /// More tokens that may be used are a mistake, and more that are remembered somebody's attempt to fill the disk.
    static let maxTokens = 10_000
    static let maxRememberedTokens = 100_000
    /// Each workload of an identity has one or two; the largest services have some thousand workloads.
    static let maxLiveCertificates = 10_000

    func add(_ token: JoinTokenRecord, at now: Date) async throws {
        try await writing { database in
            try database.inTransaction(.immediate) {
                try database.execute(
                    sql: "DELETE FROM join_tokens WHERE expires_at < ?",
                    arguments: [(now - Self.tokenMemory).milliseconds])
                let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM join_tokens") ?? 0
                let live = try Int.fetchOne(
                    database,
                    sql: "SELECT count(*) FROM join_tokens WHERE expires_at > ? AND used < uses AND revoked_at IS NULL",
                    arguments: [now.milliseconds])
                guard live ?? 0 < Self.maxTokens, count < Self.maxRememberedTokens else {
                    throw StoreError.unavailable(
                        "\(count) join tokens are kept, and no more: give a token more uses, or a shorter life")
                }
                try Self.save(token, database)
                return .commit
            }
        }
    }

    func tokens() async throws -> [JoinTokenRecord] {
        try await reading { database in
            try Row.fetchAll(database, sql: "SELECT * FROM join_tokens ORDER BY created_at, id").map(Self.token)
        }
    }

    func token(_ id: String) async throws -> JoinTokenRecord? {
        try await reading { database in try Self.token(id, database) }
    }

    func revokeToken(_ id: String, at now: Date) async throws -> JoinTokenRecord? {
        try await writing { database in
            var record: JoinTokenRecord?
            try database.inTransaction(.immediate) {
                record = try Self.token(id, database)
                guard var revoked = record, revoked.revokedAt == nil else { return .rollback }
                revoked.revokedAt = now
                try Self.save(revoked, database)
                record = revoked
                return .commit
            }
            return record
        }
    }

    func record(
        _ certificate: IssuedRecord, redeeming token: JoinToken?, unlessDenied subjects: [DeniedSubject]
    ) async throws {
        try await writing { database in
            try database.inTransaction(.immediate) {
                if let denied = try Self.firstDenied(subjects, database) { throw IdentityRefusal.denied(denied) }
                let live = try Int.fetchOne(
                    database, sql: "SELECT count(*) FROM certificates WHERE spiffe_id = ? AND expires_at > ?",
                    arguments: [certificate.id.description, certificate.issuedAt.milliseconds])
                guard live ?? 0 < Self.maxLiveCertificates else {
                    throw IdentityRefusal.tooMany(certificate.id, live: live ?? 0)
                }
                if let token {
                    guard var record = try Self.token(token.id, database) else { throw JoinTokenRefusal.unknown }
                    try record.redeem(token, at: certificate.issuedAt)
                    try Self.save(record, database)
                }
                try database.execute(
                    sql: "DELETE FROM certificates WHERE expires_at < ?",
                    arguments: [certificate.issuedAt.milliseconds])
                try database.execute(
                    sql: """
                        INSERT INTO certificates (serial, spiffe_id, proof, issued_at, expires_at)
                        VALUES (?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        certificate.serial, certificate.id.description, certificate.proof,
                        certificate.issuedAt.milliseconds, certificate.expiresAt.milliseconds,
                    ])
                try database.execute(sql: "UPDATE meta SET issued = issued + 1")
                return .commit
            }
        }
    }

    func issued(at now: Date, limit: Int) async throws -> IssuedSummary {
        try await reading { database in
            let live = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM certificates WHERE expires_at > ?", arguments: [now.milliseconds])
            let rows = try Row.fetchAll(
                database, sql: "SELECT * FROM certificates WHERE expires_at > ? ORDER BY expires_at, serial LIMIT ?",
                arguments: [now.milliseconds, limit])
            return IssuedSummary(
                total: try Int.fetchOne(database, sql: "SELECT issued FROM meta") ?? 0, live: live ?? 0,
                next: try rows.map { row in
                    let id: String = row["spiffe_id"]
                    return IssuedRecord(
                        serial: row["serial"], id: try SPIFFEID(id), proof: row["proof"],
                        issuedAt: Date(milliseconds: row["issued_at"]),
                        expiresAt: Date(milliseconds: row["expires_at"]))
                })
        }
    }

    func deny(_ subject: DeniedSubject, at now: Date) async throws -> Denial {
        try await writing { database in
            try database.execute(
                sql: "INSERT OR IGNORE INTO denials (subject, created_at) VALUES (?, ?)",
                arguments: [subject.description, now.milliseconds])
            let since = try Int64.fetchOne(
                database, sql: "SELECT created_at FROM denials WHERE subject = ?", arguments: [subject.description])
            return Denial(subject: subject, createdAt: Date(milliseconds: since ?? now.milliseconds))
        }
    }

    func allow(_ subject: DeniedSubject) async throws -> Bool {
        try await writing { database in
            try database.execute(sql: "DELETE FROM denials WHERE subject = ?", arguments: [subject.description])
            return database.changesCount > 0
        }
    }

    func denials() async throws -> [Denial] {
        try await reading { database in
            try Row.fetchAll(database, sql: "SELECT * FROM denials ORDER BY subject").map { row in
                Denial(subject: try DeniedSubject(row["subject"]), createdAt: Date(milliseconds: row["created_at"]))
            }
        }
    }

    private static func firstDenied(_ subjects: [DeniedSubject], _ database: Database) throws -> DeniedSubject? {
        try subjects.first { subject in
            try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM denials WHERE subject = ?)",
                arguments: [subject.description]) == true
        }
    }

    private static func token(_ id: String, _ database: Database) throws -> JoinTokenRecord? {
        try Row.fetchOne(database, sql: "SELECT * FROM join_tokens WHERE id = ?", arguments: [id]).map(token)
    }

    private static func token(_ row: Row) throws -> JoinTokenRecord {
        let hash: Data = row["hash"]
        let lastUsed: Int64? = row["last_used_at"]
        let revoked: Int64? = row["revoked_at"]
        let account: String = row["account"]
        return JoinTokenRecord(
            id: row["id"], hash: Array(hash), account: try ServiceAccount(account),
            createdAt: Date(milliseconds: row["created_at"]), expiresAt: Date(milliseconds: row["expires_at"]),
            uses: row["uses"], used: row["used"], lastUsedAt: lastUsed.map { Date(milliseconds: $0) },
            revokedAt: revoked.map { Date(milliseconds: $0) })
    }

    private static func save(_ token: JoinTokenRecord, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO join_tokens
                    (id, hash, account, created_at, expires_at, uses, used, last_used_at, revoked_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                token.id, Data(token.hash), token.account.description, token.createdAt.milliseconds,
                token.expiresAt.milliseconds, token.uses, token.used, token.lastUsedAt?.milliseconds,
                token.revokedAt?.milliseconds,
            ])
    }
}
