import Glibc
import NIOCore
import TulleModel

/// Looks at a new connection until its filter chain is clear, then puts that chain's handler in its own place.
///
/// Declared protocols never come here. Where bytes must be seen, the listener's own limit bounds the wait, and a
/// silent client then counts as opaque, so that a server that speaks first is not kept waiting.
final class DetectHandler: ChannelDuplexHandler, RemovableChannelHandler, TimerOwner {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private let listener: ListenerRuntime
    private var context: ChannelHandlerContext?
    private var original: PeerAddress?
    private var seen: ByteBuffer?
    private var isDone = false
    private var inputClosed = false
    private let timer = Timer(.detect)

    init(listener: ListenerRuntime) { self.listener = listener }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        listener.worker.track(self)
        if context.channel.isActive { start(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        listener.worker.wheel.cancel(timer)
        listener.worker.untrack(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    private func start(_ context: ChannelHandlerContext) {
        let definition = listener.definition
        if definition.readsOriginalDestination { original = Self.originalDestination(of: context.channel) }
        guard definition.sniffer != nil else {
            settle(DetectedProtocol())
            return
        }
        let limit = definition.listener.listenerFiltersTimeout
        if limit > .zero { listener.worker.wheel.arm(timer, for: self, after: limit) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if isDone {
            context.fireChannelRead(data)
            return
        }
        if seen == nil { seen = bytes } else { seen!.writeBuffer(&bytes) }
        guard let sniffer = listener.definition.sniffer, let seen else { return }
        if case .detected(let detected) = seen.withUnsafeReadableBytes({ sniffer.inspect($0) }) { settle(detected) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed, !isDone {
            inputClosed = true
            settle(bestGuess())
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func timerFired(_ timer: Timer) {
        guard !isDone else { return }
        listener.stats.detectionTimedOut()
        if listener.definition.listener.continueOnListenerFiltersTimeout {
            settle(bestGuess())
        } else {
            context?.close(promise: nil)
        }
    }

    private func bestGuess() -> DetectedProtocol {
        guard let sniffer = listener.definition.sniffer, let seen else { return DetectedProtocol() }
        return seen.withUnsafeReadableBytes { sniffer.bestGuess($0) }
    }

    private func settle(_ detected: DetectedProtocol) {
        guard !isDone, let context else { return }
        isDone = true
        listener.worker.wheel.cancel(timer)
        let destination = original ?? context.channel.localAddress
        let facts = FilterChainIndex.Connection(
            destinationPort: destination?.port ?? 0, destination: destination.flatMap { IPAddressBits($0) },
            source: context.channel.remoteAddress.flatMap { IPAddressBits($0) }, detected: detected)
        guard let service = listener.service(for: facts) else {
            listener.stats.noFilterChainMatched()
            context.close(promise: nil)
            return
        }
        let pipeline = context.pipeline.syncOperations
        do {
            try service.serve(
                pipeline, after: self, channel: context.channel, listener: listener, original: original,
                detected: detected)
        } catch {
            context.close(promise: nil)
            return
        }
        if let seen {
            self.seen = nil
            context.fireChannelRead(wrapInboundOut(seen))
            context.fireChannelReadComplete()
        }
        if inputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        pipeline.removeHandler(context: context, promise: nil)
    }

    /// The destination before REDIRECT, from the kernel's connection tracking; nil where nothing was redirected.
    private static func originalDestination(of channel: any Channel) -> PeerAddress? {
        guard let provider = channel as? any SocketOptionProvider, let local = channel.localAddress else { return nil }
        let original: PeerAddress?
        switch local {
        case .v4:
            // SO_ORIGINAL_DST of linux/netfilter_ipv4.h.
            let future: EventLoopFuture<sockaddr_in> = provider.unsafeGetSocketOption(
                level: .init(rawValue: CInt(IPPROTO_IP)), name: .init(rawValue: 80))
            original = (try? future.assumeSynchronous()).map { PeerAddress($0) }
        case .v6:
            // IP6T_SO_ORIGINAL_DST of linux/netfilter_ipv6/ip6_tables.h.
            let future: EventLoopFuture<sockaddr_in6> = provider.unsafeGetSocketOption(
                level: .init(rawValue: CInt(IPPROTO_IPV6)), name: .init(rawValue: 80))
            original = (try? future.assumeSynchronous()).map { PeerAddress($0) }
        case .unixDomainSocket:
            return nil
        }
        return original == local ? nil : original
    }
}

extension DetectHandler: DrainableConnection {
    func drain() { context?.close(promise: nil) }
    func closeNow() { context?.close(promise: nil) }
}

extension EventLoopFuture where Value: Sendable {
    /// The result of a future that is complete already, as those of socket options are on their own loop.
    fileprivate func assumeSynchronous() throws -> Value {
        var outcome: Result<Value, any Error> = .failure(ChannelError.operationUnsupported)
        self.assumeIsolated().whenComplete { outcome = $0 }
        return try outcome.get()
    }
}
