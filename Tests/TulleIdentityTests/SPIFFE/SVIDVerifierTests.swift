import Crypto
import FoundationEssentials
import SwiftASN1
import Testing
import X509

@testable import TulleIdentity

@Suite struct SVIDVerifierTests {
    private let now = AuthorityFixture.now
    private let root = P256.Signing.PrivateKey()

    /// A verifier that trusts `root`, under the name `root`.
    private func verifier() throws -> SVIDVerifier {
        let certificate = try AuthorityFixture.certificate(
            subject: "root", issuer: "root", key: root.publicKey, signedBy: root
        ) { Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil)) }
        return SVIDVerifier(
            Authority(
                checked: [certificate], key: .init(root), trustDomain: try AuthorityFixture.trustDomain(),
                lifetime: Authority.defaultLifetime))
    }

    /// A leaf by the root, with one thing changed.
    private func leaf(
        names: [String] = ["spiffe://example.org/ns/shop/sa/cart"], from: Date? = nil, to: Date? = nil,
        constraints: BasicConstraints = .notCertificateAuthority, usage: KeyUsage = KeyUsage(digitalSignature: true),
        purposes: [ExtendedKeyUsage.Usage] = [.clientAuth, .serverAuth], issuer: String = "root",
        signer: P256.Signing.PrivateKey? = nil
    ) throws -> Certificate {
        try AuthorityFixture.certificate(
            subject: "", issuer: issuer, key: P256.Signing.PrivateKey().publicKey, signedBy: signer ?? root,
            from: from ?? now - 60, to: to ?? now + 60
        ) {
            Critical(constraints)
            Critical(usage)
            try ExtendedKeyUsage(purposes)
            Critical(SubjectAlternativeNames(names.map { .uniformResourceIdentifier($0) }))
        }
    }

    private func refusal(_ chain: [Certificate]) async throws -> SVIDRefusal? {
        do throws(SVIDRefusal) {
            _ = try await (try! verifier()).verify(try! AuthorityFixture.der(chain), at: now)
            return nil
        } catch {
            return error
        }
    }

    @Test("a leaf of the authority proves its identity")
    func good() async throws {
        let leaf = try leaf()
        let peer = try await verifier().verify(try AuthorityFixture.der([leaf]), at: now)
        #expect(peer.id == (try AuthorityFixture.id()))
        #expect(peer.serial == leaf.serialText)
        #expect(peer.notAfter == now + 60)
    }

    @Test("what the authority issues is taken, with the whole chain")
    func issued() async throws {
        let authority = try AuthorityFixture.authority()
        let issued = try authority.issue(
            try SigningRequest(pem: try AuthorityFixture.request()), to: try AuthorityFixture.id(), at: now)
        let chain = try AuthorityFixture.der(try AuthorityFixture.read(issued.chain))
        #expect(try await SVIDVerifier(authority).verify(chain, at: now).serial == issued.serial)
    }

    @Test("faults in time and names are told apart")
    func faults() async throws {
        let id = try AuthorityFixture.id()
        #expect(try await refusal([leaf(to: now)]) == .expired(now))
        #expect(try await refusal([leaf(from: now + 1)]) == .notYetValid(now + 1))
        #expect(try await refusal([leaf(names: [])]) == .names(0))
        #expect(try await refusal([leaf(names: [id.description, id.description])]) == .names(2))
        let other = "spiffe://other.org/ns/shop/sa/cart"
        #expect(
            try await refusal([leaf(names: [other])])
                == .trustDomain(try SPIFFEID(other), ours: try AuthorityFixture.trustDomain()))
        guard case .id? = try await refusal([leaf(names: ["https://example.org/"])]) else {
            Issue.record("a URI that is no SPIFFE ID was taken")
            return
        }
    }

    @Test("a certificate that may sign, or is for servers only, proves nothing")
    func purposes() async throws {
        let id = try AuthorityFixture.id()
        #expect(
            try await refusal([leaf(constraints: .isCertificateAuthority(maxPathLength: nil))]) == .notLeaf(id))
        #expect(
            try await refusal([leaf(usage: KeyUsage(digitalSignature: true, keyCertSign: true))]) == .notLeaf(id))
        #expect(
            try await refusal([leaf(names: ["spiffe://example.org/other"])])
                == .notLeaf(try SPIFFEID("spiffe://example.org/other")))
        #expect(try await refusal([leaf(purposes: [.serverAuth])]) == .usage(id))
    }

    @Test("only what the root signed counts, through certificates that may sign")
    func chains() async throws {
        let id = try AuthorityFixture.id()
        let stranger = P256.Signing.PrivateKey()
        // The name of the root, another key.
        #expect(try await refusal([leaf(signer: stranger)]) == .untrusted(id))
        #expect(try await refusal([leaf(issuer: "nobody", signer: stranger)]) == .untrusted(id))
        let forgedRoot = try AuthorityFixture.certificate(
            subject: "root", issuer: "root", key: stranger.publicKey, signedBy: stranger
        ) { Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil)) }
        #expect(try await refusal([leaf(signer: stranger), forgedRoot]) == .untrusted(id))
        // A leaf of the mesh that signs another.
        let workload = P256.Signing.PrivateKey()
        let signing = try AuthorityFixture.certificate(
            subject: "workload", issuer: "root", key: workload.publicKey, signedBy: root
        ) { Critical(BasicConstraints.notCertificateAuthority) }
        #expect(try await refusal([leaf(issuer: "workload", signer: workload), signing]) == .untrusted(id))
        let unusable = try AuthorityFixture.certificate(
            subject: "workload", issuer: "root", key: workload.publicKey, signedBy: root
        ) {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(digitalSignature: true))
        }
        #expect(try await refusal([leaf(issuer: "workload", signer: workload), unusable]) == .untrusted(id))
        let intermediate = try AuthorityFixture.certificate(
            subject: "workload", issuer: "root", key: workload.publicKey, signedBy: root
        ) { Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0)) }
        // Another authority below the root is not this mesh's.
        #expect(try await refusal([leaf(issuer: "workload", signer: workload), intermediate]) == .untrusted(id))
    }

    @Test("no certificate, too many, and bytes that are none are refused")
    func unreadable() async throws {
        #expect(try await refusal([]) == .unreadable)
        #expect(try await refusal(Array(repeating: try leaf(), count: 9)) == .unreadable)
        await #expect(throws: SVIDRefusal.unreadable) { try await verifier().verify([[1, 2, 3]], at: now) }
    }
}
