import NIOCore

/// The upstream of a CONNECT that ends here and came on a stream: what passes as the bodies of the exchange goes to an endpoint
/// without HTTP around it (RFC 9113, 8.5).
final class TunnelConnection: ChannelDuplexHandler, UpstreamSide, RelayEnd, Flushable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private let worker: Worker
    private var context: ChannelHandlerContext?
    private var exchange: Exchange?
    private var readIsWanted = false
    private var needsFlush = false
    var isMarkedForFlush = false
    /// The endpoint has said all, and has been heard to its end.
    private var inputClosed = false

    init(worker: Worker) { self.worker = worker }

    var handler: any ChannelHandler { self }
    var wireVersion: WireVersion { .http1 }
    var takesUpgrades: Bool { false }
    var isWritable: Bool { context?.channel.isWritable ?? false }
    var localAddress: PeerAddress? { context?.channel.localAddress }

    // MARK: From the exchange

    func begin(_ exchange: Exchange) {
        self.exchange = exchange
        resumeReading()
    }

    func writeBody(_ bytes: ByteBuffer, of exchange: Exchange) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
        needsFlush = true
    }

    /// The client has said all: so does its tunnel, once that has left.
    func writeEnd(of exchange: Exchange) {
        context?.whenWritten { self.endOutput() }
    }

    private func endOutput() {
        guard inputClosed else { return context?.close(mode: .output, promise: nil) ?? () }
        finish()
        close()
    }

    func flushLater() {
        if needsFlush { worker.flush(self) }
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    func resumeReading() {
        guard readIsWanted, let context else { return }
        readIsWanted = false
        context.read()
    }

    func discard() { abandon() }

    func abandon() {
        exchange = nil
        // An end in good order would say that the client has said all.
        context?.reset()
    }

    func giveBack() { close() }

    func handOver(to relay: RelayHandler) -> Bool { false }

    func close() { context?.close(promise: nil) }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        worker.readBuffers.lend(bytes)
        exchange?.responseBody(bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) { exchange?.flushDownstream() }

    func read(context: ChannelHandlerContext) {
        if exchange?.canTakeResponse ?? false { context.read() } else { readIsWanted = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { exchange?.upstreamBecameWritable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        inputClosed = true
        guard let exchange, !exchange.requestIsComplete else {
            finish()
            return close()
        }
        // The client hears the end, and may still say something.
        exchange.downstream?.writeEnd(of: exchange, trailers: nil)
        exchange.flushDownstream()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        // NIO tells of no end of input where the output has ended before.
        let isWhole = inputClosed || exchange?.requestIsSent ?? true
        if isWhole { finish() } else { fail() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail()
        context.close(promise: nil)
    }

    private func finish() {
        guard let exchange = exchange.take() else { return }
        exchange.responseEnded()
        exchange.flushDownstream()
    }

    private func fail() {
        guard let exchange = exchange.take() else { return }
        exchange.upstreamFailed(.closed(wasReused: false))
        exchange.flushDownstream()
    }
}
