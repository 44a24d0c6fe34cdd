import NIOCore
import TulleModel

/// Drives a machine as the two handlers do, without channels and exchanges, and holds it to what must be so after each step.
struct HTTP2Driver {
    typealias Machine = HTTP2Machine<Stream>

    final class Stream: HTTP2Stream {
        /// Content that was taken and has not been given back.
        var held = 0
        var sentHead = false
        /// Nothing more is to be said on it, but for what waits.
        var isOver = false
        var bytesGiven = 0
    }

    /// What was told, where it does not depend on how the bytes came.
    struct Told: Equatable {
        var what: String
        var id: UInt32 = 0
        var code: UInt32 = 0
    }

    let options: HTTP2Options
    private(set) var machine: Machine
    private var input = ByteBuffer()
    private var live: [UInt32: Stream] = [:]
    private var walker: HTTP2Walker
    private var peer: HTTP2PeerBytes
    private var pseudo = PseudoFields()
    private(set) var told: [Told] = []
    /// Content that came, by stream.
    private(set) var content: [UInt32: Int] = [:]
    private(set) var failure: HTTP2Failure?
    var isFailed: Bool { failure != nil }
    var holdsContent = false
    var answersAtOnce = false

    private static let limits = HTTP1Limits(maxHeadBytes: 2000, maxFields: 20)

    init(isServer: Bool, options: HTTP2Options) {
        self.options = options
        machine = Machine(isServer: isServer, options: options, maxHeadBytes: Self.limits.maxHeadBytes)
        walker = HTTP2Walker(isServer: isServer)
        peer = HTTP2PeerBytes(isServer: isServer)
    }

    var isServer: Bool { machine.isServer }
    var lastPeerStream: UInt32 { machine.lastPeerStream }

    /// A live stream, in the order of their numbers.
    func stream(_ index: Int) -> Stream? {
        live.isEmpty ? nil : live[live.keys.sorted()[index % live.count]]
    }

    // MARK: From the peer

    mutating func receive(_ bytes: some Collection<UInt8>) {
        guard !isFailed else { return }
        peer.read(bytes)
        input.writeBytes(bytes)
        reading: while !isFailed {
            switch machine.next(&input) {
            case .needMore: break reading
            case .opened(let id, let fragment, let end): open(id, fragment, end)
            case .head(let stream, let fragment, let end): readHead(stream, fragment, end)
            case .data(let stream, let bytes, let end): readContent(stream, bytes, end)
            case .reset(let stream, let code):
                tell("reset", stream, code.rawValue)
                let isEarly = !stream.sentHead
                drop(stream)
                if isServer, isEarly, let failure = machine.earlyReset() { fail(failure) }
            case .broke(let stream, let code):
                tell("broke", stream, code.rawValue)
                drop(stream)
            case .windowOpened(let stream):
                if let stream {
                    isLive(stream)
                    resume(stream)
                } else {
                    resumeQueued()
                }
            case .settingsChanged:
                told.append(Told(what: "settings"))
                for stream in machine.streams.all where stream.pendingBytes > 0 { resume(stream) }
            case .goAway(let last, let code):
                told.append(Told(what: "goaway", id: last, code: code.rawValue))
                if isServer { machine.announceGoAway() } else { forget(above: last) }
            case .pong: told.append(Told(what: "pong"))
            case .failed(let failure): over(failure)
            }
            checkStreams()
        }
        check(isFailed || input.readableBytes < 9 + HTTP2FrameReader.maxFrameBytes, "\(input.readableBytes) bytes kept")
        if isFailed || input.readableBytes == 0 { input = ByteBuffer() }
    }

    private mutating func open(_ id: UInt32, _ fragment: ByteBuffer, _ end: Bool) {
        check(isServer && id & 1 == 1 && live[id] == nil, "stream \(id) is opened")
        told.append(Told(what: "opened", id: id))
        guard machine.streams.count < options.maxConcurrentStreams else {
            if let failure = machine.refuse(id: id, fragment: fragment) { fail(failure) }
            return
        }
        let stream = Stream()
        machine.accept(stream, id: id, end: end)
        live[id] = stream
        var head = RequestHead()
        pseudo.reset()
        let result = machine.decode(
            fragment, as: .request, limits: Self.limits, into: &head.block, pseudo: &pseudo)
        switch result {
        case .broken: return fail(Machine.compressionFailure)
        case .malformed: return breakOff(stream)
        case .tooLarge: answer(stream, status: 431)
        case .complete:
            switch head.interpretHTTP2(pseudo, limits: Self.limits, end: end) {
            case .malformed: return breakOff(stream)
            case .refused: answer(stream, status: 400)
            case nil:
                if case .length(let length) = head.framing { stream.contentLeft = Int64(length) }
                if answersAtOnce { answer(stream, status: 200) }
            }
        }
    }

