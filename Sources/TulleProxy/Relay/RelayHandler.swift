import NIOCore
import NIOSSL

/// One side of a pair of connections whose bytes are passed on as they are.
///
/// Back-pressure is not calling `read()`: a side reads only while the other side can take more.
final class RelayHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// Let go when this side has closed, which breaks the cycle between a session and its sides.
    private var session: RelaySession?
    private var context: ChannelHandlerContext?
    /// Nil until the pair is joined, and after the other side has gone.
    private var peer: RelayHandler?
    private var readIsWanted = false
    private var outputIsEnding = false
    private var outputClosed = false
    private(set) var inputClosed = false
    private(set) var bytesReceived: UInt64 = 0

    init(session: RelaySession) { self.session = session }

    static func join(_ first: RelayHandler, _ second: RelayHandler) {
        first.peer = second
        second.peer = first
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard let session, let options = context.channel.syncOptions else { return }
        // Bulk relaying reads more at a time than HTTP does, unless little may be buffered.
        let mark = try? options.getOption(.writeBufferWaterMark)
        let isBounded = (mark?.high ?? .max) < ReadBuffers.Size.large.rawValue
        try? options.setOption(
            .recvAllocator, value: ReadBufferAllocator(session.readBuffers, upTo: isBounded ? .usual : .bulk))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        session = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        session?.readBuffers.lend(bytes)
        receive(bytes)
    }

    /// Takes bytes that were read before this handler stood in the pipeline.
    func receive(_ bytes: ByteBuffer) {
        bytesReceived &+= UInt64(bytes.readableBytes)
        peer?.write(bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        session?.isActive()
        peer?.flush()
    }

    func read(context: ChannelHandlerContext) {
        if peer?.canTakeMore ?? false { context.read() } else { readIsWanted = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { peer?.resumeReading() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        inputClosed = true
        peer?.closeOutput()
        if outputClosed { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        let other = peer
        peer = nil
        other?.peer = nil
        // What a side that ended in good order said last may still wait for a slow reader. NIO tells of no end of input
        // when the output has ended before: it closes at once.
        if inputClosed || outputClosed { other?.closeOnceWritten() } else { other?.close() }
        session?.sideClosed()
        session = nil
    }

    /// A side that is reset resets the other: an end in good order would say that all has been said. An end without TLS's
    /// close_notify is taken for one: many programs leave that out, and a reset would take away what their reader has not
    /// read yet.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .uncleanShutdown? = error as? NIOSSLError { return }
        peer?.reset()
        context.close(promise: nil)
    }

    private func reset() { context?.reset() }

    /// Asks for the first read; a read asked for earlier was held back.
    func startReading() {
        readIsWanted = true
        resumeReading()
    }

    /// Goes on reading when the other side can take more.
    func resumeReading() {
        guard readIsWanted, let context else { return }
        readIsWanted = false
        context.read()
    }

    /// Writes what another side read; `flush` sends it.
    func write(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    func flush() { context?.flush() }

    func close() {
        if let context { return context.close(promise: nil) }
        // One that never stood in a pipeline lets its session go here.
        session = nil
        peer = nil
    }

    private func closeOnceWritten() {
        if outputClosed { close() } else { closeOutput() }
    }

    private var canTakeMore: Bool { context?.channel.isWritable ?? false }

    /// Ends our half once all that was written has left: NIO drops pending writes when both halves close at once.
    private func closeOutput() {
        guard !outputIsEnding, let context else { return }
        outputIsEnding = true
        context.whenWritten { self.shutOutput() }
    }

    private func shutOutput() {
        guard let context else { return }
        outputClosed = true
        context.close(mode: inputClosed || peer == nil ? .all : .output, promise: nil)
    }
}
