import NIOCore
import TulleModel

/// One side of an HTTP/2 connection (RFC 9113) as a value: frames in, events out, and bytes to be written in `output`.
///
/// It has no I/O and no clock. Every mistake of the peer is answered here, by RST_STREAM or GOAWAY in the output, and told in
/// the event. HPACK's state is kept whatever becomes of a stream, so each field block must be decoded or refused.
struct HTTP2Machine<Stream: HTTP2Stream> {
    enum Event {
        case needMore
        /// The peer opens a stream: `accept` or `refuse` it.
        case opened(id: UInt32, fragment: ByteBuffer, end: Bool)
        /// A further head on an open stream: the response's, or trailers.
        case head(Stream, fragment: ByteBuffer, end: Bool)
        /// Content, which is to be given back by `consume` once it is taken further.
        case data(Stream, ByteBuffer, end: Bool)
        /// The peer has given the stream up; it is gone.
        case reset(Stream, HTTP2ErrorCode)
        /// The stream broke a rule and was reset; it is gone.
        case broke(Stream, HTTP2ErrorCode)
        /// More may be sent: on one stream, or on all.
        case windowOpened(Stream?)
        case settingsChanged
        /// Streams of ours above `last` were not looked at.
        case goAway(last: UInt32, HTTP2ErrorCode)
        case pong(UInt64)
        /// The connection is over once the output is written.
        case failed(HTTP2Failure)
    }

    let isServer: Bool
    let options: HTTP2Options
    private(set) var peer = HTTP2PeerSettings()
    var streams = HTTP2StreamTable<Stream>()
    var output = HTTP2Output()
    /// Nanoseconds of a clock that does not go back; set before bytes are handed in.
    var now: UInt64 = 0
    private var reader: HTTP2FrameReader
    private var decoder: HPACKDecoder
    private(set) var watch: HTTP2Guard
    private var closed = HTTP2ClosedStreams()
    /// Streams whose content waits for the connection's window, in the order they began to wait.
    private var queue: CircularBuffer<Stream> = []
    private var sendWindow = 65_535
    private var receiveWindow: Int
    private var consumed = 0
    /// The highest stream that the peer has opened.
    private(set) var lastPeerStream: UInt32 = 0
    private var nextStream: UInt32 = 1
    private var prefaceLeft: Int
    private(set) var hasSettings = false
    private(set) var isFailed = false
    /// Streams of the peer above this are not taken any more.
    private var lastTaken = UInt32.max

    private static var maxWindow: Int { 0x7FFF_FFFF }
    private static var preface: StaticString { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }
    /// A block of fields may be as large as two of ours: Huffman codes can make it larger than what they stand for.
    private static func maxBlockBytes(_ maxHeadBytes: Int) -> Int { maxHeadBytes &* 2 &+ 16_384 }

    init(isServer: Bool, options: HTTP2Options, maxHeadBytes: Int) {
        self.isServer = isServer
        self.options = options
        reader = HTTP2FrameReader(maxBlockBytes: Self.maxBlockBytes(maxHeadBytes))
        // Until it has heard otherwise a peer may use the table that every peer has (RFC 7541, 4.2).
        decoder = HPACKDecoder(maxTableBytes: max(4096, options.hpackTableBytes))
        watch = HTTP2Guard(options)
        receiveWindow = max(65_535, options.connectionWindowBytes)
        prefaceLeft = isServer ? Self.preface.utf8CodeUnitCount : 0
        if !isServer { output.bytes.writeBytes(Self.preface.rawBytes) }
        output.bytes.writeSettings(options, isServer: isServer, maxHeaderListBytes: maxHeadBytes)
    }

    // MARK: Receiving

    /// The next thing that the bytes say. Ask again until it is `.needMore`, and keep what is left of the bytes.
    mutating func next(_ input: inout ByteBuffer) -> Event {
        guard !isFailed else {
            input.clear()
            return .needMore
        }
        if prefaceLeft > 0, let event = readPreface(&input) { return event }
        while true {
            switch reader.next(&input) {
            case .needMore: return .needMore
            case .failed(let failure): return fail(failure)
            case .frame(let frame):
                if !hasSettings {
                    guard case .settings = frame else {
                        return fail(HTTP2Failure(.protocolError, "the first frame is not SETTINGS"))
                    }
                    hasSettings = true
                }
                if let failure = watch.frameReceived() { return fail(failure) }
                if let event = receive(frame) { return event }
            }
        }
    }