    private mutating func readHead(_ stream: Stream, _ fragment: ByteBuffer, _ end: Bool) {
        isLive(stream)
        tell("head", stream, end ? 1 : 0)
        var response = ResponseHead()
        pseudo.reset()
        let isTrailers = isServer || stream.hasHead
        let result = machine.decode(
            fragment, as: isTrailers ? .trailers : .response, limits: Self.limits, into: &response.block,
            pseudo: &pseudo)
        switch result {
        case .broken: return fail(Machine.compressionFailure)
        case .malformed, .tooLarge: return breakOff(stream)
        case .complete: break
        }
        if isTrailers {
            guard end, stream.contentLeft <= 0 else { return breakOff(stream) }
            machine.remoteEnded(stream)
            if isServer { settle(stream) } else { finish(stream) }
            return
        }
        guard response.interpretHTTP2(pseudo, end: end, requestMethod: .get) else { return breakOff(stream) }
        if response.isInterim { return }
        stream.hasHead = true
        stream.contentLeft = response.framing == .none ? 0 : response.promisedLength
        guard end else { return }
        guard stream.contentLeft <= 0 else { return breakOff(stream) }
        machine.remoteEnded(stream)
        finish(stream)
    }

    private mutating func readContent(_ stream: Stream, _ bytes: ByteBuffer, _ end: Bool) {
        isLive(stream)
        let count = bytes.readableBytes
        content[stream.id, default: 0] += count
        if end { tell("end", stream) }
        if holdsContent, !stream.isOver { stream.held += count } else { machine.consume(count, on: stream) }
        if isServer { settle(stream) } else if end { finish(stream) }
    }

    // MARK: What the exchanges do

    mutating func sendHead(_ stream: Stream, status: Int = 200, large: Bool = false) {
        guard isServer, !stream.sentHead, !stream.isOver, !isFailed else { return }
        stream.sentHead = true
        var response = ResponseHead()
        response.status = status
        response.block.append(name: "x-a", value: [UInt8](repeating: 0x61, count: large ? 40_000 : 3))
        machine.sendHead(on: stream, end: false, bound: response.http2Bound) { response.writeHTTP2(to: &$0) }
    }

    mutating func send(_ stream: Stream, _ count: Int) {
        guard stream.sentHead, !stream.isOver, !isFailed, !stream.localEnded else { return }
        if case .none = stream.pendingEnd {} else { return }
        stream.bytesGiven += count
        machine.send(ByteBuffer(repeating: 0x62, count: count), on: stream)
    }

    mutating func sendEnd(_ stream: Stream, trailers: Bool) {
        guard stream.sentHead, !stream.isOver, !isFailed, !stream.localEnded else { return }
        if case .none = stream.pendingEnd {} else { return }
        var block: HeaderBlock?
        if trailers {
            block = HeaderBlock()
            block!.append(name: "x-t", value: "1")
        }
        machine.sendEnd(on: stream, trailers: block)
        guard isServer else { return }
        stream.isOver = true
        giveBack(stream)
        settle(stream)
    }

    /// The exchange wants no more of the stream.
    mutating func leave(_ stream: Stream) {
        guard !isFailed, !(isServer && stream.isOver) else { return }
        if isServer {
            stream.isOver = true
            giveBack(stream)
            machine.reset(stream, .internalError)
            settle(stream)
        } else {
            finish(stream)
        }
    }

    mutating func openOurs() {
        guard !isServer, !isFailed, machine.canOpenStream else { return }
        let stream = Stream()
        machine.open(stream)
        check(live[stream.id] == nil, "a number is used again")
        live[stream.id] = stream
        stream.sentHead = true
        machine.sendHead(on: stream, end: false, bound: 64) { writer in
            writer.append(byte: 0x82)
            writer.append(byte: 0x86)
            writer.append(byte: 0x84)
            "a".utf8.withContiguousStorageIfAvailable {
                HPACKEncoder.authority(UnsafeRawBufferPointer($0), to: &writer)
            }
        }
    }

    mutating func giveBack(_ stream: Stream) {
        guard stream.held > 0, !isFailed else { return }
        let held = stream.held
        stream.held = 0
        machine.consume(held, on: stream)
    }

    // MARK: The connection

    mutating func goAway() { if !isFailed { machine.goAway() } }
    mutating func announceGoAway() { if !isFailed { machine.announceGoAway() } }
    mutating func ping() { if !isFailed { machine.ping(1) } }
    mutating func secondPasses() { machine.now += 1_000_000_000 }

    /// What is written goes out, all of it.
    mutating func flush(reuse: Bool) {
        var last: ByteBuffer?
        while let bytes = machine.output.next() {
            // A DATA frame's head and its content are two buffers; the walker wants whole frames.
            if last == nil { last = bytes } else { last!.writeImmutableBuffer(bytes) }
        }
        guard var last else { return }
        walker.read(last, maxFrameBytes: machine.peer.maxFrameBytes)
        if reuse {
            last.clear()
            machine.output.provide { last }
        }
        machine.written()
        checkWindows()
    }

