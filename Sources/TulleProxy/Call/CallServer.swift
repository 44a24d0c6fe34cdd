import NIOCore
import NIOSSL
public import TulleModel

/// Where a call goes, and how its bytes are kept from others.
public enum CallServer: Sendable {
    /// An IP, or a name whose addresses are tried in turn.
    case plain(TulleModel.SocketAddress)
    case secure(TulleModel.SocketAddress, CallSecurity)
    /// A Unix-domain socket, where the kernel tells each end who is at the other.
    case socket(path: String)

    var authority: String {
        switch self {
        case .plain(let address), .secure(let address, _): address.description
        case .socket: "localhost"
        }
    }

    /// For errors.
    var text: String {
        switch self {
        case .plain(let address), .secure(let address, _): address.description
        case .socket(let path): path
        }
    }

    /// The TLS of a connection to it; nil for plain bytes. Throws when its roots or its certificate cannot be used.
    func makeHandler() throws -> NIOSSLClientHandler? {
        guard case .secure(let address, let security) = self else { return nil }
        // No name to ask for: the certificate must bear the address then.
        let isAddress = (try? PeerAddress(ipAddress: address.host, port: 0)) != nil
        return try NIOSSLClientHandler(
            context: try security.context(), serverHostname: isAddress ? nil : address.host)
    }
}

/// TLS towards a call's server, whose certificate must be for the name or the address that is called.
public struct CallSecurity: Sendable {
    /// PEM: who may vouch for the server.
    public var roots: [UInt8]
    /// What the caller shows.
    public var certificate: WorkloadCertificate?

    public init(roots: [UInt8], certificate: WorkloadCertificate? = nil) {
        self.roots = roots
        self.certificate = certificate
    }

    fileprivate func context() throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try PEMSource.certificates(.bytes(roots), "the roots of a call"))
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["h2"]
        if let certificate {
            tls.certificateChain = certificate.certificates.map { .certificate($0) }
            tls.privateKey = .privateKey(try PEMSource.key(.bytes(Array(certificate.key.utf8))))
        }
        return try NIOSSLContext(configuration: tls)
    }
}
