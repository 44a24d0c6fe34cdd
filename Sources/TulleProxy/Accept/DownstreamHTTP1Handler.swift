import NIOCore
import TulleModel

/// A downstream HTTP/1.1 connection: reads requests, one at a time, and writes their responses.
///
/// What a pipelining client sends ahead waits here, unread beyond one buffer, until its turn comes.
final class DownstreamHTTP1Handler: ChannelDuplexHandler, DownstreamSide, Flushable, TimerOwner {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum Stage {
        /// Between requests, or in the middle of a head.
        case head
        /// A request's body is being read.
        case body
        /// The request is read, its response is not yet finished.
        case response
        /// Nothing more is read; the connection closes when what was written has left.
        case closing
        case handedOver
    }

    let runtime: HTTPRuntime
    let connection: DownstreamConnection
    private var worker: Worker { runtime.worker }
    private var context: ChannelHandlerContext?
    private var stage = Stage.head
    private var exchange: Exchange?
    private var parser: HTTP1HeadParser
    private var decoder = HTTP1BodyDecoder(.none)
    /// What has been read and not been looked at.
    private var input: ByteBuffer?
    private var inputClosed = false
    /// Until the first bytes have shown that the client does not speak HTTP/2 unasked.
    private var mayBeHTTP2: Bool
    private var readIsWanted = false
    /// Whether what was read is being looked at.
    private var isProcessing = false
    private var isDraining = false
    private var needsFlush = false
    var isMarkedForFlush = false
    private var requestsServed = 0
    /// A response head that waits for its body's first bytes, so that both leave in one write.
    private var heldHead: ByteBuffer?
    private let timer = Timer(.head)
    private let lifetime: Timer?