    /// At the end: what was given back to the peer, and what is still owed.
    mutating func checkEnd() {
        flush(reuse: false)
        guard !isFailed, peer.isBetweenFrames else { return }
        let window = max(65_535, options.connectionWindowBytes)
        let held = live.values.reduce(0) { $0 + $1.held }
        let owed = window - (65_535 + walker.givenBack - peer.flow) - held
        check(owed >= 0 && owed < max(1, window / 2), "\(owed) bytes of the connection's window are owed to the peer")
    }

    // MARK: Helpers

    private mutating func tell(_ what: String, _ stream: Stream, _ code: UInt32 = 0) {
        isLive(stream)
        told.append(Told(what: what, id: stream.id, code: code))
    }

    private func isLive(_ stream: Stream) {
        check(live[stream.id] === stream, "an event on stream \(stream.id), which is gone")
    }

    private mutating func answer(_ stream: Stream, status: Int) {
        sendHead(stream, status: status)
        send(stream, 10)
        sendEnd(stream, trailers: false)
    }

    private mutating func breakOff(_ stream: Stream) {
        machine.reset(stream, .protocolError)
        drop(stream)
    }

    private mutating func finish(_ stream: Stream) {
        machine.consume(stream.held, on: nil)
        stream.held = 0
        machine.reset(stream, .cancel)
        live[stream.id] = nil
    }

    private mutating func drop(_ stream: Stream) {
        machine.consume(stream.held, on: nil)
        stream.held = 0
        live[stream.id] = nil
    }

    private mutating func forget(above last: UInt32) {
        for stream in machine.streams.all where stream.id > last {
            machine.forget(stream)
            drop(stream)
        }
    }

    private mutating func settle(_ stream: Stream) {
        guard live[stream.id] === stream, stream.isOver else { return }
        if stream.localEnded, !stream.remoteEnded { machine.reset(stream, .noError) }
        if stream.isClosed { live[stream.id] = nil }
    }

    private mutating func resume(_ stream: Stream) {
        machine.pump(stream)
        if isServer { settle(stream) }
    }

    private mutating func resumeQueued() {
        var turns = machine.streams.count
        while turns > 0, let stream = machine.nextQueued() {
            isLive(stream)
            resume(stream)
            turns -= 1
        }
    }

    private mutating func fail(_ failure: HTTP2Failure) {
        if case .failed(let failure) = machine.fail(failure) { over(failure) }
    }

    private mutating func over(_ failure: HTTP2Failure) {
        check(!isFailed, "a connection fails twice")
        self.failure = failure
        told.append(Told(what: "failed", code: failure.code.rawValue))
        machine.removeAll()
        live = [:]
    }

    private func checkStreams() {
        check(machine.streams.count == live.count, "\(machine.streams.count) streams, not \(live.count)")
        check(live.count <= options.maxConcurrentStreams, "more streams than allowed")
        for stream in live.values {
            check(machine.streams[stream.id] === stream, "stream \(stream.id) is not found")
            check(!stream.isClosed, "stream \(stream.id) is closed and there")
            check(stream.pendingBytes == stream.pending.reduce(0) { $0 + $1.readableBytes }, "pending is miscounted")
            check(stream.pendingBytes <= stream.bytesGiven, "more is pending than was given")
            check(stream.sendWindow <= 0x7FFF_FFFF, "a window of \(stream.sendWindow)")
            if !stream.remoteEnded {
                check(
                    stream.receiveWindow + stream.consumed + stream.held == options.streamWindowBytes,
                    "stream \(stream.id)'s window leaks: \(stream.receiveWindow) left, \(stream.consumed) to be given back, "
                        + "\(stream.held) held")
            }
        }
    }

    private func checkWindows() {
        let opened = 65_535 + (peer.increments[0] ?? 0)
        check(walker.sentInAll <= opened, "\(walker.sentInAll) bytes sent into a window of \(opened)")
        guard !isFailed else { return }
        checkStreams()
        for stream in live.values {
            let sent = walker.sent[stream.id] ?? 0
            let window = machine.peer.initialWindow + (peer.increments[stream.id] ?? 0) - sent
            check(stream.sendWindow == window, "stream \(stream.id)'s window is \(window), not \(stream.sendWindow)")
            check(sent + stream.pendingBytes == stream.bytesGiven, "stream \(stream.id) lost content")
            let mayGo = min(stream.sendWindow, opened - walker.sentInAll)
            check(stream.pendingBytes == 0 || mayGo <= 0, "content waits on stream \(stream.id) with an open window")
        }
    }
}
