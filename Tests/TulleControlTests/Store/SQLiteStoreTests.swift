import Foundation
import Synchronization
import Testing

@testable import TulleControl

@Suite("the SQLite engine")
struct SQLiteStoreTests {
    @Test("keeps what is put") func keeps() async throws {
        try await withStore { try await StoreConformance.keepsWhatIsPut($0) }
    }

    @Test("leaves out puts that change nothing") func unchanged() async throws {
        try await withStore { try await StoreConformance.leavesOutPutsThatChangeNothing($0) }
    }

    @Test("lists by kind and namespace") func lists() async throws {
        try await withStore { try await StoreConformance.listsByKindAndNamespace($0) }
    }

    @Test("refuses writes whose condition fails, all of them") func conditions() async throws {
        try await withStore { try await StoreConformance.refusesWritesWhoseConditionFails($0) }
    }

    @Test("tells watchers each transaction once and in order") func watches() async throws {
        try await withStore { try await StoreConformance.watchersSeeEachTransactionOnceAndInOrder($0) }
    }

    @Test("tells watchers that are too old") func compacts() async throws {
        try await withStore(logLength: 10) { try await StoreConformance.tellsWatchersThatAreTooOld($0, length: 10) }
    }

    @Test("concurrent writers never lose an update") func concurrency() async throws {
        try await withStore { try await StoreConformance.concurrentWritersNeverLoseAnUpdate($0) }
    }

    @Test("leases have one holder until they expire") func leases() async throws {
        let clock = Mutex(Date(timeIntervalSince1970: 1_700_000_000))
        try await withStore(now: { clock.withLock { $0 } }) { store in
            try await StoreConformance.leasesHaveOneHolderUntilTheyExpire(store) { duration in
                clock.withLock { $0 += duration.timeInterval }
            }
        }
    }

    @Test("what was acknowledged is there after reopening, and revisions go on") func reopens() async throws {
        try await withFolder { folder in
            let path = folder + "/tulle.db"
            var store = try SQLiteStore(path: path)
            let first = try await store.put(StoreConformance.draft("a"))
            store.close()
            store = try SQLiteStore(path: path)
            #expect(try await store.get(StoreConformance.key("a"))?.revision == first.revision)
            let second = try await store.delete(StoreConformance.key("a"))
            #expect(second.revision == first.revision + 1)
            store.close()
        }
    }

    @Test("a second control plane on the same file is refused with the first one's process") func locks() async throws {
        try await withFolder { folder in
            let path = folder + "/tulle.db"
            let store = try SQLiteStore(path: path)
            #expect(throws: StoreError.inUse(path: path, by: "process \(getpid())")) {
                _ = try SQLiteStore(path: path)
            }
            store.close()
        }
    }

    @Test("a file that is no database, and a damaged one, are refused with what to do") func damaged() async throws {
        try await withFolder { folder in
            let path = folder + "/tulle.db"
            try Data(repeating: 65, count: 8192).write(to: URL(fileURLWithPath: path))
            #expect {
                _ = try SQLiteStore(path: path)
            } throws: { error in
                "\(error)".contains("is damaged") && "\(error)".contains(path)
            }
        }
    }

    @Test("a file of a later schema is refused") func tooNew() async throws {
        try await withFolder { folder in
            let path = folder + "/tulle.db"
            let store = try SQLiteStore(path: path)
            try await store.execute("PRAGMA user_version = 99")
            store.close()
            #expect(throws: StoreError.tooNew(path: path, schema: 99, known: 3)) { _ = try SQLiteStore(path: path) }
        }
    }

    @Test("a full disk refuses the write, changes nothing and says so") func fullDisk() async throws {
        try await withStore { store in
            let before = try await store.put(StoreConformance.draft("a"))
            // SQLite's own bound on pages fails as a full disk does, with SQLITE_FULL.
            try await store.execute("PRAGMA max_page_count = 1")
            let big = String(repeating: "x", count: 1 << 20)
            await #expect {
                _ = try await store.put(StoreConformance.draft("b", big))
            } throws: { error in
                "\(error)".contains("is full")
            }
            #expect(try await store.list().revision == before.revision)
            #expect(try await store.get(StoreConformance.key("a")) != nil)
        }
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "tulle-store-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await body(folder)
    }

    private func withStore(
        logLength: Int64 = SQLiteStore.defaultLogLength, now: @escaping @Sendable () -> Date = { Date() },
        _ body: (SQLiteStore) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let store = try SQLiteStore(path: folder + "/tulle.db", logLength: logLength, now: now)
            try await body(store)
            store.close()
        }
    }
}
