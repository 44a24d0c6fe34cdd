import NIOCore
import TulleModel

/// A connection to an endpoint that carries one HTTP/1.1 exchange after the other.
final class UpstreamHTTP1Connection: ChannelDuplexHandler, RemovableChannelHandler, UpstreamSide, Flushable, TimerOwner
{
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum Stage {
        /// Waiting for an exchange; the peer has nothing to say.
        case idle
        case head
        case body
        /// Left to a relay: what comes is not HTTP any more.
        case handedOver
        case closed
    }

    let host: UpstreamHost
    /// Where this connection stands among the host's idle ones; negative when it does not.
    var idleIndex = -1
    private(set) var requestsCarried = 0
    private var stage = Stage.idle
    private var exchange: Exchange?
    private var context: ChannelHandlerContext?
    private var parser = HTTP1HeadParser(limits: UpstreamHTTP1Connection.limits)
    private var decoder = HTTP1BodyDecoder(.none)
    private var readIsWanted = false
    private var needsFlush = false
    var isMarkedForFlush = false
    private let idleTimer = Timer(.idle)
    /// Ends its time of taking new exchanges, where the cluster sets one.
    private let lifetime: Timer?
    private var isAged = false

    /// Servers of the user's own may send larger heads than strangers may.
    private static let limits = HTTP1Limits(maxHeadBytes: 256 << 10, maxFields: 1000)

    init(host: UpstreamHost) {
        self.host = host
        lifetime = host.cluster.config.maxConnectionDuration > .zero ? Timer(.lifetime) : nil
    }

    /// Whether an exchange may begin on it.
    var isUsable: Bool { stage == .idle && context != nil }
    /// Whether it has carried an exchange before, so that its closing may be an idle race.
    var isReused: Bool { requestsCarried > 1 }
    var wireVersion: WireVersion { .http1 }
    var takesUpgrades: Bool { true }
    var isWritable: Bool { context?.channel.isWritable ?? false }
    var localAddress: PeerAddress? { context?.channel.localAddress }

    // MARK: From the exchange

    func begin(_ exchange: Exchange) {
        self.exchange = exchange
        stage = .head
        requestsCarried &+= 1
        let worker = host.cluster.worker
        worker.wheel.disarm(idleTimer)
        exchange.request.addHTTP1Framing()
        var out = worker.flushQueue.buffers.take()
        exchange.request.write(to: &out)
        write(out)
        worker.flushQueue.buffers.lend(out)
    }

    func writeBody(_ bytes: ByteBuffer, of exchange: Exchange) {
        guard case .chunked = exchange.request.framing else { return write(bytes) }
        write(ChunkFraming.head(bytes.readableBytes))
        write(bytes)
        write(ChunkFraming.lineEnd)
    }

    func writeEnd(of exchange: Exchange) {
        if case .untilClose = exchange.request.framing { return endOutput() }
        guard case .chunked = exchange.request.framing else { return }
        guard let trailers = exchange.requestTrailers, exchange.runtime.manager.enableTrailers else {
            return write(ChunkFraming.lastChunk)
        }
        var end = ByteBuffer()
        end.writeLastChunk(trailers: trailers)
        write(end)
    }

    /// Ends our half of a tunnel once all that was written has left.
    private func endOutput() {
        context?.whenWritten { self.context?.close(mode: .output, promise: nil) }
    }

    @inline(__always)
    private func write(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
        needsFlush = true
    }

