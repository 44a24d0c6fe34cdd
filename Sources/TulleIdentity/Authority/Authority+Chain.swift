public import FoundationEssentials
import SwiftASN1
import X509

/// The user's own root or intermediate: what must hold of it before it signs anything.
extension Authority {
    /// - Parameters:
    ///   - chain: where the certificates came from, and their PEM, the signing one first and its root last.
    ///   - key: where the key came from, and its PEM.
    init(
        chain: (file: String, pem: String), key: (file: String, pem: String), trustDomain: TrustDomain,
        lifetime: Duration, at now: Date
    ) throws {
        let certificates = try Self.certificates(chain.pem, file: chain.file)
        let privateKey = try Self.privateKey(key.pem, file: key.file)
        try Self.check(certificates, file: chain.file, trustDomain: trustDomain, at: now)
        guard certificates[0].publicKey == privateKey.publicKey else {
            throw AuthorityError(
                "the key in \(key.file) is not that of the first certificate in \(chain.file): "
                    + "the signing certificate comes first, its root last")
        }
        self.init(checked: certificates, key: privateKey, trustDomain: trustDomain, lifetime: lifetime)
    }

    private static func certificates(_ pem: String, file: String) throws -> [Certificate] {
        let certificates: [Certificate]
        do {
            certificates = try PEMDocument.parseMultiple(pemString: pem).map { try Certificate(pemDocument: $0) }
        } catch {
            throw AuthorityError("\(file) holds something else than PEM certificates: \(error)")
        }
        guard !certificates.isEmpty else { throw AuthorityError("\(file) holds no PEM certificate") }
        return certificates
    }

    private static func privateKey(_ pem: String, file: String) throws -> Certificate.PrivateKey {
        // Whatever is wrong, what the file holds is not repeated.
        let documents = (try? PEMDocument.parseMultiple(pemString: pem)) ?? []
        // `openssl ecparam -genkey` puts the curve's name before the key.
        let keys = documents.filter { $0.discriminator != "EC PARAMETERS" }
        guard keys.count == 1 else { throw AuthorityError("\(file) holds \(keys.count) PEM keys: one is right") }
        guard keys[0].discriminator != "ENCRYPTED PRIVATE KEY" else {
            throw AuthorityError(
                "the key in \(file) is encrypted: `openssl pkey -in \(file) -out key.pem` writes it so that it can be read"
            )
        }
        guard let key = try? Certificate.PrivateKey(pemDocument: keys[0]), KeyKind(key.publicKey) != nil else {
            throw AuthorityError("the key in \(file) is of a kind that does not sign here: \(KeyKind.allowed)")
        }
        return key
    }

    private static func check(
        _ chain: [Certificate], file: String, trustDomain: TrustDomain, at now: Date
    ) throws {
        for (position, certificate) in chain.enumerated() {
            let place = "certificate \(position + 1) of \(file) (\(certificate.subject))"
            guard now < certificate.notValidAfter else {
                throw AuthorityError(
                    "\(place) expired at \(certificate.notValidAfter.formatted(.iso8601)): a renewed one is needed")
            }
            guard certificate.notValidBefore <= now else {
                throw AuthorityError(
                    "\(place) is not valid before \(certificate.notValidBefore.formatted(.iso8601)): "
                        + "is this machine's clock right?")
            }
            guard case .isCertificateAuthority(let pathLength)? = try? certificate.extensions.basicConstraints else {
                throw AuthorityError("\(place) is no authority's: basicConstraints CA:TRUE is needed")
            }
            // The certificates below it in the chain, which are all authorities'; leaves do not count.
            if let pathLength, pathLength < position {
                throw AuthorityError("\(place) allows \(pathLength) authorities under it, and there are \(position)")
            }
            if let usage = try? certificate.extensions.keyUsage, !usage.keyCertSign {
                throw AuthorityError("\(place) may not sign certificates: key usage keyCertSign is needed")
            }
            try checkTrustDomain(certificate, place: place, trustDomain: trustDomain)
            let isLast = position == chain.count - 1
            let issuer = isLast ? certificate : chain[position + 1]
            guard certificate.issuer == issuer.subject,
                issuer.publicKey.isValidSignature(certificate.signature, for: certificate)
            else {
                throw AuthorityError(
                    isLast
                        ? "\(place) is the last and no root: the chain must end with the self-signed root"
                        : "\(place) is not signed by the one after it: the signing certificate comes first, its root last"
                )
            }
        }
    }

    /// One that names a trust domain at all must name this one.
    private static func checkTrustDomain(
        _ certificate: Certificate, place: String, trustDomain: TrustDomain
    ) throws {
        for case .uniformResourceIdentifier(let uri) in (try? certificate.extensions.subjectAlternativeNames) ?? .init()
        {
            guard let id = try? SPIFFEID(uri), id.trustDomain != trustDomain else { continue }
            throw AuthorityError(
                "\(place) is of trust domain \(id.trustDomain), and this control plane's is \(trustDomain): "
                    + "--trust-domain \(id.trustDomain) goes with it")
        }
    }
}