    private mutating func readPreface(_ input: inout ByteBuffer) -> Event? {
        let whole = Self.preface.rawBytes
        let count = min(prefaceLeft, input.readableBytes)
        let at = whole.count &- prefaceLeft
        let isRight = input.withUnsafeReadableBytes { bytes in
            bytes.prefix(count).elementsEqual(whole[at..<at &+ count])
        }
        guard isRight else { return fail(HTTP2Failure(.protocolError, "not HTTP/2's preface")) }
        input.moveReaderIndex(forwardBy: count)
        prefaceLeft &-= count
        return prefaceLeft > 0 ? .needMore : nil
    }

    @inline(__always)
    private mutating func receive(_ frame: HTTP2Frame) -> Event? {
        switch frame {
        case .data(let id, let content, let flow, let end): return receiveData(id, content, flow, end)
        case .headers(let id, let fragment, let end, let dependsOnItself):
            return receiveHead(id, fragment, end, dependsOnItself)
        case .windowUpdate(let id, let increment): return receiveWindowUpdate(id, increment)
        case .reset(let id, let code):
            guard let stream = streams[id] else {
                return isIdle(id) ? fail(HTTP2Failure(.protocolError, "RST_STREAM on an idle stream")) : nil
            }
            remove(stream, resetByUs: false)
            return .reset(stream, code)
        case .settings(let payload): return receiveSettings(payload)
        case .unknown: return nil
        case .settingsAck:
            decoder.setMaxTableBytes(options.hpackTableBytes)
            return nil
        case .ping(let opaque, let ack):
            if ack { return .pong(opaque) }
            if let failure = watch.controlFrameReceived(now: now) { return fail(failure) }
            output.bytes.writePing(opaque, ack: true)
            return nil
        case .goAway(let last, let code): return .goAway(last: last, code)
        case .priority(let id, let dependsOnItself):
            if let failure = watch.priorityReceived() { return fail(failure) }
            guard dependsOnItself else { return nil }
            return breakStream(id, .protocolError, "a stream that depends on itself")
        case .wrongSize(let id): return breakStream(id, .frameSizeError, "a frame of the wrong size")
        }
    }

    /// Whether the stream has never been used (RFC 9113, 5.1.1).
    private func isIdle(_ id: UInt32) -> Bool {
        let isPeers = (id & 1 == 1) == isServer
        return isPeers ? id > lastPeerStream : id >= nextStream
    }

    private mutating func receiveHead(
        _ id: UInt32, _ fragment: ByteBuffer, _ end: Bool, _ dependsOnItself: Bool
    ) -> Event? {
        if let stream = streams[id] {
            if dependsOnItself || stream.remoteEnded {
                guard discard(fragment) else { return fail(Self.compressionFailure) }
                return breakStream(stream, stream.remoteEnded ? .streamClosed : .protocolError)
            }
            return .head(stream, fragment: fragment, end: end)
        }
        guard isServer, id & 1 == 1, id > lastPeerStream else { return receiveStrayHead(id, fragment) }
        lastPeerStream = id
        watch.streamOpened()
        if id > lastTaken || dependsOnItself {
            guard discard(fragment) else { return fail(Self.compressionFailure) }
            if dependsOnItself { writeReset(id, .protocolError) }
            return nil
        }
        return .opened(id: id, fragment: fragment, end: end)
    }

    /// A head on a stream that is not open and cannot be opened.
    private mutating func receiveStrayHead(_ id: UInt32, _ fragment: ByteBuffer) -> Event? {
        let kind = closed.kind(of: id)
        if kind == .ended { return fail(HTTP2Failure(.streamClosed, "HEADERS on a closed stream")) }
        let wasOurs = !isServer && id & 1 == 1 && id < nextStream
        guard kind == .resetByUs || wasOurs else {
            return fail(HTTP2Failure(.protocolError, "HEADERS on a stream that cannot be opened"))
        }
        return discard(fragment) ? nil : fail(Self.compressionFailure)
    }

