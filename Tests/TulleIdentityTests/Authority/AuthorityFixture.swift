import Crypto
import FoundationEssentials
import SwiftASN1
import X509

@testable import TulleIdentity

/// Authorities and requests for tests, at a moment of their own.
enum AuthorityFixture {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)
    static let day: TimeInterval = 24 * 3600

    static func trustDomain(_ name: String = "example.org") throws -> TrustDomain { try TrustDomain(name) }

    static func authority(
        _ domain: String = "example.org", lifetime: Duration = Authority.defaultLifetime
    ) throws -> Authority {
        try Authority.make(
            trustDomain: try trustDomain(domain), lifetime: lifetime, at: now, key: P256.Signing.PrivateKey())
    }

    /// A request as PEM, naming somebody whom nobody asked about.
    static func request(_ key: Certificate.PrivateKey = .init(P256.Signing.PrivateKey())) throws -> String {
        let extensions = try Certificate.Extensions {
            SubjectAlternativeNames([.uniformResourceIdentifier("spiffe://example.org/ns/kube-system/sa/admin")])
        }
        return try CertificateSigningRequest(
            version: .v1, subject: try DistinguishedName { CommonName("admin") }, privateKey: key,
            attributes: try .init([.init(ExtensionRequest(extensions: extensions))])
        ).serializeAsPEM().pemString
    }

    static func id(_ account: String = "shop/cart", in domain: String = "example.org") throws -> SPIFFEID {
        SPIFFEID(try ServiceAccount(account), in: try trustDomain(domain))
    }

    /// The certificates of a chain.
    static func read(_ chain: [String]) throws -> [Certificate] { try chain.map { try Certificate(pemEncoded: $0) } }

    static func der(_ certificates: [Certificate]) throws -> [[UInt8]] { try certificates.map { try $0.derBytes } }

    /// A certificate with any fault, signed by any key.
    static func certificate(
        subject: String, issuer: String, key: P256.Signing.PublicKey, signedBy signer: P256.Signing.PrivateKey,
        from: Date = now - day, to: Date = now + day,
        @ExtensionsBuilder extensions: () throws -> Result<
            Certificate.Extensions, any Error
        >
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key), notValidBefore: from, notValidAfter: to,
            issuer: try DistinguishedName { CommonName(issuer) },
            subject: try DistinguishedName { if !subject.isEmpty { CommonName(subject) } },
            extensions: try Certificate.Extensions(builder: extensions), issuerPrivateKey: .init(signer))
    }
}
