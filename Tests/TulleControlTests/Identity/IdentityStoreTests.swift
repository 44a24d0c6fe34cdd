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
        try await fixture.store.record(try record("01", until: now + 60, at: now), redeeming: token)
        fixture.store.close()
        let again = try SQLiteStore(path: fixture.folder + "/mesh.db")
        defer { again.close() }
        await #expect(throws: JoinTokenRefusal.replayed(usedAt: now)) {
            try await again.record(try record("02", until: now + 60, at: now), redeeming: token)
        }
        #expect(try await again.tokens().map(\.used) == [1])
        #expect(try await again.issued(at: now, limit: 5).next.map(\.serial) == ["01"])
    }

    @Test("certificates that ended are forgotten but counted, and those that end first come first")
    func issued() async throws {
        let fixture = try IdentityFixture()
        let now = fixture.moment.now
        for (serial, life) in [("03", 30.0), ("01", 10.0), ("02", 20.0)] {
            try await fixture.store.record(try record(serial, until: now + life, at: now), redeeming: nil)
        }
        #expect(try await fixture.store.issued(at: now, limit: 2).next.map(\.serial) == ["01", "02"])
        let later = now + 15
        #expect(try await fixture.store.issued(at: later, limit: 9).live == 2)
        try await fixture.store.record(try record("04", until: later + 60, at: later), redeeming: nil)
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
        #expect(try await fixture.store.isDenied([try DeniedSubject("0b"), subject]) == subject)
        #expect(try await fixture.store.allow(subject))
        #expect(try await !fixture.store.allow(subject))
        #expect(try await fixture.store.isDenied([subject]) == nil)
    }
}
