import Crypto
import SwiftASN1
import X509
import _CryptoExtras

/// A certificate signing request (PKCS#10, RFC 2986), read and checked. Only its public key counts: whatever names it
/// asks for, the certificate gets those of whom the caller proved to be.
public struct SigningRequest: Sendable {
    /// The largest request that is read: one of a 4096-bit RSA key has 1.7 KB.
    public static let maxBytes = 16 << 10

    let publicKey: Certificate.PublicKey

    /// - Parameter pem: one `CERTIFICATE REQUEST`.
    public init(pem: String) throws(SigningRequestError) {
        guard pem.utf8.count <= Self.maxBytes else {
            throw SigningRequestError("it has \(pem.utf8.count) bytes: at most \(Self.maxBytes) are read")
        }
        let document: PEMDocument
        do {
            document = try PEMDocument(pemString: pem)
        } catch {
            throw SigningRequestError("it is not PEM: one block \"BEGIN CERTIFICATE REQUEST\" is right")
        }
        guard document.discriminator == CertificateSigningRequest.defaultPEMDiscriminator else {
            throw SigningRequestError(
                "it is \(SPIFFEError.quoted(document.discriminator)): a block \"BEGIN CERTIFICATE REQUEST\" is right")
        }
        let request: CertificateSigningRequest
        do {
            request = try CertificateSigningRequest(derEncoded: document.derBytes)
        } catch {
            throw SigningRequestError("it is no PKCS#10 request with a key of a known kind: \(KeyKind.allowed)")
        }
        guard KeyKind(request.publicKey) != nil else {
            throw SigningRequestError("its key is of a kind that is not signed: \(KeyKind.allowed)")
        }
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw SigningRequestError("its signature is not by its own key: sign it with the key that it is for")
        }
        publicKey = request.publicKey
    }
}

/// What is wrong with a signing request.
public struct SigningRequestError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ reason: String) { description = "the signing request cannot be taken: \(reason)" }
}

/// The kinds of keys that get certificates.
enum KeyKind: Hashable {
    case p256, p384, ed25519
    case rsa(bits: Int)

    static let allowed = "EC P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits is right"
    // Under 2048 bits RSA is within reach of an attacker (NIST SP 800-131A); over 8192 a handshake is a burden.
    private static let rsaBits = 2048...8192

    init?(_ key: Certificate.PublicKey) {
        if P256.Signing.PublicKey(key) != nil {
            self = .p256
        } else if P384.Signing.PublicKey(key) != nil {
            self = .p384
        } else if Curve25519.Signing.PublicKey(key) != nil {
            self = .ed25519
        } else if let rsa = _RSA.Signing.PublicKey(key), Self.rsaBits.contains(rsa.keySizeInBits) {
            self = .rsa(bits: rsa.keySizeInBits)
        } else {
            return nil
        }
    }
}
