import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import TulleModel

extension Worker {
    /// Opens a connection to the host on this loop, with the handler as the last of it, behind TLS where the cluster has it. The
    /// outcome is nil on success and comes on the loop; the connection is open by then, its peer known, and nothing has been
    /// read from it.
    /// - Parameter version: nil for bytes that are relayed as they are.
    func connect(
        to host: UpstreamHost, speaking version: WireVersion?, handler: any ChannelHandler,
        outcome: @escaping (ConnectFailure?) -> Void
    ) {
        let cluster = host.cluster.config
        let attempt = ConnectAttempt(outcome)
        let timeout = cluster.connectTimeout > .zero ? cluster.connectTimeout : .seconds(10)
        let secured: [any ChannelHandler]
        do {
            secured = try secure(host, version, handler, attempt, within: timeout)
        } catch {
            let failure = HandshakeFailure(error)
            host.cluster.stats.handshake(failure.counted)
            let bound = NIOLoopBound(attempt, eventLoop: loop)
            return loop.execute { bound.value.finish(.tls(failure)) }
        }
        attempt.waitsForHandshake = !secured.isEmpty
        let bound = NIOLoopBound((secured.isEmpty ? [handler] : secured, attempt), eventLoop: loop)
        var bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(timeout.asTimeAmount)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.maxMessagesPerRead, value: ReadBufferAllocator.messagesPerRead)
            .channelOption(.recvAllocator, value: ReadBufferAllocator(readBuffers, upTo: .large))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(bound.value.0)
                }
            }
        if let mark = WriteBuffer.mark(limit: cluster.perConnectionBufferLimitBytes) {
            bootstrap = bootstrap.channelOption(.writeBufferWaterMark, value: mark)
        }
        bootstrap.connect(to: host.address)
            .whenComplete { result in
                switch result {
                case .success: bound.value.1.connected()
                case .failure(let error): bound.value.1.finish(ConnectFailure(error))
                }
            }
    }

    /// The handlers that speak TLS with the host until the handshake is over and `handler` follows them, the first the nearest to
    /// the socket; none where the host is spoken to in plain bytes.
    private func secure(
        _ host: UpstreamHost, _ version: WireVersion?, _ handler: any ChannelHandler, _ attempt: ConnectAttempt,
        within timeout: Duration
    ) throws -> [any ChannelHandler] {
        guard let choice = host.cluster.definition.security.choice(for: host.endpoint) else { return [] }
        guard let current = choice.context(for: version).current else { throw HandshakeFailure.notReady }
        // A name that nobody vouches for says nothing.
        guard current.verifiesPeer || !choice.tls.verifiesServerName else { throw HandshakeFailure.unverifiedName }
        let hostname = host.endpoint.hostname
        let takesHost = choice.tls.takesServerNameFromHost && !hostname.isEmpty
        let serverName = takesHost ? hostname : choice.tls.serverName
        let tls = try SecureContext.clientHandler(current, serverName: serverName.isEmpty ? nil : serverName)
        let stats = host.cluster.stats
        let handshake = HandshakeHandler(
            worker: self, tls: tls, current: current,
            serverName: choice.tls.verifiesServerName ? serverName.lowercased() : nil, isServer: false,
            timeout: timeout
        ) { result, context in
            switch result {
            case .success:
                stats.handshake(.handshake)
                do {
                    try context.pipeline.syncOperations.addHandler(handler, position: .after(context.handler))
                } catch {
                    // The connection has ended meanwhile.
                    return attempt.finish(.tls(.closed))
                }
                context.fireChannelActive()
                attempt.finish(nil)
            case .failure(let failure): attempt.handshakeFailed(failure, stats)
            }
        }
        return [tls, handshake]
    }
}

/// An attempt to connect, whose outcome is told once.
private final class ConnectAttempt {
    private var outcome: ((ConnectFailure?) -> Void)?
    var waitsForHandshake = false
    private var isConnected = false
    /// Of a handshake that failed before its connection was said to stand.
    private var early: HandshakeFailure?

    init(_ outcome: @escaping (ConnectFailure?) -> Void) { self.outcome = outcome }

    func connected() {
        isConnected = true
        if !waitsForHandshake { finish(nil) } else if let early { finish(.tls(early)) }
    }

    /// Without a connection there is no handshake, and the connection's own failure tells more.
    func handshakeFailed(_ failure: HandshakeFailure, _ stats: ClusterStats) {
        guard isConnected else {
            early = failure
            return
        }
        stats.handshake(failure.counted)
        finish(.tls(failure))
    }

    func finish(_ failure: ConnectFailure?) {
        let outcome = self.outcome
        self.outcome = nil
        outcome?(failure)
    }
}
