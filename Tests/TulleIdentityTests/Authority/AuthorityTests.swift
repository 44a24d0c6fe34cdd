import Crypto
import FoundationEssentials
import SwiftASN1
import Testing
import X509

@testable import TulleIdentity

@Suite struct AuthorityTests {
    private let now = AuthorityFixture.now

    private func leaf(
        _ authority: Authority, lifetime: Duration? = nil, at time: Date = AuthorityFixture.now
    ) throws -> (IssuedCertificate, Certificate) {
        let issued = try authority.issue(
            try SigningRequest(pem: try AuthorityFixture.request()), to: try AuthorityFixture.id(), lifetime: lifetime,
            at: time)
        return (issued, try AuthorityFixture.read(issued.chain)[0])
    }

    @Test("a leaf has the identity it was proved for, whatever the request names")
    func names() throws {
        let (_, leaf) = try leaf(try AuthorityFixture.authority())
        let names = try #require(try leaf.extensions.subjectAlternativeNames)
        #expect(Array(names) == [.uniformResourceIdentifier("spiffe://example.org/ns/shop/sa/cart")])
        #expect(leaf.subject.isEmpty)
        #expect(leaf.extensions[oid: .X509ExtensionID.subjectAlternativeName]?.critical == true)
    }

    @Test("a leaf may sign data, for both sides of TLS, and no certificates")
    func usages() throws {
        let authority = try AuthorityFixture.authority()
        let (_, leaf) = try leaf(authority)
        #expect(try leaf.extensions.basicConstraints == .notCertificateAuthority)
        #expect(leaf.extensions[oid: .X509ExtensionID.basicConstraints]?.critical == true)
        #expect(try leaf.extensions.keyUsage == KeyUsage(digitalSignature: true))
        #expect(leaf.extensions[oid: .X509ExtensionID.keyUsage]?.critical == true)
        #expect(try leaf.extensions.extendedKeyUsage == ExtendedKeyUsage([.serverAuth, .clientAuth]))
        let root = try AuthorityFixture.read([try authority.bundle])[0]
        #expect(
            try leaf.extensions.authorityKeyIdentifier?.keyIdentifier
                == root.extensions.subjectKeyIdentifier?.keyIdentifier)
        #expect(
            try leaf.extensions.subjectKeyIdentifier == SubjectKeyIdentifier(hash: leaf.publicKey))
    }

    @Test("a leaf lives a day, from a minute ago, unless less is asked for")
    func lifetimes() throws {
        let authority = try AuthorityFixture.authority()
        let (_, usual) = try leaf(authority, at: now + 3600)
        #expect(usual.notValidBefore == now + 3600 - 60)
        #expect(usual.notValidAfter == now + 3600 + AuthorityFixture.day)
        #expect(try leaf(authority, lifetime: .seconds(120), at: now + 0.9).1.notValidAfter == now + 120)
        #expect(try leaf(authority, lifetime: .seconds(120)).1.notValidAfter == now + 120)
        #expect(try leaf(authority, lifetime: .seconds(1)).1.notValidAfter == now + 5)
        #expect(try leaf(authority, lifetime: .seconds(90 * 24 * 3600)).1.notValidAfter == now + AuthorityFixture.day)
    }

    @Test("no leaf outlives its issuer, and one that ended signs nothing")
    func clamped() throws {
        let authority = try AuthorityFixture.authority()
        let end = authority.root.notValidAfter
        #expect(try leaf(authority, at: end - 600).1.notValidAfter == end)
        let error = #expect(throws: AuthorityError.self) { try leaf(authority, at: end) }
        #expect(error?.description.contains("signs nothing more") == true)
    }

    @Test("serials are 128 bits and differ")
    func serials() throws {
        let authority = try AuthorityFixture.authority()
        let serials = try (0..<50).map { _ in try leaf(authority).0.serial }
        #expect(Set(serials).count == 50)
        #expect(serials.allSatisfy { $0.utf8.count == 32 })
    }

    @Test("the chain comes with its root, and proves the leaf to whoever has that")
    func verifies() async throws {
        let authority = try AuthorityFixture.authority()
        let (issued, leaf) = try leaf(authority)
        #expect(issued.chain.count == 2)
        #expect(issued.chain[1] == (try authority.bundle))
        let peer = try await SVIDVerifier(authority).verify([try leaf.derBytes], at: now)
        #expect(peer.id == issued.id)
        #expect(peer.serial == issued.serial)
    }

    @Test("nobody of another trust domain is signed for")
    func otherTrustDomain() throws {
        let authority = try AuthorityFixture.authority()
        let request = try SigningRequest(pem: try AuthorityFixture.request())
        #expect(throws: AuthorityError.self) {
            try authority.issue(request, to: try AuthorityFixture.id(in: "evil.org"), at: now)
        }
    }

    @Test("a server's certificate has its names beside its one SPIFFE ID, and the key returned")
    func server() throws {
        let authority = try AuthorityFixture.authority()
        let id = SPIFFEID(.control, in: try AuthorityFixture.trustDomain())
        let (issued, key) = try authority.issueServer(to: id, names: ["mesh.example", "127.0.0.1", "::1"], at: now)
        let leaf = try AuthorityFixture.read(issued.chain)[0]
        #expect(
            Array(try #require(try leaf.extensions.subjectAlternativeNames)) == [
                .uniformResourceIdentifier("spiffe://example.org/ns/tulle-system/sa/tulle-control"),
                .dnsName("mesh.example"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                .ipAddress(ASN1OctetString(contentBytes: [UInt8](repeating: 0, count: 15)[...] + [1])),
            ])
        #expect(try Certificate.PrivateKey(pemEncoded: key).publicKey == leaf.publicKey)
    }
}
