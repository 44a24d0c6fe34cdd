import GRDB

/// The tables of the SQLite engine and how older files become today's.
enum StoreSchema {
    /// Each migration once, in order, never edited after a release: a file records those it has had.
    static let migrations: [@Sendable (Database) throws -> Void] = [
        { database in
            try database.execute(
                sql: """
                    CREATE TABLE meta (
                        -- One row. `compacted` is the last revision that the log of changes no longer holds.
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        revision INTEGER NOT NULL,
                        compacted INTEGER NOT NULL,
                        lease_token INTEGER NOT NULL
                    );
                    INSERT INTO meta VALUES (1, 0, 0, 0);
                    CREATE TABLE resources (
                        kind TEXT NOT NULL,
                        namespace TEXT NOT NULL,
                        name TEXT NOT NULL,
                        api_group TEXT NOT NULL,
                        version TEXT NOT NULL,
                        document TEXT NOT NULL,
                        generation INTEGER NOT NULL,
                        revision INTEGER NOT NULL,
                        created_at INTEGER NOT NULL,
                        created_revision INTEGER NOT NULL,
                        source TEXT NOT NULL,
                        PRIMARY KEY (kind, namespace, name, api_group)
                    ) WITHOUT ROWID;
                    CREATE TABLE changes (
                        revision INTEGER NOT NULL,
                        position INTEGER NOT NULL,
                        deleted INTEGER NOT NULL,
                        kind TEXT NOT NULL,
                        namespace TEXT NOT NULL,
                        name TEXT NOT NULL,
                        api_group TEXT NOT NULL,
                        version TEXT NOT NULL,
                        document TEXT NOT NULL,
                        generation INTEGER NOT NULL,
                        created_at INTEGER NOT NULL,
                        created_revision INTEGER NOT NULL,
                        source TEXT NOT NULL,
                        PRIMARY KEY (revision, position)
                    ) WITHOUT ROWID;
                    CREATE TABLE leases (
                        name TEXT PRIMARY KEY,
                        holder TEXT NOT NULL,
                        ttl_ms INTEGER NOT NULL,
                        expires_at INTEGER NOT NULL,
                        token INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    """)
        },
        { database in
            try database.execute(
                sql: """
                    ALTER TABLE meta ADD COLUMN issued INTEGER NOT NULL DEFAULT 0;
                    CREATE TABLE join_tokens (
                        id TEXT PRIMARY KEY,
                        hash BLOB NOT NULL,
                        account TEXT NOT NULL,
                        created_at INTEGER NOT NULL,
                        expires_at INTEGER NOT NULL,
                        uses INTEGER NOT NULL,
                        used INTEGER NOT NULL,
                        last_used_at INTEGER,
                        revoked_at INTEGER
                    ) WITHOUT ROWID;
                    CREATE TABLE certificates (
                        serial TEXT PRIMARY KEY,
                        spiffe_id TEXT NOT NULL,
                        proof TEXT NOT NULL,
                        issued_at INTEGER NOT NULL,
                        expires_at INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    CREATE INDEX certificates_by_end ON certificates (expires_at);
                    CREATE TABLE denials (
                        subject TEXT PRIMARY KEY,
                        created_at INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    """)
        },
        { database in
            try database.execute(sql: "CREATE INDEX certificates_by_id ON certificates (spiffe_id, expires_at)")
        },
    ]

    /// Brings a file to today's schema; `PRAGMA user_version` counts the migrations that it has had.
    static func migrate(_ database: Database, path: String) throws {
        let present = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard present <= migrations.count else {
            throw StoreError.tooNew(path: path, schema: present, known: migrations.count)
        }
        for number in present..<migrations.count {
            try database.inTransaction(.immediate) {
                try migrations[number](database)
                try database.execute(sql: "PRAGMA user_version = \(number + 1)")
                return .commit
            }
        }
    }
}
