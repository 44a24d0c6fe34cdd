import NIOCore
import TulleModel

/// A connection to an endpoint that carries many exchanges at once, each on a stream.
final class UpstreamHTTP2Connection: ChannelDuplexHandler, TimerOwner {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum Stage {
        case open
        /// Takes no new exchange, and closes when the last is over.
        case draining
        case closed
    }

    let host: UpstreamHost
    var worker: Worker { host.cluster.worker }
    private(set) var context: ChannelHandlerContext?
    var machine: HTTP2Machine<UpstreamHTTP2Stream>
    private var stage = Stage.open
    private var input: ByteBuffer?
    private var pseudo = PseudoFields()
    private var requestsCarried = 0
    var isMarkedForFlush = false
    private let idleTimer = Timer(.idle)
    private let keepaliveTimer = Timer(.keepalive)
    /// Ends its time of taking new exchanges, where the cluster sets one.
    private let lifetime: Timer?
    private var awaitsPong = false

    /// Servers of the user's own may send larger heads than strangers may.
    private static let limits = HTTP1Limits(maxHeadBytes: 256 << 10, maxFields: 1000)

    init(host: UpstreamHost) {
        self.host = host
        lifetime = host.cluster.config.maxConnectionDuration > .zero ? Timer(.lifetime) : nil
        machine = HTTP2Machine(
            isServer: false, options: host.cluster.config.http2, maxHeadBytes: Self.limits.maxHeadBytes)
    }

    /// Whether an exchange may begin on it now.
    var canOpenStream: Bool { stage == .open && context != nil && machine.canOpenStream }
    var isWritable: Bool { context?.channel.isWritable ?? false }
    var localAddress: PeerAddress? { context?.channel.localAddress }
    /// Extended CONNECT is not sent to who has not offered it (RFC 8441, 3); of a connection that is new that is not known yet.
    var takesUpgrades: Bool { !machine.hasSettings || machine.peer.allowsExtendedConnect }
    var activeStreams: Int { machine.streams.count }
    var freeStreams: Int { canOpenStream ? machine.mostStreams - machine.streams.count : 0 }

    /// A stream for one exchange, which is opened when that begins.
    func makeStream() -> UpstreamHTTP2Stream {
        let stream = worker.takeUpstreamStream()
        stream.attach(to: self)
        return stream
    }

    // MARK: From the exchanges

    func begin(_ exchange: Exchange, on stream: UpstreamHTTP2Stream) {
        worker.wheel.disarm(idleTimer)
        provideBuffer()
        machine.open(stream)
        requestsCarried &+= 1
        let limit = host.cluster.config.maxRequestsPerConnection
        if limit > 0, requestsCarried >= limit { drain() }
        // Over HTTP/2 the client said it itself; else who terminated its TLS says it.
        let https =
            exchange.request.secureScheme || (!exchange.request.version20 && exchange.request.isForwardedSecure)
        let proto = exchange.isUpgrade ? exchange.request.proto ?? exchange.request.block.value(.upgrade) : nil
        machine.sendHead(on: stream, end: false, bound: exchange.request.http2Bound) { writer in
            exchange.request.writeHTTP2(to: &writer, https: https, proto: proto)
        }
    }

    func send(_ bytes: ByteBuffer, on stream: UpstreamHTTP2Stream) {
        provideBuffer()
        machine.send(bytes, on: stream)
    }

    func sendEnd(on stream: UpstreamHTTP2Stream, trailers: HeaderBlock?) {
        machine.sendEnd(on: stream, trailers: trailers)
    }

    func giveBackHeld(_ stream: UpstreamHTTP2Stream) {
        guard stream.heldBytes > 0 else { return }
        let held = stream.heldBytes
        stream.heldBytes = 0
        machine.consume(held, on: stream)
        flushLater()
    }

