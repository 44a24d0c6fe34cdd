import Crypto
import NIOCore
import NIOSSL
import TulleModel

/// What `x-forwarded-client-cert` says of one client.
enum ClientCertificateField {
    /// Nil where nothing is to be said: the client showed no certificate that was verified, or nobody asks.
    static func value(
        _ asked: ForwardedClientCertificate, _ peer: PeerCertificate?, _ certificate: NIOSSLCertificate?,
        own: [String]
    ) -> String? {
        guard let peer, let certificate, asked.action == .appendForward || asked.action == .sanitizeSet else {
            return nil
        }
        var parts = own.map { "By=\(escaped($0))" }
        if let der = try? certificate.toDERBytes() {
            var hash = ByteBuffer()
            for byte in SHA256.hash(data: der) { hash.writeHex(UInt64(byte), digits: 2) }
            parts.append("Hash=\(String(buffer: hash))")
            if asked.certificate { parts.append("Cert=\"\(percent(PEMText.text("CERTIFICATE", der), isUnreserved))\"") }
        }
        if asked.subject { parts.append("Subject=\"\(quoted(peer.subject))\"") }
        if asked.uri { parts += peer.uriNames.isEmpty ? ["URI="] : peer.uriNames.map { "URI=\(escaped($0))" } }
        if asked.dns { parts += peer.dnsNames.map { "DNS=\(escaped($0))" } }
        return parts.joined(separator: ";")
    }

    /// In percent what would end an element of the field or the field itself: names come from a stranger.
    private static func escaped(_ text: String) -> String {
        percent(text) { byte in
            switch byte {
            case _ where isUnreserved(byte): true
            case UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "*"),
                UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "!"),
                UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"):
                true
            default: false
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// RFC 2253 has a backslash before quotes and backslashes already.
    private static func quoted(_ subject: String) -> String { percent(subject) { (0x20...0x7E).contains($0) } }

    private static func percent(_ text: String, _ isPlain: (UInt8) -> Bool) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            if isPlain(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), ByteClass.hexDigit(byte >> 4), ByteClass.hexDigit(byte & 15)]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
