internal import GRPCNIOTransportHTTP2Posix
internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import TulleModel

/// Opens the signing server's socket: TLS over TCP, or a Unix-domain socket whose callers the kernel names.
struct SigningListener: HTTP2ServerTransport.ListenerFactory {
    let place: SigningServer.Place
    let peers: ConnectionPeers

    var eventLoopGroup: any EventLoopGroup { MultiThreadedEventLoopGroup.singleton }

    func makeListeningChannel(
        listenerConfigurator: HTTP2ServerTransport.ListenerConfigurator,
        connectionConfigurator: HTTP2ServerTransport.ConnectionConfigurator
    ) async throws -> NIOAsyncChannel<HTTP2ServerTransport.ConnectionConfigurator.ConnectionChannel, Never> {
        let bootstrap = ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { listenerConfigurator.configure(channel: $0) }
        switch place {
        case .tls(let address, let certificate):
            return try await bootstrap.bind(
                host: address.host, port: address.port
            ) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let peer = ConnectionPeer()
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLServerHandler(context: certificate.context) { chain, verified in
                            peer.certificates = chain.compactMap { try? $0.toDERBytes() }
                            verified.succeed(.certificateVerified)
                        })
                    try peers.add(peer, to: channel)
                }.flatMap {
                    connectionConfigurator.configure(channel: channel, tls: .configured(requireALPN: true))
                }
            }
        case .socket(let path):
            let listener = try await bootstrap.bind(
                unixDomainSocketPath: path, cleanupExistingSocketFile: true
            ) { channel in
                Self.user(of: channel).flatMapThrowing { user in
                    try peers.add(ConnectionPeer(user: user), to: channel)
                }.flatMap {
                    connectionConfigurator.configure(channel: channel, tls: .none)
                }
            }
            // Anybody may connect: who he is decides, not who may write to the file.
            guard chmod(path, 0o666) == 0 else {
                let error = IOError(errnoCode: errno, reason: "chmod \(path)")
                try? await listener.channel.close()
                throw error
            }
            return listener
        }
    }

    private static func user(of channel: any Channel) -> EventLoopFuture<UInt32> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let credentials: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(
            level: NIOBSDSocket.OptionLevel(rawValue: SOL_SOCKET), name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        return credentials.map { $0.user }
    }
}

/// `struct ucred` of unix(7), which the C library's headers keep from Swift.
private struct PeerCredentials {
    var process: Int32
    var user: UInt32
    var group: UInt32
}
