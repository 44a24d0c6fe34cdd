internal import NIOSSL
internal import Synchronization

/// The certificate that a server shows, replaced while it serves: connections keep what they were opened with.
public final class ServerCertificate: Sendable {
    /// Replaced by renewal, read by each new connection.
    private let current: Mutex<NIOSSLContext>

    /// - Parameters:
    ///   - chain: PEM, the leaf first.
    ///   - key: the leaf's, as PEM.
    public init(chain: [String], key: String) throws {
        current = Mutex(try Self.context(chain, key))
    }

    public func replace(chain: [String], key: String) throws {
        let context = try Self.context(chain, key)
        current.withLock { $0 = context }
    }

    var context: NIOSSLContext { current.withLock { $0 } }

    private static func context(_ chain: [String], _ key: String) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try chain.map {
                .certificate(try NIOSSLCertificate(bytes: Array($0.utf8), format: .pem))
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2"]
        // Who joins with a token has no certificate yet. What a caller shows is judged by each call, which can say why
        // it does not do; the handshake proves that he has the key.
        configuration.certificateVerification = .optionalVerification
        configuration.trustRoots = .certificates([])
        return try NIOSSLContext(configuration: configuration)
    }
}