    private mutating func receiveData(_ id: UInt32, _ content: ByteBuffer, _ flow: Int, _ end: Bool) -> Event? {
        let count = content.readableBytes
        receiveWindow &-= flow
        if receiveWindow < 0 { return fail(HTTP2Failure(.flowControlError, "more DATA than the connection's window")) }
        if let failure = watch.dataReceived(isEmpty: count == 0 && !end) { return fail(failure) }
        guard let stream = streams[id] else {
            consume(flow, on: nil)
            if isIdle(id) { return fail(HTTP2Failure(.protocolError, "DATA on an idle stream")) }
            if closed.kind(of: id) != .resetByUs { writeReset(id, .streamClosed) }
            return nil
        }
        stream.receiveWindow &-= flow
        let error: HTTP2ErrorCode?
        if stream.remoteEnded {
            error = .streamClosed
        } else if !stream.hasHead {
            error = .protocolError
        } else if stream.receiveWindow < 0 {
            error = .flowControlError
        } else {
            error = stream.countContent(count, end: end) ? nil : .protocolError
        }
        if let error {
            consume(flow, on: nil)
            return breakStream(stream, error)
        }
        if flow > count { consume(flow &- count, on: stream) }
        if end { remoteEnded(stream) }
        return .data(stream, content, end: end)
    }

    private mutating func receiveWindowUpdate(_ id: UInt32, _ increment: Int) -> Event? {
        if let failure = watch.windowUpdateReceived() { return fail(failure) }
        if id == 0 {
            guard increment > 0 else { return fail(HTTP2Failure(.protocolError, "WINDOW_UPDATE of 0")) }
            sendWindow &+= increment
            guard sendWindow <= Self.maxWindow else {
                return fail(HTTP2Failure(.flowControlError, "a window over 2^31-1"))
            }
            return queue.isEmpty ? nil : .windowOpened(nil)
        }
        guard let stream = streams[id] else {
            return isIdle(id) ? fail(HTTP2Failure(.protocolError, "WINDOW_UPDATE on an idle stream")) : nil
        }
        guard increment > 0 else { return breakStream(stream, .protocolError) }
        stream.sendWindow &+= increment
        guard stream.sendWindow <= Self.maxWindow else { return breakStream(stream, .flowControlError) }
        return stream.pendingBytes > 0 ? .windowOpened(stream) : nil
    }

    private mutating func receiveSettings(_ payload: ByteBuffer) -> Event? {
        if let failure = watch.controlFrameReceived(now: now) { return fail(failure) }
        let before = peer.initialWindow
        if let failure = peer.read(payload) { return fail(failure) }
        let change = peer.initialWindow &- before
        if change != 0 {
            for stream in streams.all {
                stream.sendWindow &+= change
                if stream.sendWindow > Self.maxWindow {
                    return fail(HTTP2Failure(.flowControlError, "a window over 2^31-1"))
                }
            }
        }
        output.bytes.writeFrameHead(length: 0, type: HTTP2FrameType.settings, flags: HTTP2Flag.ack, id: 0)
        return .settingsChanged
    }

    // MARK: Field blocks

    /// Decodes a block of an event. After `.broken` call `fail(Self.compressionFailure)`.
    mutating func decode(
        _ fragment: ByteBuffer, as kind: BlockKind, limits: HTTP1Limits, into block: inout HeaderBlock,
        pseudo: inout PseudoFields
    ) -> HPACKResult {
        fragment.withUnsafeReadableBytes {
            decoder.decode(
                $0, as: kind, maxBytes: limits.maxHeadBytes, maxFields: limits.maxFields, into: &block, pseudo: &pseudo)
        }
    }

    static var compressionFailure: HTTP2Failure {
        HTTP2Failure(.compressionError, "a field block that cannot be decoded")
    }

    /// Decodes a block that nobody wants, for the table's sake; false when it cannot be.
    private mutating func discard(_ fragment: ByteBuffer) -> Bool {
        var block = HeaderBlock()
        var pseudo = PseudoFields()
        let none = HTTP1Limits(maxHeadBytes: 0, maxFields: 0)
        if case .broken = decode(fragment, as: .request, limits: none, into: &block, pseudo: &pseudo) { return false }
        return true
    }

    // MARK: Streams

    /// Takes the stream that the peer opens. Its block is still to be decoded.
    mutating func accept(_ stream: Stream, id: UInt32, end: Bool) {
        stream.open(id: id, sendWindow: peer.initialWindow, receiveWindow: options.streamWindowBytes)
        stream.hasHead = true
        stream.remoteEnded = end
        streams.insert(stream)
    }

    /// Does not take it; RFC 9113, 8.7 lets the peer try again.
    mutating func refuse(id: UInt32, fragment: ByteBuffer) -> HTTP2Failure? {
        guard discard(fragment) else { return Self.compressionFailure }
        writeReset(id, .refusedStream)
        return nil
    }

    /// What a peer can be taken to allow before it has said (RFC 9113, 6.5.2 recommends no less).
    private static var usualMaxStreams: Int { 100 }

