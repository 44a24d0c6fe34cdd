internal import GRPCCore
internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2
internal import NIOSSL
internal import Synchronization

/// What is known of who is at the other end of a connection.
final class ConnectionPeer: Sendable {
    /// Names the connection in the metadata of its calls; not to be guessed.
    let mark: String
    /// The user, on a Unix-domain socket.
    let user: UInt32?
    /// Set by the handshake and by streams that start, on the connection's loop; read by its calls.
    private let state = Mutex(State())

    private struct State {
        var certificates: [[UInt8]] = []
        var hasCalled = false
    }

    init(user: UInt32? = nil) {
        var generator = SystemRandomNumberGenerator()
        mark = "\(generator.next())-\(generator.next())"
        self.user = user
    }

    /// As DER, the peer's own first.
    var certificates: [[UInt8]] {
        get { state.withLock { $0.certificates } }
        set { state.withLock { $0.certificates = newValue } }
    }

    /// Whether a call has ever come.
    var hasCalled: Bool {
        get { state.withLock { $0.hasCalled } }
        set { state.withLock { $0.hasCalled = newValue } }
    }
}

/// The peers of all connections: how a call's handler learns what its connection knows. gRPC's own way gives a handler
/// neither certificates that are optional nor a socket's user.
///
/// Each stream's headers get the mark of its connection. One that a caller adds himself is taken out, and would have to
/// be guessed besides.
final class ConnectionPeers: Sendable {
    static let header = "tulle-connection"
    // A handshake across the world takes one or two seconds. Who connects and says nothing holds a descriptor that
    // others need, and gRPC's idle time counts only from the end of the handshake.
    private static let firstCall = TimeAmount.seconds(10)

    /// Added by a connection's start and taken by its end, on any loop; read by calls.
    private let peers = Mutex<[String: ConnectionPeer]>([:])

    /// Makes the connection's calls known as the peer's until it closes. Called on the connection's loop.
    func add(_ peer: ConnectionPeer, to channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(ConnectionPeerHandler(peer))
        peers.withLock { $0[peer.mark] = peer }
        let deadline = channel.eventLoop.scheduleTask(in: Self.firstCall) {
            if !peer.hasCalled { channel.close(promise: nil) }
        }
        channel.closeFuture.whenComplete { _ in
            deadline.cancel()
            self.peers.withLock { _ = $0.removeValue(forKey: peer.mark) }
        }
    }

    /// Marks a new stream of a connection.
    @Sendable func mark(_ stream: any Channel) -> EventLoopFuture<Void> {
        stream.eventLoop.makeCompletedFuture {
            guard let connection = stream.parent else { throw ChannelError.operationUnsupported }
            let handler = try connection.pipeline.syncOperations.handler(type: ConnectionPeerHandler.self)
            let peer = handler.peer
            peer.hasCalled = true
            if peer.certificates.isEmpty, let own = try? connection.pipeline.syncOperations.nioSSL_peerCertificate() {
                // A resumed session: the handshake that it resumes proved the key, and only the first certificate is
                // kept of it.
                peer.certificates = [try own.toDERBytes()]
            }
            try stream.pipeline.syncOperations.addHandler(ConnectionMarkHandler(peer.mark), position: .first)
        }
    }

    func peer(of metadata: Metadata) -> ConnectionPeer? {
        guard let mark = metadata[stringValues: Self.header].first(where: { _ in true }) else { return nil }
        return peers.withLock { $0[mark] }
    }
}

/// Holds a connection's peer in its pipeline, for its streams to find.
private final class ConnectionPeerHandler: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    let peer: ConnectionPeer

    init(_ peer: ConnectionPeer) { self.peer = peer }
}

/// Puts the connection's mark among a stream's headers, and nobody else's.
private final class ConnectionMarkHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload

    private let mark: String

    init(_ mark: String) { self.mark = mark }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .headers(var frame) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        frame.headers.remove(name: ConnectionPeers.header)
        frame.headers.add(name: ConnectionPeers.header, value: mark)
        context.fireChannelRead(wrapInboundOut(.headers(frame)))
    }
}
