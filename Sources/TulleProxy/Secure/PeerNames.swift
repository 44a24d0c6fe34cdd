import NIOCore
import NIOSSL
import TulleModel

/// The subject alternative names of a certificate.
struct PeerNames {
    var all: [(SubjectNameMatcher.Kind, String)] = []

    /// More names than this are not looked at: nobody has as many, and each is compared.
    private static let most = 1000

    init(_ certificate: NIOSSLCertificate) {
        for name in certificate._subjectAlternativeNames().prefix(Self.most) {
            let bytes = name.contents.withUnsafeBufferPointer { Array($0) }
            switch name.nameType {
            case .dnsName: all.append((.dns, String(decoding: bytes, as: UTF8.self)))
            case .uri: all.append((.uri, String(decoding: bytes, as: UTF8.self)))
            case .email: all.append((.email, String(decoding: bytes, as: UTF8.self)))
            case .ipAddress: if let text = Self.address(bytes) { all.append((.ipAddress, text)) }
            default: break
            }
        }
    }

    func names(_ kind: SubjectNameMatcher.Kind) -> [String] { all.lazy.filter { $0.0 == kind }.map(\.1) }

    private static func address(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        return (try? PeerAddress(packedIPAddress: .init(bytes: bytes), port: 0))?.ipAddress
    }
}
