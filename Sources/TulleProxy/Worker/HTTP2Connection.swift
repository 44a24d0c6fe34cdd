import NIOCore

/// What both ends of HTTP/2 do with their machine's output.
protocol HTTP2Connection: ChannelDuplexHandler, Flushable where OutboundOut == ByteBuffer {
    associatedtype Stream: HTTP2Stream

    var worker: Worker { get }
    /// Nil when the connection is gone.
    var context: ChannelHandlerContext? { get }
    var machine: HTTP2Machine<Stream> { get set }
    /// The peer has room for more of a stream's content.
    func resume(_ stream: Stream)
}

extension HTTP2Connection {
    /// What is written next goes into a buffer of the worker's, until it is flushed.
    @inline(__always)
    func provideBuffer() { machine.output.provide { worker.flushQueue.buffers.take() } }

    func flushLater() { worker.flush(self) }

    func flush() {
        guard let context else { return }
        let isEmpty = machine.output.isEmpty
        while let segment = machine.output.nextSegment() { context.write(wrapOutboundOut(segment), promise: nil) }
        let last = machine.output.takeBytes()
        if last.readableBytes > 0 { context.write(wrapOutboundOut(last), promise: nil) }
        worker.flushQueue.buffers.lend(last)
        guard !isEmpty else { return }
        context.flush()
        if context.channel.isWritable { machine.written() } else { machine.heldBack() }
    }

    func resumeQueued() {
        // Each that waits now gets one turn; those whose content is not all sent wait again, behind the others.
        var turns = machine.streams.count
        while turns > 0, let stream = machine.nextQueued() {
            resume(stream)
            turns -= 1
        }
    }
}