    /// The exchange wants no more of this stream; the peer is told unless it has said all already.
    func leave(_ stream: UpstreamHTTP2Stream) {
        guard stream.connection === self else { return }
        machine.consume(stream.heldBytes, on: nil)
        stream.heldBytes = 0
        machine.reset(stream, .cancel)
        worker.recycle(stream)
        flushLater()
        streamEnded()
    }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        host.cluster.stats.connectionOpened()
        armKeepalive()
        if let lifetime { worker.wheel.arm(lifetime, for: self, after: host.cluster.config.maxConnectionDuration) }
        flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        worker.readBuffers.lend(bytes)
        if input == nil { input = bytes } else { input!.writeBuffer(&bytes) }
        process()
        flushLater()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        machine.written()
        for stream in machine.streams.all { stream.exchange?.upstreamBecameWritable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        host.cluster.stats.connectionClosed()
        stopTimers()
        stage = .closed
        input = nil
        host.forget(self)
        failAll(.closed(wasReused: requestsCarried > machine.streams.count))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Events

    private func process() {
        machine.now = NIODeadline.now().uptimeNanoseconds
        provideBuffer()
        reading: while stage != .closed, input != nil {
            switch machine.next(&input!) {
            case .needMore: break reading
            case .head(let stream, let fragment, let end): readHead(of: stream, fragment, end)
            case .data(let stream, let content, let end): readContent(of: stream, content, end)
            case .reset(let stream, let code):
                let wasRefused = code == .refusedStream && !stream.hasHead
                fail(stream, wasRefused ? .refused : .remoteReset)
            case .broke(let stream, _): fail(stream, .invalidResponse(.invalidStatusLine))
            case .windowOpened(let stream):
                if let stream { resume(stream) } else { resumeQueued() }
            case .settingsChanged:
                for stream in machine.streams.all where stream.pendingBytes > 0 { resume(stream) }
                host.serveWaiting(self)
            case .goAway(let last, _): goAway(last)
            case .pong:
                awaitsPong = false
                armKeepalive()
            case .opened(let id, let fragment, _):
                // A server opens no stream, since push is off; the machine lets none through.
                if let failure = machine.refuse(id: id, fragment: fragment) { failConnection(failure) }
            case .failed: closeBroken()
            }
        }
        if input?.readableBytes == 0 || stage == .closed { input = nil }
    }

    private func readHead(of stream: UpstreamHTTP2Stream, _ fragment: ByteBuffer, _ end: Bool) {
        if stream.hasHead { return readTrailers(of: stream, fragment, end) }
        guard let exchange = stream.exchange else { return leave(stream) }
        exchange.response.reset()
        pseudo.reset()
        let result = machine.decode(
            fragment, as: .response, limits: Self.limits, into: &exchange.response.block, pseudo: &pseudo)
        switch result {
        case .broken: return failConnection(HTTP2Machine<UpstreamHTTP2Stream>.compressionFailure)
        case .tooLarge: return breakOff(stream, .headTooLarge)
        case .malformed: return breakOff(stream, .invalidFieldValue)
        case .complete: break
        }
        guard exchange.response.interpretHTTP2(pseudo, end: end, requestMethod: exchange.request.method) else {
            return breakOff(stream, .invalidStatusLine)
        }
        if exchange.response.isInterim {
            exchange.interimResponse()
            return
        }
        stream.hasHead = true
        stream.contentLeft = exchange.response.framing == .none ? 0 : exchange.response.promisedLength
        if end {
            guard stream.contentLeft <= 0 else { return breakOff(stream, .invalidContentLength) }
            machine.remoteEnded(stream)
        }
        exchange.responseBegan()
        guard stream.exchange === exchange else { return }
        if end { finish(stream) } else { exchange.flushDownstream() }
    }

    private func readTrailers(of stream: UpstreamHTTP2Stream, _ fragment: ByteBuffer, _ end: Bool) {
        var trailers = HeaderBlock()
        pseudo.reset()
        let result = machine.decode(fragment, as: .trailers, limits: Self.limits, into: &trailers, pseudo: &pseudo)
        switch result {
        case .broken: return failConnection(HTTP2Machine<UpstreamHTTP2Stream>.compressionFailure)
        case .malformed, .tooLarge: return breakOff(stream, .forbiddenTrailer)
        case .complete: break
        }
        guard end, stream.contentLeft <= 0 else { return breakOff(stream, .invalidContentLength) }
        machine.remoteEnded(stream)
        if !trailers.fields.isEmpty { stream.exchange?.responseTrailers = trailers }
        finish(stream)
    }

    private func readContent(of stream: UpstreamHTTP2Stream, _ content: ByteBuffer, _ end: Bool) {
        let count = content.readableBytes
        guard let exchange = stream.exchange else {
            machine.consume(count, on: stream)
            return leave(stream)
        }
        if count > 0 { exchange.responseBody(content) }
        guard stream.exchange === exchange else { return machine.consume(count, on: nil) }
        if end {
            machine.consume(count, on: nil)
            return finish(stream)
        }
        if exchange.canTakeResponse { machine.consume(count, on: stream) } else { stream.heldBytes &+= count }
        exchange.flushDownstream()
    }

    /// The response is whole.
    private func finish(_ stream: UpstreamHTTP2Stream) {
        let exchange = stream.exchange
        machine.consume(stream.heldBytes, on: nil)
        stream.heldBytes = 0
        // What is left of the request is of no use to a peer that has answered.
        machine.reset(stream, .cancel)
        worker.recycle(stream)
        exchange?.responseEnded()
        streamEnded()
    }

    /// The response cannot be understood.
    private func breakOff(_ stream: UpstreamHTTP2Stream, _ error: HTTP1Error) {
        machine.reset(stream, .protocolError)
        fail(stream, .invalidResponse(error))
    }

    /// The stream is gone from the machine without a whole response.
    private func fail(_ stream: UpstreamHTTP2Stream, _ failure: Failure) {
        let exchange = stream.exchange
        machine.consume(stream.heldBytes, on: nil)
        stream.heldBytes = 0
        worker.recycle(stream)
        exchange?.upstreamFailed(failure)
        exchange?.flushUpstream()
        exchange?.flushDownstream()
        streamEnded()
    }

    func resume(_ stream: UpstreamHTTP2Stream) {
        machine.pump(stream)
        if stream.isWritable { stream.exchange?.upstreamBecameWritable() }
    }

    private func goAway(_ last: UInt32) {
        if stage == .open { stage = .draining }
        host.forget(self)
        for stream in machine.streams.all where stream.id > last {
            machine.forget(stream)
            fail(stream, .refused)
        }
        streamEnded()
    }

    // MARK: Ends

    private func streamEnded() {
        if stage == .open { host.serveWaiting(self) }
        guard machine.streams.count == 0, stage != .closed else { return }
        if stage == .draining { return close() }
        machine.streams.shrink()
        let timeout = host.cluster.config.idleTimeout
        if timeout > .zero { worker.wheel.arm(idleTimer, for: self, after: timeout) }
    }

    /// Takes no new exchange; those under way finish.
    func drain() {
        guard stage == .open else { return }
        stage = .draining
        host.forget(self)
        if machine.streams.count == 0 { close() }
    }

    private func close() {
        guard stage != .closed else { return }
        stage = .closed
        host.forget(self)
        stopTimers()
        machine.goAway()
        flush()
        context?.close(promise: nil)
    }

    private func failConnection(_ failure: HTTP2Failure) {
        _ = machine.fail(failure)
        closeBroken()
    }

    /// The peer does not speak HTTP/2 as it should.
    private func closeBroken() {
        stage = .closed
        host.forget(self)
        stopTimers()
        flush()
        failAll(.invalidResponse(.invalidVersion))
        context?.close(promise: nil)
    }

    private func failAll(_ failure: Failure) {
        let streams = machine.streams.all
        machine.removeAll()
        for stream in streams { fail(stream, failure) }
    }

    // MARK: Time

    private func stopTimers() {
        worker.wheel.cancel(idleTimer)
        worker.wheel.cancel(keepaliveTimer)
        if let lifetime { worker.wheel.cancel(lifetime) }
    }

    private func armKeepalive() {
        let interval = host.cluster.config.http2.keepaliveInterval
        if interval > .zero { worker.wheel.arm(keepaliveTimer, for: self, after: interval) }
    }

    func timerFired(_ timer: Timer) {
        switch timer.kind {
        case .keepalive: checkKeepalive()
        case .lifetime: drain()
        default: close()
        }
    }

    private func checkKeepalive() {
        if awaitsPong {
            stage = .closed
            host.forget(self)
            failAll(.closed(wasReused: false))
            context?.close(promise: nil)
            return
        }
        awaitsPong = true
        machine.ping(machine.now)
        flush()
        worker.wheel.arm(keepaliveTimer, for: self, after: host.cluster.config.http2.keepaliveTimeout)
    }
}

extension UpstreamHTTP2Connection: HTTP2Connection {}
