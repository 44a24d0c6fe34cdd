import NIOCore
import TulleModel

/// A downstream HTTP/2 connection: carries the machine's events to the exchanges of its streams, and back.
final class DownstreamHTTP2Handler: ChannelDuplexHandler, TimerOwner {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum Stage {
        case open
        /// GOAWAY is announced; streams are taken until the peer has heard of it.
        case draining
        /// Nothing more is read; the connection closes when what was written has left.
        case closing
    }

    let runtime: HTTPRuntime
    let connection: DownstreamConnection
    var worker: Worker { runtime.worker }
    private(set) var context: ChannelHandlerContext?
    var machine: HTTP2Machine<DownstreamHTTP2Stream>
    private var stage = Stage.open
    /// What was read of a frame that is not whole.
    private var input: ByteBuffer?
    private var pseudo = PseudoFields()
    private var requestsServed = 0
    var isMarkedForFlush = false
    /// Whether the timer waits for the rest of a frame instead of for the next request.
    private var waitsForFrame = false
    private let timer = Timer(.idle)
    private let lifetime: Timer?

    init(runtime: HTTPRuntime, connection: DownstreamConnection) {
        self.runtime = runtime
        self.connection = connection
        machine = HTTP2Machine(
            isServer: true, options: runtime.manager.http2, maxHeadBytes: runtime.limits.maxHeadBytes)
        lifetime = runtime.manager.maxConnectionDuration > .zero ? Timer(.lifetime) : nil
    }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { start() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { start() }

    private func start() {
        worker.track(self)
        runtime.stats.connectionOpened()
        runtime.stats.http2ConnectionOpened()
        armFrameTimer()
        if let lifetime { worker.wheel.arm(lifetime, for: self, after: runtime.manager.maxConnectionDuration) }
        flushLater()
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
        for stream in machine.streams.all { stream.exchange?.downstreamBecameWritable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A peer that has closed its half sends no window and no request any more.
        if let event = event as? ChannelEvent, event == .inputClosed { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        stage = .closing
        input = nil
        worker.wheel.cancel(timer)
        if let lifetime { worker.wheel.cancel(lifetime) }
        worker.untrack(self)
        runtime.stats.connectionClosed()
        runtime.stats.http2ConnectionClosed()
        abandonAll()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    // MARK: Events

    private func process() {
        guard stage != .closing else {
            input = nil
            return
        }
        machine.now = NIODeadline.now().uptimeNanoseconds
        provideBuffer()
        reading: while stage != .closing, input != nil {
            switch machine.next(&input!) {
            case .needMore: break reading
            case .opened(let id, let fragment, let end): open(id, fragment, end)
            case .head(let stream, let fragment, let end): readTrailers(of: stream, fragment, end)
            case .data(let stream, let content, let end): readContent(of: stream, content, end)
            case .reset(let stream, _): wasReset(stream)
            case .broke(let stream, _):
                runtime.stats.streamBroken()
                giveUp(stream)
            case .windowOpened(let stream):
                if let stream { resume(stream) } else { resumeQueued() }
            case .settingsChanged: resumeAll()
            case .goAway: drain()
            case .pong(let opaque): if opaque == HTTP2Machine<DownstreamHTTP2Stream>.drainPing { endDrain() }
            case .failed(let failure):
                fail(failure)
                return
            }
        }
        if input?.readableBytes == 0 || stage == .closing { input = nil }
        armTimer()
    }

    private func open(_ id: UInt32, _ fragment: ByteBuffer, _ end: Bool) {
        guard machine.streams.count < runtime.manager.http2.maxConcurrentStreams else {
            runtime.stats.streamRefused()
            if let failure = machine.refuse(id: id, fragment: fragment) { failConnection(failure) }
            return
        }
        requestsServed &+= 1
        let stream = worker.takeDownstreamStream()
        let exchange = worker.takeExchange()
        machine.accept(stream, id: id, end: end)
        stream.attach(to: self, exchange)
        exchange.attach(to: stream, runtime: runtime, connection: connection)
        exchange.request.reset()
        exchange.requestIsComplete = end
        pseudo.reset()
        let result = machine.decode(
            fragment, as: .request, limits: runtime.limits, into: &exchange.request.block, pseudo: &pseudo)
        exchange.request.version20 = true
        switch result {
        case .broken: return failConnection(HTTP2Machine<DownstreamHTTP2Stream>.compressionFailure)
        case .malformed: return breakOff(stream)
        case .tooLarge:
            exchange.refuse(.headTooLarge)
        case .complete:
            // What was not offered may not be asked for (RFC 8441, 3).
            if pseudo.proto != nil, !runtime.manager.http2.allowsConnect { return breakOff(stream) }
            switch exchange.request.interpretHTTP2(pseudo, limits: runtime.limits, end: end) {
            case .malformed: return breakOff(stream)
            case .refused(let error): exchange.refuse(error)
            case nil:
                if case .length(let length) = exchange.request.framing { stream.contentLeft = Int64(length) }
                exchange.begin(hasBody: !end)
            }
        }
        let limit = runtime.manager.maxRequestsPerConnection
        if limit > 0, requestsServed >= limit { drain() }
    }

    private func readTrailers(of stream: DownstreamHTTP2Stream, _ fragment: ByteBuffer, _ end: Bool) {
        var trailers = HeaderBlock()
        pseudo.reset()
        let result = machine.decode(
            fragment, as: .trailers, limits: runtime.limits, into: &trailers, pseudo: &pseudo)
        switch result {
        case .broken: return failConnection(HTTP2Machine<DownstreamHTTP2Stream>.compressionFailure)
        case .malformed, .tooLarge: return breakOff(stream)
        case .complete: break
        }
        // A second head that is not the last would be a message in a message (RFC 9113, 8.1).
        guard end, stream.contentLeft <= 0 else { return breakOff(stream) }
        machine.remoteEnded(stream)
        stream.exchange?.requestEnded(trailers: trailers.fields.isEmpty ? nil : trailers)
        settle(stream)
    }

    private func readContent(of stream: DownstreamHTTP2Stream, _ content: ByteBuffer, _ end: Bool) {
        let count = content.readableBytes
        if let exchange = stream.exchange {
            if count > 0 { exchange.requestBody(content) }
            if end, stream.exchange === exchange { exchange.requestEnded(trailers: nil) }
        }
        if stream.exchange?.wantsRequestBody ?? true {
            machine.consume(count, on: stream)
        } else {
            stream.heldBytes &+= count
        }
        settle(stream)
    }

    func giveBackHeld(_ stream: DownstreamHTTP2Stream) {
        guard stream.heldBytes > 0, stream.exchange?.wantsRequestBody ?? true else { return }
        let held = stream.heldBytes
        stream.heldBytes = 0
        machine.consume(held, on: stream)
        flushLater()
    }

    private func wasReset(_ stream: DownstreamHTTP2Stream) {
        runtime.stats.streamReset()
        giveUp(stream)
    }

    /// Ends an exchange whose client has reset its stream, or made us do so: either way work of ours is cheap for it to waste.
    private func giveUp(_ stream: DownstreamHTTP2Stream) {
        let isEarly =
            stream.exchange.map {
                !$0.responseHasBegun && NIODeadline.uptimeNanoseconds(machine.now) - $0.startTime < .seconds(1)
            } ?? false
        drop(stream)
        if isEarly, let failure = machine.earlyReset() { failConnection(failure) }
    }

    /// The request cannot be understood.
    private func breakOff(_ stream: DownstreamHTTP2Stream) {
        runtime.stats.streamBroken()
        machine.reset(stream, .protocolError)
        drop(stream)
        if let failure = machine.earlyReset() { failConnection(failure) }
    }

    /// The stream is gone from the machine; its exchange has nobody to answer.
    private func drop(_ stream: DownstreamHTTP2Stream) {
        let held = stream.heldBytes
        stream.heldBytes = 0
        machine.consume(held, on: nil)
        let exchange = stream.exchange
        worker.recycle(stream)
        exchange?.downstreamClosed()
        streamEnded()
    }

    // MARK: Windows

    func resume(_ stream: DownstreamHTTP2Stream) {
        machine.pump(stream)
        if stream.isWritable { stream.exchange?.downstreamBecameWritable() }
        settle(stream)
    }

    private func resumeAll() {
        for stream in machine.streams.all where stream.pendingBytes > 0 { resume(stream) }
    }

    // MARK: Responses, from the exchanges

    func sendHead(of exchange: Exchange, on stream: DownstreamHTTP2Stream) {
        provideBuffer()
        machine.sendHead(on: stream, end: false, bound: exchange.response.http2Bound) { writer in
            exchange.response.writeHTTP2(to: &writer)
        }
    }

    func send(_ bytes: ByteBuffer, on stream: DownstreamHTTP2Stream) {
        provideBuffer()
        machine.send(bytes, on: stream)
    }

    func sendEnd(on stream: DownstreamHTTP2Stream, trailers: HeaderBlock?) {
        machine.sendEnd(on: stream, trailers: trailers)
    }

    func exchangeEnded(on stream: DownstreamHTTP2Stream) {
        if let ended = stream.exchange {
            stream.exchange = nil
            worker.recycle(ended)
        }
        giveBackHeld(stream)
        settle(stream)
        flushLater()
    }

    func abort(_ stream: DownstreamHTTP2Stream) {
        let broken = stream.exchange
        stream.exchange = nil
        giveBackHeld(stream)
        machine.reset(stream, .internalError)
        runtime.stats.streamAborted()
        if let broken { worker.recycle(broken) }
        settle(stream)
        flushLater()
    }

    /// Lets go of a stream that is over on both sides, or that we have said all on.
    private func settle(_ stream: DownstreamHTTP2Stream) {
        guard stream.handler === self, stream.exchange == nil else { return }
        if stream.localEnded, !stream.remoteEnded {
            // The response is whole and the rest of the request of no use (RFC 9113, 8.1).
            machine.reset(stream, .noError)
        }
        guard stream.isClosed else { return }
        worker.recycle(stream)
        streamEnded()
    }

    private func streamEnded() {
        guard machine.streams.count == 0 else { return }
        if stage == .draining, machine.hasGoneAway { return close() }
        machine.streams.shrink()
        armTimer()
    }

    // MARK: Ends

    private func failConnection(_ failure: HTTP2Failure) {
        if case .failed(let failure) = machine.fail(failure) { fail(failure) }
    }

    private func fail(_ failure: HTTP2Failure) {
        runtime.stats.http2Failed(failure)
        input = nil
        abandonAll()
        close()
    }

    private func abandonAll() {
        for stream in machine.streams.all {
            let exchange = stream.exchange
            stream.exchange = nil
            exchange?.downstreamClosed()
        }
        machine.removeAll()
    }

    /// Ends our half and waits a moment for the peer's end, so that what was written last is not overtaken by a reset.
    private func close() {
        guard stage != .closing || machine.isFailed, let context else { return }
        stage = .closing
        flush()
        let delay = runtime.manager.delayedCloseTimeout
        guard delay > .zero else {
            return context.whenWritten { context.close(promise: nil) }
        }
        worker.wheel.arm(timer, for: self, after: delay)
        context.whenWritten { context.close(mode: .output, promise: nil) }
    }

    // MARK: Time

    private func armTimer() {
        // Until the second GOAWAY the timer is the drain's.
        guard stage == .open || stage == .draining && machine.hasGoneAway else { return }
        if input != nil || machine.isMidBlock || !machine.hasSettings {
            if !waitsForFrame { armFrameTimer() }
            return
        }
        waitsForFrame = false
        let timeout = runtime.manager.idleTimeout
        if machine.streams.count == 0, timeout > .zero {
            worker.wheel.arm(timer, for: self, after: timeout)
        } else {
            worker.wheel.disarm(timer)
        }
    }

    /// A frame that was begun has to be ended within the time that a request's head has.
    private func armFrameTimer() {
        waitsForFrame = true
        let configured = runtime.manager.requestHeadersTimeout
        let timeout = configured > .zero ? configured : worker.settings.defaultHeadersTimeout
        worker.wheel.arm(timer, for: self, after: timeout)
    }

    func timerFired(_ fired: Timer) {
        if fired.kind == .lifetime { return drain() }
        switch stage {
        case .closing:
            context?.close(promise: nil)
        case .draining:
            endDrain()
        case .open where waitsForFrame && machine.streams.count > 0:
            // A slow upload is not a slow head: its own stream's timeouts watch it.
            waitsForFrame = false
        case .open:
            runtime.stats.idleTimeout()
            machine.goAway()
            close()
        }
    }
}

extension DownstreamHTTP2Handler: DrainableConnection, HTTP2Connection, RemovableChannelHandler {
    var admission: RequestAdmission? { runtime.admission }

    func drain() {
        guard stage == .open else { return }
        stage = .draining
        machine.announceGoAway()
        // So long the peer may take to hear of it; one that asks for nothing holds nobody up.
        let configured = runtime.manager.drainTimeout
        let patience = machine.streams.count == 0 ? min(.seconds(1), configured) : configured
        worker.wheel.arm(timer, for: self, after: max(.milliseconds(1), patience))
        flushLater()
    }

    /// The peer has heard: what it opened until now is the last.
    private func endDrain() {
        guard stage == .draining else { return }
        machine.goAway()
        flushLater()
        if machine.streams.count == 0 { close() }
    }

    func closeNow() {
        flush()
        context?.close(promise: nil)
    }
}