    /// How many streams of ours may be open at once.
    var mostStreams: Int {
        min(hasSettings ? peer.maxConcurrentStreams : Self.usualMaxStreams, options.maxConcurrentStreams)
    }

    /// Whether another stream of ours may be opened now.
    var canOpenStream: Bool { streams.count < mostStreams && nextStream < 0x7FFF_FFFF && !isFailed }

    /// Whether the peer has begun a field block that it has not ended.
    var isMidBlock: Bool { reader.isMidBlock }
    var hasGoneAway: Bool { lastTaken != .max }

    /// Forgets all streams, of a connection that is over.
    mutating func removeAll() {
        for stream in streams.all { remove(stream, resetByUs: true) }
    }

    /// Opens a stream of ours; its head is to be sent next.
    mutating func open(_ stream: Stream) {
        stream.open(id: nextStream, sendWindow: peer.initialWindow, receiveWindow: options.streamWindowBytes)
        nextStream &+= 2
        streams.insert(stream)
    }

    /// The peer has said all on this stream.
    mutating func remoteEnded(_ stream: Stream) {
        stream.remoteEnded = true
        if stream.localEnded { remove(stream, resetByUs: false) }
    }

    private mutating func localEnded(_ stream: Stream) {
        stream.localEnded = true
        if stream.remoteEnded { remove(stream, resetByUs: false) }
    }

    private mutating func remove(_ stream: Stream, resetByUs: Bool) {
        streams.remove(stream)
        closed.add(stream.id, resetByUs: resetByUs)
        watch.streamClosed()
        if stream.isQueued {
            stream.isQueued = false
            if let index = queue.firstIndex(where: { $0 === stream }) { queue.remove(at: index) }
        }
        stream.localEnded = true
        stream.remoteEnded = true
        stream.dropPending()
    }

    /// Ends a stream at once, on our own account.
    mutating func reset(_ stream: Stream, _ code: HTTP2ErrorCode) {
        guard streams[stream.id] === stream else { return }
        output.bytes.writeReset(id: stream.id, code: code)
        // A client's heads and cancellations are no work that the peer asked for.
        if isServer { watch.resetsSent &+= 1 }
        remove(stream, resetByUs: true)
    }

    /// Lets go of a stream that the peer said it has not looked at.
    mutating func forget(_ stream: Stream) { remove(stream, resetByUs: true) }

    /// Resets a stream whose peer broke a rule on it.
    mutating func breakStream(_ stream: Stream, _ code: HTTP2ErrorCode) -> Event {
        reset(stream, code)
        return .broke(stream, code)
    }

    private mutating func breakStream(_ id: UInt32, _ code: HTTP2ErrorCode, _ reason: StaticString) -> Event? {
        if let stream = streams[id] { return breakStream(stream, code) }
        // RST_STREAM may not be sent on a stream that was never used.
        return fail(HTTP2Failure(code, reason))
    }

    private mutating func writeReset(_ id: UInt32, _ code: HTTP2ErrorCode) {
        output.bytes.writeReset(id: id, code: code)
        watch.resetsSent &+= 1
        closed.add(id, resetByUs: true)
    }

    // MARK: The connection

    mutating func fail(_ failure: HTTP2Failure) -> Event {
        isFailed = true
        output.bytes.writeGoAway(last: lastPeerStream, code: failure.code, debug: failure.reason)
        return .failed(failure)
    }

    /// Counts a stream that the peer gave up early against it.
    mutating func earlyReset() -> HTTP2Failure? { watch.earlyReset() }

    /// Says that the connection will end, and takes what the peer has sent until it hears of it.
    mutating func announceGoAway() {
        output.bytes.writeGoAway(last: 0x7FFF_FFFF, code: .noError)
        output.bytes.writePing(Self.drainPing, ack: false)
    }

    /// The PING behind the announcement: once it is answered, the peer opens no more.
    static var drainPing: UInt64 { 0x7475_6C6C_6544_5249 }

    /// Takes no stream above those that are there.
    mutating func goAway() {
        guard lastTaken == .max else { return }
        lastTaken = lastPeerStream
        output.bytes.writeGoAway(last: lastPeerStream, code: .noError)
    }

    mutating func ping(_ opaque: UInt64) { output.bytes.writePing(opaque, ack: false) }

    /// The output is with the kernel.
    mutating func written() { watch.written() }

    /// The output waits for a peer that does not read.
    mutating func heldBack() { watch.heldBack() }

    // MARK: Windows

