import Foundation
import NIOHTTP1
import Testing
import TulleIdentity

@testable import TulleControl

@Suite("tokens and the authority over the API")
struct IdentityAPITests {
    private func token(
        _ account: String = "shop/cart", ttl: Int = 60, uses: Int = 1
    ) throws -> String {
        String(
            decoding: try APIJSON.encoder().encode(
                JoinTokenRequest(serviceAccount: account, ttlSeconds: ttl, uses: uses)), as: UTF8.self)
    }

    @Test("a token's secret is told once, and its state in the list") func tokens() async throws {
        try await RunningControlPlane.with { plane in
            let answer = try await plane.ask(.POST, "/api/v1/tokens", token(uses: 3), type: "application/json")
            #expect(answer.status == 201 && answer.headers.first(name: "cache-control") == "no-store")
            let made: NewJoinToken = try answer.decoded()
            #expect(JoinToken(made.token)?.id == made.record.id)
            let list = try await plane.get("/api/v1/tokens")
            #expect(!list.body.contains(made.token.suffix(64)))
            #expect(try list.decoded(JoinTokenList.self).items == [made.record])
            #expect(made.record.expiresAt.timeIntervalSince(made.record.createdAt) == 60)
            let revoked: JoinTokenView = try await plane.ask(.DELETE, "/api/v1/tokens/\(made.record.id)").decoded()
            #expect(revoked.state == "revoked")
            #expect(try await plane.get("/api/v1/tokens").decoded(JoinTokenList.self).items == [revoked])
        }
    }

    @Test("tokens that cannot be meant are refused") func wrongTokens() async throws {
        try await RunningControlPlane.with { plane in
            for body in [
                try token("cart"), try token("tulle-system/tulle-control"), try token(ttl: 0),
                try token(ttl: 31 * 86_400),
                try token(uses: 0), try token(uses: 1_000_001), "{}", "[]", "x", #"{"serviceAccount":7}"#,
            ] {
                let answer = try await plane.ask(.POST, "/api/v1/tokens", body, type: "application/json")
                #expect(answer.status == 400, "\(body): \(answer.body)")
            }
            #expect(try await plane.get("/api/v1/tokens").decoded(JoinTokenList.self).items.isEmpty)
        }
    }

    @Test("the authority shows its root, and a denial by an escaped ID can be taken back") func authority() async throws
    {
        try await RunningControlPlane.with { plane in
            let view: AuthorityView = try await plane.get("/api/v1/ca").decoded()
            #expect(view.trustDomain == "example.org" && view.certificates.count == 1 && view.lifetimeSeconds == 86_400)
            #expect(view.signing.hasPrefix("127.0.0.1:") && view.issued == 0 && view.denied.isEmpty)
            let bundle = try await plane.get("/api/v1/ca/bundle").body
            #expect(bundle == (try String(contentsOfFile: plane.folder + "/ca/cert.pem", encoding: .utf8)))
            let id = "spiffe://example.org/ns/shop/sa/cart"
            func deny(_ subject: String) async throws -> Int {
                let body = String(
                    decoding: try APIJSON.encoder().encode(DenialRequest(subject: subject)), as: UTF8.self)
                return try await plane.ask(.POST, "/api/v1/ca/denied", body, type: "application/json").status
            }
            #expect(try await deny(id) == 200)
            #expect(try await deny("spiffe://other.org/ns/shop/sa/cart") == 400)
            #expect(try await deny("spiffe://example.org//") == 400)
            #expect(try await deny("web") == 400)
            #expect(try await plane.get("/api/v1/ca").decoded(AuthorityView.self).denied.map(\.subject) == [id])
            let path =
                "/api/v1/ca/denied/"
                + id.replacingOccurrences(of: ":", with: "%3A").replacingOccurrences(of: "/", with: "%2F")
            #expect(try await plane.ask(.DELETE, path).status == 200)
            #expect(try await plane.ask(.DELETE, path).status == 404)
        }
    }
}