    func flushLater() {
        if needsFlush { host.cluster.worker.flush(self) }
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

    func giveBack() { host.release(self) }

    func discard() {
        exchange = nil
        guard stage != .closed else { return }
        stage = .idle
        host.release(self)
    }

    func abandon() {
        exchange = nil
        close()
    }

    /// The exchange is over on both sides: the connection goes back to its host, or closes where it cannot.
    private func finish(keepAlive: Bool) {
        guard let finished = exchange else { return }
        let limit = host.cluster.config.maxRequestsPerConnection
        let isReusable =
            keepAlive && !isAged && finished.requestIsSent && (limit == 0 || requestsCarried < limit)
            && context?.channel.isActive ?? false
        exchange = nil
        stage = .idle
        if !isReusable { close() }
        finished.responseEnded()
        if isReusable { host.release(self) }
    }

    func becameIdle() {
        let timeout = host.cluster.config.idleTimeout
        if timeout > .zero { host.cluster.worker.wheel.arm(idleTimer, for: self, after: timeout) }
    }

    func close() {
        guard stage != .closed else { return }
        stage = .closed
        cancelTimers()
        context?.close(promise: nil)
    }

    /// Stops being HTTP: the relay's handler takes this one's place. Answers false when the connection is gone.
    func handOver(to relay: RelayHandler) -> Bool {
        guard let context else { return false }
        stage = .handedOver
        exchange = nil
        host.connectionEnded()
        cancelTimers()
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(relay, position: .after(self))
        } catch {
            context.close(promise: nil)
            return false
        }
        pipeline.removeHandler(context: context, promise: nil)
        return true
    }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        host.connectionBegan()
        guard let lifetime else { return }
        host.cluster.worker.wheel.arm(lifetime, for: self, after: host.cluster.config.maxConnectionDuration)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        host.cluster.worker.readBuffers.lend(bytes)
        while true {
            switch stage {
            case .idle, .closed:
                // A server that speaks unasked on an idle connection (a 408 before it closes, say) is not believed.
                if bytes.readableBytes > 0 { closeIdle() }
                return
            case .handedOver:
                return
            case .head:
                if !readHead(&bytes) { return }
            case .body:
                if !readBody(&bytes) { return }
            }
        }
    }

    /// Answers whether to go on with what is left.
    @inline(__always)
    private func readHead(_ bytes: inout ByteBuffer) -> Bool {
        guard let exchange else { return false }
        switch parser.parse(&bytes, into: &exchange.response, requestMethod: exchange.request.method) {
        case .needMore:
            return false
        case .invalid(let error):
            self.exchange = nil
            close()
            exchange.upstreamFailed(.invalidResponse(error))
            return false
        case .complete:
            if exchange.response.isInterim {
                exchange.interimResponse()
                return self.exchange != nil
            }
            if exchange.response.switchesProtocols {
                decoder = HTTP1BodyDecoder(.untilClose)
                stage = .body
                exchange.upgraded(early: bytes)
                // Where a stream is at the other end, what follows goes on as a body.
                return stage == .body && self.exchange != nil
            }
            decoder = HTTP1BodyDecoder(exchange.response.framing, mode: exchange.responseBodyMode)
            stage = .body
            exchange.responseBegan()
            return self.exchange != nil
        }
    }

    @inline(__always)
    private func readBody(_ bytes: inout ByteBuffer) -> Bool {
        guard let exchange else { return false }
        switch decoder.next(&bytes) {
        case .needMore:
            return false
        case .data(let slice):
            exchange.responseBody(slice)
            if decoder.isComplete { return endBody(exchange, &bytes) }
            return self.exchange != nil
        case .end:
            return endBody(exchange, &bytes)
        case .invalid(let error):
            self.exchange = nil
            close()
            exchange.upstreamFailed(.invalidResponse(error))
            return false
        }
    }

    @inline(__always)
    private func endBody(_ exchange: Exchange, _ bytes: inout ByteBuffer) -> Bool {
        guard self.exchange === exchange else { return false }
        exchange.responseTrailers = decoder.trailers
        // Bytes behind the end belong to no request of ours.
        if bytes.readableBytes > 0 { exchange.response.keepAlive = false }
        finish(keepAlive: exchange.response.keepAlive)
        return false
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard let downstream = exchange?.downstream else { return }
        downstream.commitHead()
        downstream.flushLater()
    }

    func read(context: ChannelHandlerContext) {
        if exchange?.canTakeResponse ?? true { context.read() } else { readIsWanted = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { exchange?.upstreamBecameWritable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed, stage != .handedOver else { return }
        ended()
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        self.context = nil
        host.connectionEnded()
        cancelTimers()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func timerFired(_ timer: Timer) {
        if timer.kind == .lifetime { isAged = true }
        // With an exchange under way it closes when that is over.
        if stage == .idle { closeIdle() }
    }

    private func cancelTimers() {
        let wheel = host.cluster.worker.wheel
        wheel.cancel(idleTimer)
        if let lifetime { wheel.cancel(lifetime) }
    }

    private func closeIdle() {
        host.forget(self)
        close()
    }

    /// The peer has closed: the end of a body that lasts until then, or of an exchange that it breaks off.
    private func ended() {
        switch stage {
        case .idle:
            host.forget(self)
            stage = .closed
        case .head, .body:
            guard let exchange else { break }
            let isEnd = stage == .body && decoder.endsWithConnection
            stage = .closed
            self.exchange = nil
            if isEnd {
                exchange.responseEnded()
                exchange.flushDownstream()
            } else if parser.isMidHead {
                exchange.upstreamFailed(.invalidResponse(.invalidStatusLine))
            } else {
                exchange.upstreamFailed(.closed(wasReused: isReused))
            }
        case .handedOver, .closed:
            break
        }
    }
}