    /// Gives bytes back to the peer that were taken further, or thrown away.
    mutating func consume(_ count: Int, on stream: Stream?) {
        guard count > 0 else { return }
        consumed &+= count
        // Half a window at a time: the peer always has the other half to go on with.
        if consumed >= max(65_535, options.connectionWindowBytes) / 2 {
            output.bytes.writeWindowUpdate(id: 0, increment: consumed)
            receiveWindow &+= consumed
            consumed = 0
        }
        guard let stream, !stream.remoteEnded else { return }
        stream.consumed &+= count
        if stream.consumed >= options.streamWindowBytes / 2 {
            output.bytes.writeWindowUpdate(id: stream.id, increment: stream.consumed)
            stream.receiveWindow &+= stream.consumed
            stream.consumed = 0
        }
    }

    // MARK: Sending

    /// Sends a field block that the closure writes in at most `bound` bytes.
    @inline(__always)
    mutating func sendHead(on stream: Stream, end: Bool, bound: Int, _ fields: (inout HeadWriter) -> Void) {
        guard !stream.localEnded else { return }
        output.writeHead(id: stream.id, end: end, bound: bound, maxFrameBytes: peer.maxFrameBytes, fields)
        if isServer { watch.headsSent &+= 1 }
        if end { localEnded(stream) }
    }

    /// Sends content, as far as the windows allow now; the rest follows as they open.
    mutating func send(_ content: ByteBuffer, on stream: Stream) {
        guard !stream.localEnded, content.readableBytes > 0 else { return }
        if stream.pendingBytes == 0, content.readableBytes <= min(stream.sendWindow, sendWindow) {
            write(content, on: stream)
            return
        }
        stream.pending.append(content)
        stream.pendingBytes &+= content.readableBytes
        pump(stream)
    }

    /// Ends our side, with trailers or without, behind all that was sent.
    mutating func sendEnd(on stream: Stream, trailers: HeaderBlock? = nil) {
        guard !stream.localEnded else { return }
        if stream.pendingBytes > 0 {
            stream.pendingEnd = trailers.map { .trailers($0) } ?? .end
            return
        }
        writeEnd(on: stream, trailers)
    }

    private mutating func writeEnd(on stream: Stream, _ trailers: HeaderBlock?) {
        if let trailers {
            output.writeHead(
                id: stream.id, end: true, bound: trailers.http2Bound, maxFrameBytes: peer.maxFrameBytes
            ) { writer in trailers.writeHTTP2Fields(to: &writer) }
        } else {
            output.writeEnd(id: stream.id)
        }
        localEnded(stream)
    }

    private mutating func write(_ content: ByteBuffer, on stream: Stream) {
        stream.sendWindow &-= content.readableBytes
        sendWindow &-= content.readableBytes
        watch.dataFramesSent &+= output.writeData(content, id: stream.id, maxFrameBytes: peer.maxFrameBytes)
    }

    /// Sends what waits on a stream as far as its windows allow. Answers whether none of it is left.
    @discardableResult
    mutating func pump(_ stream: Stream) -> Bool {
        while let first = stream.pending.first {
            let allowed = min(stream.sendWindow, sendWindow)
            guard allowed > 0 else {
                if sendWindow <= 0, !stream.isQueued {
                    stream.isQueued = true
                    queue.append(stream)
                }
                return false
            }
            stream.pending.removeFirst()
            var content = first
            if content.readableBytes > allowed, let part = content.readSlice(length: allowed) {
                stream.pending.prepend(content)
                stream.pendingBytes &-= allowed
                write(part, on: stream)
            } else {
                stream.pendingBytes &-= content.readableBytes
                write(content, on: stream)
            }
        }
        switch stream.pendingEnd {
        case .none: break
        case .end: writeEnd(on: stream, nil)
        case .trailers(let trailers): writeEnd(on: stream, trailers)
        }
        return true
    }

    /// The next stream that waits for the connection's window, while that is open; in turn, so that none starves.
    mutating func nextQueued() -> Stream? {
        guard sendWindow > 0, let stream = queue.popFirst() else { return nil }
        stream.isQueued = false
        return stream
    }
}

extension HTTP2Stream {
    /// Holds the content to the length that the head promised (RFC 9113, 8.1.1).
    fileprivate final func countContent(_ count: Int, end: Bool) -> Bool {
        guard contentLeft >= 0 else { return true }
        contentLeft &-= Int64(count)
        return contentLeft >= 0 && (!end || contentLeft == 0)
    }
}
