import Crypto
public import FoundationEssentials
import SwiftASN1
import X509

/// The mesh's certificate authority: a root, or an intermediate under the user's own root, that signs workloads' keys.
public struct Authority: Sendable {
    /// How long leaves live unless they ask for less. Short life is the first revocation; a day outlives any outage of
    /// the control plane that one would call one.
    public static let defaultLifetime = Duration.seconds(24 * 3600)
    /// The shortest life that is signed: under it renewal would do nothing but renew.
    public static let minLifetime = Duration.seconds(5)
    // A proxy whose clock is behind ours by no more than this takes a fresh certificate for valid.
    static let skew: TimeInterval = 60
    // A root that outlives its mesh's habits is replaced by rotation, not by expiry.
    static let rootLifetime: TimeInterval = 10 * 365.25 * 24 * 3600

    public let trustDomain: TrustDomain
    /// How long leaves live, at most and by default.
    public let lifetime: Duration
    /// The certificate whose key signs, then those above it; the root is last.
    let chain: [Certificate]
    private let key: Certificate.PrivateKey

    /// - Parameter chain: the signing certificate first, its root last; checked by the caller.
    init(checked chain: [Certificate], key: Certificate.PrivateKey, trustDomain: TrustDomain, lifetime: Duration) {
        self.chain = chain
        self.key = key
        self.trustDomain = trustDomain
        self.lifetime = lifetime
    }

    /// The roots that prove this mesh's certificates, as PEM.
    public var bundle: String {
        get throws { try root.serializeAsPEM().pemString + "\n" }
    }

    /// The authority's own certificates, the signing one first, the root last.
    public var summaries: [CertificateSummary] {
        get throws {
            try chain.map { certificate in
                let digest = SHA256.hash(data: try certificate.derBytes)
                return CertificateSummary(
                    subject: "\(certificate.subject)", serial: certificate.serialText,
                    fingerprint: digest.map { Hex.text([$0]).uppercased() }.joined(separator: ":"),
                    notBefore: certificate.notValidBefore, notAfter: certificate.notValidAfter)
            }
        }
    }

    var root: Certificate { chain[chain.count - 1] }

    /// When the first certificate of the chain ends: no leaf lives longer.
    var end: Date { chain.map(\.notValidAfter).min() ?? .distantPast }

    /// Signs a workload's key.
    /// - Parameters:
    ///   - id: who the caller proved to be; the request's own names count for nothing.
    ///   - lifetime: what the caller asks for; longer than the authority's is cut to it.
    public func issue(
        _ request: SigningRequest, to id: SPIFFEID, lifetime: Duration? = nil, at now: Date
    ) throws -> IssuedCertificate {
        try sign(request.publicKey, id: id, names: [], lifetime: lifetime, at: now)
    }

    /// Makes a key and a certificate for a server of the control plane itself.
    /// - Parameter names: DNS names and IP addresses that it is reached by.
    /// - Returns: the certificate, and its key as PEM.
    public func issueServer(
        to id: SPIFFEID, names: [String], at now: Date
    ) throws -> (certificate: IssuedCertificate, key: String) {
        let key = P256.Signing.PrivateKey()
        let certificate = try sign(
            Certificate.PublicKey(key.publicKey), id: id, names: names.map(Self.generalName), lifetime: nil, at: now)
        return (certificate, key.pemRepresentation)
    }

    private func sign(
        _ publicKey: Certificate.PublicKey, id: SPIFFEID, names: [GeneralName], lifetime: Duration?, at now: Date
    ) throws -> IssuedCertificate {
        guard id.trustDomain == trustDomain else {
            throw AuthorityError("\(id) is not of this mesh: its trust domain is \(trustDomain)")
        }
        // What a certificate can say: whole seconds, and no more of them than asked for.
        let now = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
        let life = min(max(lifetime ?? self.lifetime, Self.minLifetime), self.lifetime)
        let signer = chain[0]
        let notAfter = min(now + TimeInterval(life.components.seconds), end)
        guard notAfter > now else {
            throw AuthorityError(
                "the authority's certificate ended at \(end.formatted(.iso8601)): it signs nothing more until it is replaced"
            )
        }
        let leaf = try Certificate(
            version: .v3, serialNumber: Self.randomSerial(), publicKey: publicKey,
            notValidBefore: max(now - Self.skew, signer.notValidBefore), notValidAfter: notAfter,
            issuer: signer.subject, subject: DistinguishedName(),
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                // RFC 5280, 4.2.1.6: critical where the subject is empty.
                Critical(SubjectAlternativeNames([.uniformResourceIdentifier(id.description)] + names))
                SubjectKeyIdentifier(hash: publicKey)
                Self.keyIdentifier(of: signer)
            },
            issuerPrivateKey: key)
        return try IssuedCertificate(leaf, id: id, above: chain)
    }

    /// A new root and the authority that signs with it.
    static func make(
        trustDomain: TrustDomain, lifetime: Duration, at now: Date, key: P256.Signing.PrivateKey
    ) throws -> Authority {
        let signingKey = Certificate.PrivateKey(key)
        let serial = randomSerial()
        // The serial tells two roots of one mesh apart while one replaces the other.
        let name = try DistinguishedName {
            OrganizationName(trustDomain.name)
            CommonName("Tulle root \(Hex.text(serial.bytes.prefix(4)))")
        }
        let root = try Certificate(
            version: .v3, serialNumber: serial, publicKey: signingKey.publicKey, notValidBefore: now - skew,
            notValidAfter: now + rootLifetime, issuer: name, subject: name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                // X509-SVID, section 4.1: a signing certificate's ID is its trust domain's.
                SubjectAlternativeNames([.uniformResourceIdentifier(SPIFFEID(trustDomain).description)])
                SubjectKeyIdentifier(hash: signingKey.publicKey)
            },
            issuerPrivateKey: signingKey)
        return Authority(checked: [root], key: signingKey, trustDomain: trustDomain, lifetime: lifetime)
    }

    /// 128 random bits, never zero.
    private static func randomSerial() -> Certificate.SerialNumber {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return Certificate.SerialNumber(bytes: [max(bytes[0], 1)] + bytes.dropFirst())
    }

    private static func keyIdentifier(of signer: Certificate) -> AuthorityKeyIdentifier {
        let own = (try? signer.extensions.subjectKeyIdentifier)?.keyIdentifier
        return AuthorityKeyIdentifier(
            keyIdentifier: own ?? SubjectKeyIdentifier(hash: signer.publicKey).keyIdentifier)
    }

    private static func generalName(_ name: String) -> GeneralName {
        guard let address = IPAddressBytes(name) else { return .dnsName(name) }
        return .ipAddress(ASN1OctetString(contentBytes: address.bytes[...]))
    }
}
