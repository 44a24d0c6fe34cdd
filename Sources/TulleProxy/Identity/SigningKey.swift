import Crypto

/// A key that a workload has made for itself, and what it asks an authority to sign.
public struct SigningKey: Sendable {
    private let key: P256.Signing.PrivateKey

    public init() { key = P256.Signing.PrivateKey() }

    /// One that was kept, as `pem` gave it.
    init(pem: String) throws { key = try P256.Signing.PrivateKey(pemRepresentation: pem) }

    /// PKCS#8.
    var pem: String { key.pemRepresentation }
    /// The public half: a SubjectPublicKeyInfo.
    var publicInfo: [UInt8] { Array(key.publicKey.derRepresentation) }

    /// A certificate signing request (RFC 2986) as PEM, signed by the key. It asks for no name: an authority gives the one that
    /// the caller has proved.
    public func request() throws -> String {
        let version = DER.value(0x02, [0])
        let noSubject = DER.value(0x30, [])
        let noAttributes = DER.value(0xA0, [])
        let info = DER.value(0x30, version + noSubject + publicInfo + noAttributes)
        let signature = Array(try key.signature(for: info).derRepresentation)
        let algorithm = DER.value(0x30, DER.value(0x06, Self.ecdsaWithSHA256))
        return PEMText.text(
            "CERTIFICATE REQUEST", DER.value(0x30, info + algorithm + DER.value(0x03, [0] + signature)))
    }

    // 1.2.840.10045.4.3.2
    private static let ecdsaWithSHA256: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
}

/// Writes values in DER.
private enum DER {
    static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        [tag] + length(content.count) + content
    }

    private static func length(_ count: Int) -> [UInt8] {
        guard count > 0x7F else { return [UInt8(count)] }
        var bytes: [UInt8] = []
        var rest = count
        while rest > 0 {
            bytes.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(bytes.count)] + bytes
    }
}
