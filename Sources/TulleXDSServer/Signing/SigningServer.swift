// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
internal import CNIOLinux
internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import Glibc
public import TulleModel

/// Istio's certificate service, `istio.v1.auth.IstioCertificateService`, in front of an issuer.
public final class SigningServer: Sendable {
    /// Where the server listens.
    public enum Place: Sendable {
        /// An IP address and port; port 0 lets the kernel choose.
        case tls(TulleModel.SocketAddress, ServerCertificate)
        /// The path of a Unix-domain socket, without TLS.
        case socket(String)
    }

    // A signing request has at most 16 KiB, a token a hundred bytes, and metadata some names.
    private static let maxRequestBytes = 32 << 10
    // A caller needs one; what shares a connection has a few.
    private static let maxStreams = 16

    private let place: Place
    private let grpc: GRPCServer<HTTP2ServerTransport.Custom<SigningListener>>

    public init(_ place: Place, issuer: any CertificateIssuer) {
        self.place = place
        let peers = ConnectionPeers()
        var transport = HTTP2ServerTransport.Custom<SigningListener>.Config.defaults
        transport.rpc.maxRequestPayloadSize = Self.maxRequestBytes
        transport.http2.maxConcurrentStreams = Self.maxStreams
        // Nobody needs this connection for long: a certificate is asked for every few hours.
        transport.connection.maxIdleTime = .seconds(30)
        transport.connection.maxAge = .seconds(600)
        transport.channelDebuggingCallbacks.onAcceptHTTP2Stream = peers.mark
        grpc = GRPCServer(
            transport: HTTP2ServerTransport.Custom(
                listenerFactory: SigningListener(place: place, peers: peers), config: transport),
            services: [CertificateService(issuer: issuer, peers: peers)])
    }

    /// Serves until the task is cancelled or `stop` is called.
    /// - Throws: `StreamRefusal` when the address cannot be bound.
    public func run() async throws {
        defer {
            // What is there may be no socket of ours, where binding failed.
            if case .socket(let path) = place, Self.isSocket(path) { unlink(path) }
        }
        do {
            try await withTaskCancellationHandler {
                try await grpc.serve()
            } onCancel: {
                stop()
            }
        } catch let error as RuntimeError {
            let cause = error.cause.map { "\($0)" } ?? error.message
            throw StreamRefusal(.unavailable, "signing server on \(address): \(cause)")
        }
    }

    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    /// `HOST:PORT` with the port that the kernel chose, or the socket's path; nil if the server ended before.
    public var boundAddress: String? {
        get async {
            guard let address = await grpc.transport.listeningAddress else { return nil }
            if let v4 = address.ipv4 { return "\(v4.host):\(v4.port)" }
            if let v6 = address.ipv6 { return "[\(v6.host)]:\(v6.port)" }
            return address.unixDomainSocket?.path
        }
    }

    /// Answers what is in flight and stops listening; `run` returns after that.
    public func stop() { grpc.beginGracefulShutdown() }

    private var address: String {
        switch place {
        case .tls(let address, _): "\(address)"
        case .socket(let path): path
        }
    }
}
