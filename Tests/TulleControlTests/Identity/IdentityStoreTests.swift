import Foundation
import Testing
import TulleIdentity

@testable import TulleControl

@Suite struct IdentityStoreTests {
    private func record(_ serial: String, until: Date, at: Date) throws -> IssuedRecord {
        IssuedRecord(
            serial: serial, id: try SPIFFEID("spiffe://example.org/ns/a/sa/b"), proof: "test", issuedAt: at,
            expiresAt: until)
    }

    @Test("a spent token stays spent over a restart")
    func restart() async throws {
        let fixture = try IdentityFixture()
        let now = fixture.moment.now
        let token = try await fixture.token()
        try await fixture.store.record(try record("01", until: now + 60, at: now), redeeming: token, unlessDenied: [])
        fixture.store.close()
        let again = try SQLiteStore(path: fixture.folder + "/mesh.db")
        defer { again.close() }
        await #expect(throws: JoinTokenRefusal.replayed(usedAt: now)) {
            try await again.record(try record("02", until: now + 60, at: now), redeeming: token, unlessDenied: [])
        }
        #expect(try await again.tokens().map(\.used) == [1])
        #expect(try await again.issued(at: now, limit: 5).next.map(\.serial) == ["01"])
    }

    @Test("certificates that ended are forgotten but counted, and those that end first come first")
    func issued() async throws {
        let fixture = try IdentityFixture()
        let now = fixture.moment.now
        for (serial, life) in [("03", 30.0), ("01", 10.0), ("02", 20.0)] {
            try await fixture.store.record(
                try record(serial, until: now + life, at: now), redeeming: nil, unlessDenied: [])
        }
        #expect(try await fixture.store.issued(at: now, limit: 2).next.map(\.serial) == ["01", "02"])
        let later = now + 15
        #expect(try await fixture.store.issued(at: later, limit: 9).live == 2)
        try await fixture.store.record(try record("04", until: later + 60, at: later), redeeming: nil, unlessDenied: [])
        let summary = try await fixture.store.issued(at: later, limit: 9)
        #expect(summary.total == 4 && summary.live == 3 && summary.next.map(\.serial) == ["02", "03", "04"])
    }

    @Test("tokens that ended a week ago are forgotten when one is added")
    func tokens() async throws {
        let fixture = try IdentityFixture()
        let old = try await fixture.token(ttl: 60)
        fixture.moment.now += 60 + 7 * 24 * 3600 - 1
        let second = try await fixture.token()
        #expect(try await fixture.store.tokens().map(\.id) == [old.id, second.id])
        fixture.moment.now += 2
        let third = try await fixture.token()
        #expect(Set(try await fixture.store.tokens().map(\.id)) == [second.id, third.id])
        #expect(try await fixture.store.revokeToken(old.id, at: fixture.moment.now) == nil)
    }

    @Test("a denial is kept once, with its first date")
    func denials() async throws {
        let fixture = try IdentityFixture()
        let now = fixture.moment.now
        let subject = try DeniedSubject("0a")
        let first = try await fixture.store.deny(subject, at: now)
        #expect(try await fixture.store.deny(subject, at: now + 60) == first)
        #expect(try await fixture.store.denials() == [Denial(subject: subject, createdAt: now)])
        let token = try await fixture.token()
        let wanted = try record("01", until: now + 60, at: now)
        let subjects = [try DeniedSubject("0b"), subject]
        await #expect(throws: IdentityRefusal.denied(subject)) {
            try await fixture.store.record(wanted, redeeming: token, unlessDenied: subjects)
        }
        #expect(try await fixture.store.tokens().map(\.used) == [0], "who is denied spends no token")
        #expect(try await fixture.store.allow(subject))
        #expect(try await !fixture.store.allow(subject))
        try await fixture.store.record(wanted, redeeming: token, unlessDenied: subjects)
    }

    @Test("one identity has no more than so many certificates that live, and others are not held up by it")
    func manyCertificates() async throws {
        let fixture = try IdentityFixture()
        let now = fixture.moment.now
        try await fixture.store.execute(
            """
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(SQLiteStore.maxLiveCertificates))
            INSERT INTO certificates SELECT 'x' || n, 'spiffe://example.org/ns/a/sa/b', 'test', 0, \(Int64((now + 30).timeIntervalSince1970 * 1000))
            FROM numbers
            """)
        let one = try record("01", until: now + 60, at: now)
        await #expect(throws: IdentityRefusal.tooMany(one.id, live: SQLiteStore.maxLiveCertificates)) {
            try await fixture.store.record(one, redeeming: nil, unlessDenied: [])
        }
        var other = one
        other.id = try SPIFFEID("spiffe://example.org/ns/a/sa/c")
        try await fixture.store.record(other, redeeming: nil, unlessDenied: [])
        try await fixture.store.record(
            try record("02", until: now + 90, at: now + 31), redeeming: nil, unlessDenied: [])
    }

    @Test("tokens that ended make room for others")
    func room() async throws {
        let fixture = try IdentityFixture()
        let end = Int64((fixture.moment.now + 600).timeIntervalSince1970 * 1000)
        func fill(used: Int) async throws {
            try await fixture.store.execute("DELETE FROM join_tokens")
            try await fixture.store.execute(
                """
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(SQLiteStore.maxTokens))
                INSERT INTO join_tokens SELECT 'x' || n, x'00', 'shop/cart', 0, \(end), 1, \(used), NULL, NULL FROM numbers
                """)
        }
        try await fill(used: 0)
        await #expect(throws: StoreError.self) { try await fixture.token() }
        try await fill(used: 1)
        _ = try await fixture.token()
    }
}