    init(runtime: HTTPRuntime, connection: DownstreamConnection) {
        self.runtime = runtime
        self.connection = connection
        parser = HTTP1HeadParser(limits: runtime.limits)
        mayBeHTTP2 = runtime.manager.codec == .auto
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
        armIdle()
        if let lifetime { worker.wheel.arm(lifetime, for: self, after: runtime.manager.maxConnectionDuration) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        worker.readBuffers.lend(bytes)
        if input == nil || input!.readableBytes == 0 { input = bytes } else { input!.writeBuffer(&bytes) }
        if mayBeHTTP2, !isSettledAsHTTP1() { return }
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        exchange?.flushUpstream()
        flushLater()
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { readIsWanted = true }
    }

    /// Reading goes on unless the next hop is full, or what was read ahead has not been used.
    private var mayRead: Bool {
        switch stage {
        case .head, .handedOver: true
        case .body: exchange?.wantsRequestBody ?? true
        case .response: (input?.readableBytes ?? 0) == 0 && !inputClosed
        case .closing: true
        }
    }

    func resumeReading() {
        guard readIsWanted, mayRead, let context else { return }
        readIsWanted = false
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { exchange?.downstreamBecameWritable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        inputClosed = true
        switch stage {
        case .head, .closing:
            closeNow()
        case .body where decoder.endsWithConnection:
            stage = .response
            exchange?.requestEnded(trailers: nil)
        case .body:
            // The rest of the body will never come.
            exchange?.downstreamClosed()
            closeNow()
        case .response, .handedOver:
            // The client has said all it has to say; its answer still reaches it.
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let abandoned = exchange
        exchange = nil
        stage = .closing
        self.context = nil
        worker.wheel.cancel(timer)
        if let lifetime { worker.wheel.cancel(lifetime) }
        worker.untrack(self)
        runtime.stats.connectionClosed()
        abandoned?.downstreamClosed()
        input = nil
        heldHead = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: HTTP/2

    /// Whether the first bytes are no preface of HTTP/2 (RFC 9113, 3.4). Where they are, its handler takes this one's place;
    /// where they may become one, they wait.
    private func isSettledAsHTTP1() -> Bool {
        let start: StaticString = "PRI * HTTP/2"
        guard let input, let context else { return false }
        let count = min(input.readableBytes, start.utf8CodeUnitCount)
        let fits = input.withUnsafeReadableBytes { $0.prefix(count).elementsEqual(start.rawBytes.prefix(count)) }
        guard fits else {
            mayBeHTTP2 = false
            return true
        }
        guard count == start.utf8CodeUnitCount else {
            if !headTimerIsSet { armHeadTimer() }
            return false
        }
        mayBeHTTP2 = false
        self.input = nil
        makeWay(for: DownstreamHTTP2Handler(runtime: runtime, connection: connection), context) {
            context.fireChannelRead(NIOAny(input))
            context.fireChannelReadComplete()
        }
        return false
    }

    // MARK: Requests

    /// Reads what there is to be read, without recursion however many requests are answered at once.
    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer {
            isProcessing = false
            // A buffer that is used up goes back to the loop's pool: an idle connection holds none.
            if input?.readableBytes == 0 { input = nil }
        }
        while let available = input, available.readableBytes > 0 || stage == .body {
            switch stage {
            case .head: if !readHead() { return }
            case .body: if !readBody() { return }
            case .response, .handedOver: return
            case .closing:
                // Read and thrown away, so that the kernel sends no reset over our last answer.
                input = nil
                return
            }
        }
    }

    @inline(__always)
    private func readHead() -> Bool {
        let exchange = self.exchange ?? newExchange()
        switch parser.parse(&input!, into: &exchange.request) {
        case .needMore:
            input = nil
            if parser.isMidHead, !headTimerIsSet { armHeadTimer() }
            return false
        case .invalid(let error):
            stage = .closing
            exchange.refuse(error)
            return false
        case .complete:
            requestsServed &+= 1
            headTimerIsSet = false
            worker.wheel.disarm(timer)
            let framing = exchange.request.framing
            if framing == .none {
                stage = .response
                exchange.begin(hasBody: false)
            } else {
                decoder = HTTP1BodyDecoder(framing, limits: runtime.limits)
                stage = .body
                exchange.begin(hasBody: !decoder.isComplete)
                if stage == .body, self.exchange === exchange, decoder.isComplete {
                    stage = .response
                    exchange.requestEnded(trailers: nil)
                }
            }
            return true
        }
    }

    private func newExchange() -> Exchange {
        let exchange = worker.takeExchange()
        exchange.attach(to: self, runtime: runtime, connection: connection)
        self.exchange = exchange
        return exchange
    }

    @inline(__always)
    private func readBody() -> Bool {
        guard let exchange, input != nil else { return false }
        switch decoder.next(&input!) {
        case .needMore:
            input = nil
            resumeReading()
            return false
        case .data(let slice):
            exchange.requestBody(slice)
            if stage == .body, decoder.isComplete {
                stage = .response
                exchange.requestEnded(trailers: decoder.trailers)
            }
            return stage != .closing
        case .end:
            stage = .response
            exchange.requestEnded(trailers: decoder.trailers)
            return true
        case .invalid(let error):
            stage = .closing
            exchange.refuseBody(error)
            return false
        }
    }

    // MARK: Responses, from the exchange

    var wireVersion: WireVersion { .http1 }
    var isWritable: Bool { context?.channel.isWritable ?? false }
    var isLastRequest: Bool {
        let limit = runtime.manager.maxRequestsPerConnection
        return isDraining || worker.isDraining || (limit > 0 && requestsServed >= limit)
    }

    /// The head with the framing that its body takes here. It waits for the body's first bytes, its end, or the end of the
    /// read cycle.
    func writeHead(of exchange: Exchange) {
        var isChunked = false
        switch exchange.response.framing {
        case .chunked:
            exchange.response.block.remove(.transferEncoding)
            if exchange.request.version10 {
                exchange.closesDownstream = true
            } else {
                isChunked = true
                exchange.writesChunks = exchange.responseBodyMode == .content
            }
        case .untilClose:
            // The end of the upstream connection becomes the last chunk, so that ours may live on.
            isChunked = !exchange.request.version10
            exchange.writesChunks = isChunked
            if !isChunked { exchange.closesDownstream = true }
        case .length(0) where !exchange.response.block.contains(.contentLength):
            exchange.response.block.append(name: "content-length", value: "0")
        case .length, .none:
            break
        }
        var out = worker.flushQueue.buffers.take()
        out.writeStatusLine(exchange.response.status)
        exchange.response.block.writeFields(to: &out)
        if isChunked, !exchange.responseHasNoBody { out.writeStaticString("transfer-encoding: chunked\r\n") }
        if exchange.closesDownstream {
            out.writeStaticString("connection: close\r\n")
        } else if exchange.request.version10 {
            out.writeStaticString("connection: keep-alive\r\n")
        }
        out.writeStaticString("\r\n")
        write(head: out)
    }

    func writeBareHead(of exchange: Exchange) {
        var out = worker.flushQueue.buffers.take()
        out.writeStatusLine(exchange.response.status)
        exchange.response.block.writeFields(to: &out)
        out.writeStaticString("\r\n")
        write(head: out)
        flush()
    }

    func retractHead() -> Bool {
        guard heldHead != nil else { return false }
        heldHead = nil
        return true
    }

    func writeBody(_ bytes: ByteBuffer, of exchange: Exchange) {
        guard exchange.writesChunks else { return write(bytes) }
        write(ChunkFraming.head(bytes.readableBytes))
        write(bytes)
        write(ChunkFraming.lineEnd)
    }

    func writeEnd(of exchange: Exchange, trailers: HeaderBlock?) {
        guard exchange.writesChunks, !exchange.responseHasNoBody else { return }
        guard let trailers, runtime.manager.enableTrailers else { return write(ChunkFraming.lastChunk) }
        var end = ByteBuffer()
        end.writeLastChunk(trailers: trailers)
        write(end)
    }

    @inline(__always)
    private func write(head: ByteBuffer) {
        heldHead = head
        needsFlush = true
    }

    /// As many bytes are copied behind a held head; a second write costs the kernel more than the copy.
    private static let coalescedBytes = 4096

    @inline(__always)
    private func write(_ bytes: ByteBuffer) {
        needsFlush = true
        if heldHead != nil {
            if bytes.readableBytes <= Self.coalescedBytes {
                heldHead!.writeImmutableBuffer(bytes)
                return
            }
            writeHeld()
        }
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    @inline(__always)
    private func writeHeld() {
        guard let head = heldHead.take() else { return }
        context?.write(wrapOutboundOut(head), promise: nil)
        worker.flushQueue.buffers.lend(head)
    }

    func commitHead() { writeHeld() }

    func flushLater() {
        if needsFlush { worker.flush(self) }
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        writeHeld()
        context?.flush()
    }

    /// The response is written. With `keepAlive` the next request may come, else the connection closes.
    func exchangeEnded(keepAlive: Bool) {
        guard let ended = exchange else { return }
        exchange = nil
        worker.recycle(ended)
        commitHead()
        flushLater()
        guard stage != .handedOver, let context else { return }
        if keepAlive, stage == .response, !inputClosed || (input?.readableBytes ?? 0) > 0 {
            stage = .head
            armIdle()
            resumeReading()
            process()
            exchange?.flushUpstream()
            return
        }
        flush()
        close(context)
    }

    /// Breaks the connection off, so that a response that cannot be completed is not taken for complete.
    func abort() {
        let broken = exchange
        exchange = nil
        stage = .closing
        heldHead = nil
        // A response shows by its framing that it is not whole; a tunnel has none.
        if broken?.isConnect ?? false { context?.reset() } else { closeNow() }
        if let broken { worker.recycle(broken) }
    }

    /// Ends our half and waits a moment for the peer's end: closing with unread input would make the kernel send a reset
    /// that can overtake the response (RFC 9112, 9.6).
    private func close(_ context: ChannelHandlerContext) {
        stage = .closing
        input = nil
        let delay = runtime.manager.delayedCloseTimeout
        guard !inputClosed, delay > .zero else {
            return context.whenWritten { context.close(promise: nil) }
        }
        worker.wheel.arm(timer, for: self, after: delay)
        context.whenWritten { context.close(mode: .output, promise: nil) }
        readIsWanted = false
        context.read()
    }

    func becomeTunnel() {
        stage = .body
        decoder = HTTP1BodyDecoder(.untilClose)
        resumeReading()
        process()
    }

    /// Leaves the connection to a relay, whose handler takes this one's place; answers false when it is gone.
    func handOver(to relay: RelayHandler) -> Bool {
        guard let context else { return false }
        let early = input
        input = nil
        return makeWay(for: relay, context) {
            if let early, early.readableBytes > 0 { relay.receive(early) }
        }
    }

    func serveTunnel(_ early: ByteBuffer?) {
        guard let context, let ended = exchange else { return }
        exchange = nil
        let rest = input
        input = nil
        let successor = DownstreamHTTP1Handler(runtime: runtime, connection: connection)
        makeWay(for: successor, context) {
            for bytes in [early, rest] {
                if let bytes, bytes.readableBytes > 0 { context.fireChannelRead(NIOAny(bytes)) }
            }
            context.fireChannelReadComplete()
            // The read that this handler may have held back.
            context.read()
        }
        worker.recycle(ended)
    }

    /// Puts another handler in this one's place; `pass` gives it what was read and not used. Answers false when the
    /// connection is gone.
    @discardableResult
    private func makeWay(
        for successor: any ChannelHandler, _ context: ChannelHandlerContext, pass: () -> Void
    ) -> Bool {
        stage = .handedOver
        flush()
        worker.wheel.cancel(timer)
        if let lifetime { worker.wheel.cancel(lifetime) }
        worker.untrack(self)
        runtime.stats.connectionClosed()
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(successor, position: .after(self))
        } catch {
            context.close(promise: nil)
            return false
        }
        pass()
        if inputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        pipeline.removeHandler(context: context, promise: nil)
        return true
    }

    // MARK: Time

    private var headTimerIsSet = false

    private func armIdle() {
        headTimerIsSet = false
        let timeout = runtime.manager.idleTimeout
        if timeout > .zero { worker.wheel.arm(timer, for: self, after: timeout) } else { worker.wheel.disarm(timer) }
    }

    private func armHeadTimer() {
        headTimerIsSet = true
        let configured = runtime.manager.requestHeadersTimeout
        let timeout = configured > .zero ? configured : worker.settings.defaultHeadersTimeout
        worker.wheel.arm(timer, for: self, after: timeout)
    }

    func timerFired(_ fired: Timer) {
        if fired.kind == .lifetime {
            drain()
            return
        }
        switch stage {
        case .head where headTimerIsSet:
            stage = .closing
            (exchange ?? newExchange()).headTimedOut()
        case .head:
            runtime.stats.idleTimeout()
            context?.close(promise: nil)
        case .closing:
            context?.close(promise: nil)
        case .body, .response, .handedOver:
            break
        }
    }
}

extension DownstreamHTTP1Handler: DrainableConnection, RemovableChannelHandler {
    var admission: RequestAdmission? { runtime.admission }

    func drain() {
        isDraining = true
        if stage == .head, !parser.isMidHead { closeNow() }
    }

    /// What has been written goes first, as far as the socket takes it.
    func closeNow() {
        flush()
        context?.close(promise: nil)
    }
}
