import Foundation
import Testing
import TulleIdentity
import TulleXDSServer

@testable import TulleControl

@Suite struct RegistrationAuthorityTests {
    private let csr = IdentityFixture.csr

    @Test("a join token gets a certificate of its account, once, and the store remembers it")
    func token() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        let chain = try await fixture.registration.issue(CertificateCall(csr: csr, bearer: token.text))
        let peer = try await SVIDVerifier(fixture.authority).verify(
            try chain.map(IdentityFixture.der), at: fixture.moment.now)
        #expect(peer.id.description == "spiffe://example.org/ns/shop/sa/cart")
        let issued = try await fixture.store.issued(at: fixture.moment.now, limit: 10)
        #expect(issued.total == 1 && issued.live == 1)
        #expect(issued.next.map(\.serial) == [peer.serial] && issued.next[0].proof == "token \(token.id)")
        let refusal = await fixture.refusal(CertificateCall(csr: csr, bearer: token.text))
        #expect(refusal?.code == .unauthenticated && refusal?.message.contains("used already") == true)
    }

    @Test("of many that come at once with one token, one gets a certificate")
    func race() async throws {
        let fixture = try IdentityFixture()
        let call = CertificateCall(csr: csr, bearer: try await fixture.token().text)
        let registration = fixture.registration
        let successes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 { group.addTask { (try? await registration.issue(call)) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(successes == 1)
        #expect(try await fixture.store.issued(at: fixture.moment.now, limit: 1).total == 1)
    }

    @Test("a wrong request does not spend the token, and is told only to who proved himself")
    func wrongRequest() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        #expect(await fixture.refusal(CertificateCall(csr: "x", bearer: token.text))?.code == .invalidArgument)
        #expect(await fixture.refusal(CertificateCall(csr: "x", bearer: JoinToken().text))?.code == .unauthenticated)
        #expect(await fixture.refusal(CertificateCall(csr: csr, bearer: token.text)) == nil)
    }

    @Test("each fault of a token has its own words")
    func tokenFaults() async throws {
        let fixture = try IdentityFixture()
        let expiring = try await fixture.token(ttl: 10)
        let several = try await fixture.token(uses: 2)
        let revoked = try await fixture.token()
        _ = try await fixture.store.revokeToken(revoked.id, at: fixture.moment.now)
        for _ in 0..<2 { #expect(await fixture.refusal(CertificateCall(csr: csr, bearer: several.text)) == nil) }
        fixture.moment.now += 10
        for (bearer, words) in [
            (expiring.text, "expired"), (several.text, "2 uses are spent"), (revoked.text, "revoked"),
            (JoinToken().text, "not known"), ("eyJhbGciOiJIUzI1NiJ9.e30.x", "no join token"), ("", "no join token"),
        ] {
            let refusal = await fixture.refusal(CertificateCall(csr: csr, bearer: bearer))
            #expect(refusal?.code == .unauthenticated && refusal?.message.contains(words) == true, "\(words)")
        }
    }

    @Test("a certificate renews itself and nobody else, until it ends")
    func renewal() async throws {
        let fixture = try IdentityFixture()
        let first = try await fixture.registration.issue(
            CertificateCall(csr: csr, lifetime: .seconds(600), bearer: try await fixture.token().text))
        let call = CertificateCall(
            csr: csr, certificates: try first.map(IdentityFixture.der),
            metadata: ["SERVICE_ACCOUNT": "admin", "NAMESPACE": "kube-system"])
        fixture.moment.now += 599
        let second = try await fixture.registration.issue(call)
        let peer = try await SVIDVerifier(fixture.authority).verify(
            try second.map(IdentityFixture.der), at: fixture.moment.now)
        #expect(peer.id.description == "spiffe://example.org/ns/shop/sa/cart")
        fixture.moment.now += 1
        let refusal = await fixture.refusal(call)
        #expect(refusal?.code == .unauthenticated && refusal?.message.contains("expired") == true)
    }

    @Test("a certificate of another authority proves nothing")
    func stranger() async throws {
        let fixture = try IdentityFixture()
        let other = try IdentityFixture()
        let chain = try await other.registration.issue(
            CertificateCall(csr: csr, bearer: try await other.token().text))
        let refusal = await fixture.refusal(
            CertificateCall(csr: csr, certificates: try chain.map(IdentityFixture.der)))
        #expect(
            refusal?.code == .unauthenticated && refusal?.message.contains("not signed by this mesh's root") == true)
    }

    @Test("who is denied gets nothing by any proof, and who holds a denied certificate cannot renew it")
    func denied() async throws {
        let fixture = try IdentityFixture(users: LocalIdentities([try .init("7=*/*")]))
        let chain = try await fixture.registration.issue(
            CertificateCall(csr: csr, bearer: try await fixture.token(uses: 9).text))
        let renewal = CertificateCall(csr: csr, certificates: try chain.map(IdentityFixture.der))
        let serial = try await fixture.store.issued(at: fixture.moment.now, limit: 1).next[0].serial
        _ = try await fixture.store.deny(try DeniedSubject(serial), at: fixture.moment.now)
        #expect(await fixture.refusal(renewal)?.code == .permissionDenied)
        #expect(try await fixture.store.allow(try DeniedSubject(serial)))
        #expect(await fixture.refusal(renewal) == nil)
        let id = try DeniedSubject("spiffe://example.org/ns/shop/sa/cart")
        _ = try await fixture.store.deny(id, at: fixture.moment.now)
        let local = CertificateCall(
            csr: csr, user: 7, metadata: ["SERVICE_ACCOUNT": "cart", "NAMESPACE": "shop"])
        let joining = CertificateCall(csr: csr, bearer: try await fixture.token().text)
        for call in [renewal, local, joining] {
            let refusal = await fixture.refusal(call)
            #expect(refusal?.code == .permissionDenied && refusal?.message.contains("deny list") == true)
        }
    }

    @Test("a local user is whom he may be, and says who")
    func local() async throws {
        let fixture = try IdentityFixture(users: LocalIdentities([try .init("7=shop/*"), try .init("8=*/*")]))
        func call(_ user: UInt32, _ metadata: [String: String]) async -> CertificateRefusal.Code? {
            await fixture.refusal(CertificateCall(csr: csr, user: user, metadata: metadata))?.code
        }
        #expect(await call(7, ["SERVICE_ACCOUNT": "cart", "NAMESPACE": "shop"]) == nil)
        #expect(await call(8, ["SERVICE_ACCOUNT": "cart"]) == nil)
        #expect(await call(7, ["SERVICE_ACCOUNT": "cart"]) == .permissionDenied)
        #expect(await call(9, ["SERVICE_ACCOUNT": "cart", "NAMESPACE": "shop"]) == .permissionDenied)
        #expect(await call(8, [:]) == .invalidArgument)
        #expect(await call(8, ["SERVICE_ACCOUNT": "../cart"]) == .invalidArgument)
    }

    @Test("nobody gets the control plane's own identity, and nobody gets any for nothing")
    func reserved() async throws {
        let fixture = try IdentityFixture(users: LocalIdentities([try .init("8=*/*")]))
        let own = ["SERVICE_ACCOUNT": "tulle-control", "NAMESPACE": "tulle-system"]
        #expect(
            await fixture.refusal(CertificateCall(csr: csr, user: 8, metadata: own))?.code == .permissionDenied)
        let token = try await fixture.token("tulle-system/tulle-control")
        #expect(
            await fixture.refusal(CertificateCall(csr: csr, bearer: token.text))?.code == .permissionDenied)
        #expect(await fixture.refusal(CertificateCall(csr: csr))?.code == .unauthenticated)
    }

    @Test("who calls without end is told to wait, and others are not")
    func rate() async throws {
        let fixture = try IdentityFixture()
        let caller = CertificateCall(csr: csr, peer: "ipv4:10.0.0.7:4242")
        var waits = false
        for _ in 0..<2000 where !waits {
            waits = await fixture.refusal(caller)?.code == .resourceExhausted
        }
        #expect(waits)
        #expect(
            await fixture.refusal(CertificateCall(csr: csr, peer: "ipv4:10.0.0.8:4242"))?.code == .unauthenticated)
    }
}
