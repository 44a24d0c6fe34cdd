import Glibc
import NIOCore
import NIOSSL
import NIOTLS
import TulleModel

/// Stands right behind a connection's TLS handler until the handshake is over, checks who the peer is, and makes way for the
/// handler that serves the connection.
///
/// That one comes into the pipeline only then: it sees a connection begin when its peer is known, and its back-pressure, which is
/// not to read, does not hold up the handshake.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler, TimerOwner {
    typealias InboundIn = ByteBuffer
    typealias Finished = (Result<Handshake, HandshakeFailure>, ChannelHandlerContext) -> Void

    private let worker: Worker
    private let tls: NIOSSLHandler
    private let current: SecureContext.Current
    /// The host name that the peer's certificate must bear; nil for none.
    private let serverName: String?
    /// Whether the connection is a client's, and is one of those that a drain ends.
    private let isServer: Bool
    private let timeout: Duration
    private var finished: Finished?
    private var context: ChannelHandlerContext?
    private var failure: HandshakeFailure?
    private let timer = Timer(.handshake)

    /// - Parameter finished: called once. On success the handler is still in its place, and goes when the call returns; on
    ///   failure the connection closes then.
    init(
        worker: Worker, tls: NIOSSLHandler, current: SecureContext.Current, serverName: String? = nil,
        isServer: Bool, timeout: Duration, finished: @escaping Finished
    ) {
        self.worker = worker
        self.tls = tls
        self.current = current
        self.serverName = serverName
        self.isServer = isServer
        self.timeout = timeout
        self.finished = finished
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if isServer { worker.track(self) }
        worker.wheel.arm(timer, for: self, after: timeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        worker.wheel.cancel(timer)
        if isServer { worker.untrack(self) }
        fail(failure ?? .closed, context)
    }

    func channelActive(context: ChannelHandlerContext) {}

    func channelInactive(context: ChannelHandlerContext) { fail(failure ?? .closed, context) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? HandshakeFailure(error)
        fail(failure ?? .closed, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            complete(negotiated, context)
        } else if finished == nil {
            context.fireUserInboundEventTriggered(event)
        } else if let event = event as? ChannelEvent, event == .inputClosed {
            fail(.closed, context)
        }
    }

    func timerFired(_ timer: Timer) {
        if let context { fail(.timeout, context) }
    }

    private func complete(_ negotiated: String?, _ context: ChannelHandlerContext) {
        guard let finished else { return }
        var handshake = Handshake(
            applicationProtocol: negotiated.flatMap { $0.isEmpty ? nil : $0 }, version: Self.name(of: tls.tlsVersion))
        if let certificate = tls.peerCertificate {
            let names = PeerNames(certificate)
            if let objection = objection(certificate, names) { return fail(.peer(objection), context) }
            if current.verifiesPeer {
                handshake.certificate = certificate
                handshake.peer = PeerCertificate(
                    uriNames: names.names(.uri), dnsNames: names.names(.dns),
                    subject: DistinguishedName.text(of: certificate))
            }
        }
        self.finished = nil
        finished(.success(handshake), context)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private static func name(of version: TLSVersion?) -> String? {
        switch version {
        case .tlsv12: "TLSv1.2"
        case .tlsv13: "TLSv1.3"
        default: nil
        }
    }

    private func objection(_ certificate: NIOSSLCertificate, _ names: PeerNames) -> PeerObjection? {
        // A resumed session's chain is not verified again.
        if current.verifiesPeer, certificate.notValidAfter < time(nil) { return .expired }
        if let objection = current.test?.objection(to: certificate, names: names) { return objection }
        guard let serverName else { return nil }
        let hosts = names.names(.dns) + names.names(.ipAddress)
        return hosts.contains { HostName.covers($0, serverName) } ? nil : .serverName(serverName, hosts)
    }

    private func fail(_ failure: HandshakeFailure, _ context: ChannelHandlerContext) {
        guard let finished else { return }
        self.finished = nil
        finished(.failure(failure), context)
        context.close(promise: nil)
    }
}

extension HandshakeHandler: DrainableConnection {
    func drain() { closeNow() }
    func closeNow() { context?.close(promise: nil) }
}
