import FoundationEssentials
import Testing

@testable import TulleIdentity

@Suite struct JoinTokenTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func record(
        of token: JoinToken, uses: Int = 1, ttl: TimeInterval = 60
    ) throws -> JoinTokenRecord {
        JoinTokenRecord(
            id: token.id, hash: token.hash, account: try ServiceAccount("shop/cart"), createdAt: now,
            expiresAt: now + ttl, uses: uses)
    }

    @Test("a token's text gives the same token back, and no two are alike")
    func text() throws {
        let token = JoinToken()
        #expect(JoinToken(token.text) == token)
        #expect(token.text.utf8.count == 92)
        #expect(JoinToken().text != token.text)
        #expect(JoinToken().id != token.id)
    }

    @Test("neither a token's description nor its record has the secret")
    func secret() throws {
        let token = JoinToken()
        let secret = token.text.suffix(64)
        #expect(!"\(token)".contains(secret))
        #expect(!"\(try record(of: token))".contains(secret))
        #expect(Hex.text(token.hash) != secret)
    }

    @Test(
        "what is no token is none",
        arguments: ["", "tulle-join-", "Bearer x", "tulle-join-0123456789abcdef-zz", "tulle-join-0123456789abcdef-"])
    func malformed(text: String) {
        #expect(JoinToken(text) == nil)
    }

    @Test("capital digits and a longer secret are no token")
    func almost() {
        let text = JoinToken().text
        #expect(JoinToken(text + "0") == nil)
        #expect(JoinToken(String(text.dropLast())) == nil)
        #expect(JoinToken(text.prefix(28) + String(repeating: "A", count: 64)) == nil)
    }

    @Test("a token of one use serves once, then it is a replay")
    func replay() throws {
        let token = JoinToken()
        var record = try record(of: token)
        try record.redeem(token, at: now + 1)
        #expect(throws: JoinTokenRefusal.replayed(usedAt: now + 1)) { try record.redeem(token, at: now + 2) }
        #expect(record.used == 1)
    }

    @Test("a token of several uses serves so often")
    func exhausted() throws {
        let token = JoinToken()
        var record = try record(of: token, uses: 3)
        for _ in 0..<3 { try record.redeem(token, at: now) }
        #expect(throws: JoinTokenRefusal.exhausted(uses: 3)) { try record.redeem(token, at: now) }
    }

    @Test("a token serves until the moment it expires")
    func expired() throws {
        let token = JoinToken()
        var record = try record(of: token, uses: 2)
        try record.redeem(token, at: now + 59.9)
        #expect(throws: JoinTokenRefusal.expired(at: now + 60)) { try record.redeem(token, at: now + 60) }
    }

    @Test("a revoked token does not serve")
    func revoked() throws {
        let token = JoinToken()
        var record = try record(of: token)
        record.revokedAt = now
        #expect(throws: JoinTokenRefusal.revoked) { try record.redeem(token, at: now) }
    }

    @Test("a wrong secret is told nothing of the token's state")
    func wrongSecret() throws {
        let token = JoinToken()
        var record = try record(of: token)
        try record.redeem(token, at: now)
        let forged = try #require(JoinToken(token.text.dropLast(64) + String(repeating: "0", count: 64)))
        #expect(throws: JoinTokenRefusal.unknown) { try record.redeem(forged, at: now) }
        #expect(throws: JoinTokenRefusal.unknown) { try record.redeem(JoinToken(), at: now) }
    }
}
