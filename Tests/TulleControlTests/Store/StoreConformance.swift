import Foundation
import Testing

@testable import TulleControl

/// What any engine of `Store` must do, as functions over an empty store, so that each engine's tests can run them.
enum StoreConformance {
    static func key(_ name: String, kind: String = "HTTPRoute", namespace: String = "default") -> StoredKey {
        StoredKey(group: "gateway.networking.k8s.io", kind: kind, namespace: namespace, name: name)
    }

    static func draft(
        _ name: String, _ document: String = "{}", kind: String = "HTTPRoute", namespace: String = "default",
        owner: ResourceOwner = .api
    ) -> ResourceDraft {
        ResourceDraft(
            key: key(name, kind: kind, namespace: namespace), version: "v1", document: document, owner: owner)
    }

    static func keepsWhatIsPut(_ store: some Store) async throws {
        #expect(try await store.get(key("a")) == nil)
        let first = try await store.put(draft("a", #"{"x":1}"#, owner: .file("/etc/tulle/a.yaml")))
        let stored = try #require(try await store.get(key("a")))
        #expect(first.events == [.put(stored)])
        #expect(stored.document == #"{"x":1}"#)
        #expect(stored.owner == .file("/etc/tulle/a.yaml"))
        #expect(stored.version == "v1")
        #expect(stored.generation == 1)
        #expect(stored.revision == first.revision)

        let second = try await store.put(draft("a", #"{"x":2}"#))
        let changed = try #require(try await store.get(key("a")))
        #expect(second.revision > first.revision)
        #expect(changed.generation == 2)
        #expect(changed.createdAt == stored.createdAt)
    }

    static func leavesOutPutsThatChangeNothing(_ store: some Store) async throws {
        let first = try await store.put(draft("a"))
        let again = try await store.put(draft("a"))
        #expect(again.events.isEmpty)
        #expect(again.revision == first.revision)
        let moved = try await store.put(draft("a", owner: .file("/f")))
        #expect(moved.events.count == 1)
        #expect(try await store.get(key("a"))?.generation == 1)
    }

    static func listsByKindAndNamespace(_ store: some Store) async throws {
        _ = try await store.commit([
            .put(draft("b"), if: .always), .put(draft("a"), if: .always),
            .put(draft("a", namespace: "shop"), if: .always), .put(draft("s", kind: "Service"), if: .always),
        ])
        let all = try await store.list()
        #expect(
            all.resources.map(\.key.description) == [
                "HTTPRoute default/a", "HTTPRoute default/b", "HTTPRoute shop/a", "Service default/s",
            ])
        #expect(all.resources.allSatisfy { $0.revision == all.revision })
        #expect(try await store.list(kind: "HTTPRoute", namespace: nil).resources.count == 3)
        #expect(try await store.list(kind: nil, namespace: "shop").resources.count == 1)
        #expect(try await store.list(kind: "Service", namespace: "shop").resources.isEmpty)
    }

    static func refusesWritesWhoseConditionFails(_ store: some Store) async throws {
        let first = try await store.put(draft("a"), if: .absent)
        await #expect(throws: StoreError.conflict(key("a"), expected: .absent, actual: first.revision)) {
            try await store.put(draft("a", "[]"), if: .absent)
        }
        await #expect(throws: StoreError.conflict(key("z"), expected: .revision(1), actual: nil)) {
            try await store.delete(key("z"), if: .revision(1))
        }
        let second = try await store.put(draft("a", "[2]"), if: .revision(first.revision))
        await #expect(
            throws: StoreError.conflict(key("a"), expected: .revision(first.revision), actual: second.revision)
        ) {
            try await store.delete(key("a"), if: .revision(first.revision))
        }
        // All or none: the first write of this transaction would have been fine.
        await #expect(throws: StoreError.self) {
            try await store.commit([.put(draft("new"), if: .always), .put(draft("a", "[3]"), if: .absent)])
        }
        #expect(try await store.get(key("new")) == nil)
        #expect(try await store.list().revision == second.revision)
        #expect(try await store.delete(key("a"), if: .revision(second.revision)).events.count == 1)
        #expect(try await store.delete(key("a")).events.isEmpty)
    }

    static func watchersSeeEachTransactionOnceAndInOrder(_ store: some Store) async throws {
        let first = try await store.put(draft("a"))
        let second = try await store.commit([.put(draft("b"), if: .always), .put(draft("c"), if: .always)])
        var early = try await store.watch(after: first.revision).makeAsyncIterator()
        var late = try await store.watch(after: second.revision).makeAsyncIterator()
        let third = try await store.delete(key("a"))
        #expect(try await early.next() == second)
        #expect(try await early.next() == third)
        #expect(try await late.next() == third)
        guard case .delete(let last)? = third.events.first else {
            Issue.record("a deletion must be told as one")
            return
        }
        #expect(last.revision == third.revision)
    }

    /// - Parameter length: how many transactions the store was told to keep.
    static func tellsWatchersThatAreTooOld(_ store: some Store, length: Int) async throws {
        for number in 0..<(length * 3) { _ = try await store.put(draft("a", "[\(number)]")) }
        let list = try await store.list()
        await #expect(throws: StoreError.self) { _ = try await store.watch(after: 1) }
        var recent = try await store.watch(after: list.revision - 1).makeAsyncIterator()
        #expect(try await recent.next()?.revision == list.revision)
    }

    static func concurrentWritersNeverLoseAnUpdate(_ store: some Store) async throws {
        _ = try await store.put(draft("counter", "0"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var done = 0
                    while done < 10 {
                        guard let present = try await store.get(key("counter")) else { return }
                        let next = (Int(present.document) ?? 0) + 1
                        do {
                            _ = try await store.put(draft("counter", "\(next)"), if: .revision(present.revision))
                            done += 1
                        } catch StoreError.conflict {
                            continue
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.get(key("counter"))?.document == "40")
    }

    /// - Parameter advance: lets the store's clock go on; an engine with a clock of its own waits for real.
    static func leasesHaveOneHolderUntilTheyExpire(
        _ store: some Store, advance: (Duration) async throws -> Void
    ) async throws {
        let ttl = Duration.seconds(2)
        let mine = try await store.acquireLease("leader", holder: "one", ttl: ttl)
        #expect(try await store.lease("leader")?.holder == "one")
        await #expect(throws: StoreError.leaseHeld(name: "leader", by: "one")) {
            _ = try await store.acquireLease("leader", holder: "two", ttl: ttl)
        }
        try await advance(.seconds(1))
        let renewed = try await store.renewLease(mine)
        #expect(renewed.expiresAt > mine.expiresAt)
        #expect(renewed.token == mine.token)
        try await advance(.seconds(1.5))
        #expect(try await store.lease("leader")?.holder == "one")
        try await advance(.seconds(1))
        #expect(try await store.lease("leader") == nil)
        let theirs = try await store.acquireLease("leader", holder: "two", ttl: ttl)
        #expect(theirs.token > mine.token)
        await #expect(throws: StoreError.leaseLost(name: "leader")) { _ = try await store.renewLease(renewed) }
        try await store.releaseLease(renewed)
        #expect(try await store.lease("leader")?.holder == "two")
        try await store.releaseLease(theirs)
        #expect(try await store.lease("leader") == nil)
        _ = try await store.acquireLease("leader", holder: "one", ttl: ttl)
    }
}
