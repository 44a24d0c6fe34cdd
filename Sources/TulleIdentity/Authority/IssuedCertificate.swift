public import FoundationEssentials
import SwiftASN1
import X509

/// A leaf certificate that the authority made.
public struct IssuedCertificate: Hashable, Sendable {
    public let id: SPIFFEID
    /// Lower-case hex digits, as `openssl x509 -serial` has them but for the case.
    public let serial: String
    public let notBefore: Date
    public let notAfter: Date
    /// PEM: the leaf, then what links it to a root, the root last.
    public let chain: [String]

    init(_ leaf: Certificate, id: SPIFFEID, above: [Certificate]) throws {
        self.id = id
        serial = leaf.serialText
        notBefore = leaf.notValidBefore
        notAfter = leaf.notValidAfter
        chain = try ([leaf] + above).map { try $0.serializeAsPEM().pemString + "\n" }
    }
}

/// A certificate of the authority's own, for people to look at.
public struct CertificateSummary: Hashable, Sendable {
    public let subject: String
    public let serial: String
    /// SHA-256 of the certificate: pairs of upper-case hex digits with colons, as openssl prints it.
    public let fingerprint: String
    public let notBefore: Date
    public let notAfter: Date
}

extension Certificate {
    var serialText: String { Hex.text(serialNumber.bytes) }

    var derBytes: [UInt8] {
        get throws {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        }
    }
}
