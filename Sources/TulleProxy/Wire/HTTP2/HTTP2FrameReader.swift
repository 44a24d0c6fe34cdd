import NIOCore

/// Cuts a connection's bytes into frames, and checks what can be known of a frame by itself: sizes, padding, the stream
/// it may stand on, and that a field block is not interrupted.
///
/// The caller keeps the bytes that are left. DATA is handed on as it arrives; every other frame waits until it is whole,
/// which bounds what is kept to one frame.
struct HTTP2FrameReader {
    enum Step {
        case needMore
        case frame(HTTP2Frame)
        case failed(HTTP2Failure)
    }

    /// The largest payload that we said we take; also the least that a peer may be held to (RFC 9113, 4.2).
    static let maxFrameBytes = 16384

    /// As many bytes a field block may have before it is decoded; the decoded limits are the connection manager's.
    private let maxBlockBytes: Int

    // The DATA frame whose content is being handed on.
    private var dataID: UInt32 = 0
    private var dataLeft = 0
    private var paddingLeft = 0
    private var dataEnds = false
    private var isInData = false

    // The field block that CONTINUATION goes on with.
    private var blockID: UInt32 = 0
    private var block: ByteBuffer?
    private var blockEnds = false
    private var blockDependsOnItself = false
    private var continuations = 0

    /// So many frames a block may be cut into. A block of the largest size in frames of a peer's usual sizes has far fewer.
    private static let maxContinuations = 64

    init(maxBlockBytes: Int) {
        self.maxBlockBytes = maxBlockBytes
    }

    var isMidBlock: Bool { block != nil }

    @inline(__always)
    mutating func next(_ input: inout ByteBuffer) -> Step {
        if isInData { return nextData(&input) }
        guard input.readableBytes >= 9 else { return .needMore }
        let (length, type, flags, id) = input.withUnsafeReadableBytes { bytes -> (Int, UInt8, UInt8, UInt32) in
            let word = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
            let stream = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 5, as: UInt32.self)) & 0x7FFF_FFFF
            return (Int(word >> 8), UInt8(truncatingIfNeeded: word), bytes[4], stream)
        }
        if length > Self.maxFrameBytes { return .failed(HTTP2Failure(.frameSizeError, "frame over 16384 bytes")) }
        if block != nil, type != HTTP2FrameType.continuation || id != blockID {
            return .failed(HTTP2Failure(.protocolError, "a field block was interrupted"))
        }
        if type == HTTP2FrameType.data { return beginData(&input, length, flags, id) }
        guard input.readableBytes >= 9 &+ length else { return .needMore }
        input.moveReaderIndex(forwardBy: 9)
        guard let payload = input.readSlice(length: length) else { return .needMore }
        return read(type, flags, id, payload)
    }

    // MARK: DATA

    private mutating func beginData(_ input: inout ByteBuffer, _ length: Int, _ flags: UInt8, _ id: UInt32) -> Step {
        guard id != 0 else { return .failed(HTTP2Failure(.protocolError, "DATA on stream 0")) }
        var padding = 0
        var flow = 0
        if flags & HTTP2Flag.padded != 0 {
            guard length > 0 else { return .failed(HTTP2Failure(.frameSizeError, "padded DATA without a pad length")) }
            guard let said = input.getInteger(at: input.readerIndex &+ 9, as: UInt8.self) else { return .needMore }
            padding = Int(said)
            guard padding < length else {
                return .failed(HTTP2Failure(.protocolError, "more padding than payload"))
            }
            // A first part without content would be taken for an empty frame, which are counted against the peer: so a frame
            // that has content waits for some of it, and one that has none for its padding.
            let due = padding &+ 1 < length ? 11 : 9 &+ length
            guard input.readableBytes >= due else { return .needMore }
            input.moveReaderIndex(forwardBy: 10)
            dataLeft = length &- 1 &- padding
            flow = 1 &+ padding
        } else {
            input.moveReaderIndex(forwardBy: 9)
            dataLeft = length
        }
        dataID = id
        paddingLeft = padding
        dataEnds = flags & HTTP2Flag.end != 0
        isInData = true
        // Padding is paid for at once, so that a frame cut in many parts is not counted twice.
        if flow > 0 { return dataPart(&input, flow) }
        if dataLeft > 0, input.readableBytes == 0 { return .needMore }
        return dataPart(&input, 0)
    }

    private mutating func nextData(_ input: inout ByteBuffer) -> Step {
        guard input.readableBytes > 0 else { return .needMore }
        if dataLeft > 0 { return dataPart(&input, 0) }
        // Padding is left, behind content that was handed on before.
        let skipped = min(paddingLeft, input.readableBytes)
        input.moveReaderIndex(forwardBy: skipped)
        paddingLeft &-= skipped
        guard paddingLeft == 0 else { return .needMore }
        isInData = false
        guard dataEnds else { return next(&input) }
        return .frame(.data(id: dataID, content: ByteBuffer(), flow: 0, end: true))
    }

    private mutating func dataPart(_ input: inout ByteBuffer, _ flow: Int) -> Step {
        let count = min(dataLeft, input.readableBytes)
        guard let content = input.readSlice(length: count) else { return .needMore }
        dataLeft &-= count
        if dataLeft == 0 {
            let skipped = min(paddingLeft, input.readableBytes)
            input.moveReaderIndex(forwardBy: skipped)
            paddingLeft &-= skipped
            if paddingLeft == 0 { isInData = false }
        }
        return .frame(.data(id: dataID, content: content, flow: flow &+ count, end: dataEnds && !isInData))
    }

    // MARK: The others

    private mutating func read(_ type: UInt8, _ flags: UInt8, _ id: UInt32, _ payload: ByteBuffer) -> Step {
        switch type {
        case HTTP2FrameType.headers: return readHeaders(flags, id, payload)
        case HTTP2FrameType.continuation: return readContinuation(flags, payload)
        case HTTP2FrameType.windowUpdate:
            guard let word = payload.word(0), payload.readableBytes == 4 else { return Self.sizeError }
            return .frame(.windowUpdate(id: id, increment: Int(word & 0x7FFF_FFFF)))
        case HTTP2FrameType.reset:
            guard id != 0 else { return .failed(HTTP2Failure(.protocolError, "RST_STREAM on stream 0")) }
            guard let word = payload.word(0), payload.readableBytes == 4 else { return Self.sizeError }
            return .frame(.reset(id: id, code: HTTP2ErrorCode(rawValue: word)))
        case HTTP2FrameType.settings:
            guard id == 0 else { return .failed(HTTP2Failure(.protocolError, "SETTINGS on a stream")) }
            if flags & HTTP2Flag.ack != 0 {
                return payload.readableBytes == 0 ? .frame(.settingsAck) : Self.sizeError
            }
            return payload.readableBytes % 6 == 0 ? .frame(.settings(payload)) : Self.sizeError
        case HTTP2FrameType.ping:
            guard id == 0 else { return .failed(HTTP2Failure(.protocolError, "PING on a stream")) }
            guard payload.readableBytes == 8, let opaque = payload.getInteger(at: payload.readerIndex, as: UInt64.self)
            else { return Self.sizeError }
            return .frame(.ping(opaque, ack: flags & HTTP2Flag.ack != 0))
        case HTTP2FrameType.goAway:
            guard id == 0 else { return .failed(HTTP2Failure(.protocolError, "GOAWAY on a stream")) }
            guard let last = payload.word(0), let code = payload.word(4) else { return Self.sizeError }
            return .frame(.goAway(last: last & 0x7FFF_FFFF, code: HTTP2ErrorCode(rawValue: code)))
        case HTTP2FrameType.priority:
            guard id != 0 else { return .failed(HTTP2Failure(.protocolError, "PRIORITY on stream 0")) }
            guard let word = payload.word(0), payload.readableBytes == 5 else { return .frame(.wrongSize(id: id)) }
            return .frame(.priority(id: id, dependsOnItself: word & 0x7FFF_FFFF == id))
        case HTTP2FrameType.pushPromise:
            // Clients never send one, and our own SETTINGS_ENABLE_PUSH of 0 forbids it to servers.
            return .failed(HTTP2Failure(.protocolError, "PUSH_PROMISE is not allowed"))
        default:
            return .frame(.unknown)
        }
    }

    private static let sizeError = Step.failed(HTTP2Failure(.frameSizeError, "a frame of the wrong size"))

    @inline(__always)
    private mutating func readHeaders(_ flags: UInt8, _ id: UInt32, _ payload: ByteBuffer) -> Step {
        guard id != 0 else { return .failed(HTTP2Failure(.protocolError, "HEADERS on stream 0")) }
        var fragment = payload
        var padding = 0
        if flags & HTTP2Flag.padded != 0 {
            guard let said = fragment.readInteger(as: UInt8.self) else { return Self.sizeError }
            padding = Int(said)
        }
        var dependsOnItself = false
        if flags & HTTP2Flag.priority != 0 {
            guard let word = fragment.word(0), fragment.readableBytes >= 5 else { return Self.sizeError }
            dependsOnItself = word & 0x7FFF_FFFF == id
            fragment.moveReaderIndex(forwardBy: 5)
        }
        guard padding <= fragment.readableBytes else {
            return .failed(HTTP2Failure(.protocolError, "more padding than payload"))
        }
        if padding > 0 { fragment.moveWriterIndex(to: fragment.writerIndex &- padding) }
        let end = flags & HTTP2Flag.end != 0
        if flags & HTTP2Flag.endHeaders != 0 {
            return .frame(.headers(id: id, fragment: fragment, end: end, dependsOnItself: dependsOnItself))
        }
        blockID = id
        block = fragment
        blockEnds = end
        blockDependsOnItself = dependsOnItself
        continuations = 0
        return fragment.readableBytes > maxBlockBytes ? blockTooLarge : nextIsNeeded
    }

    private mutating func readContinuation(_ flags: UInt8, _ payload: ByteBuffer) -> Step {
        guard block != nil else {
            return .failed(HTTP2Failure(.protocolError, "CONTINUATION without HEADERS"))
        }
        continuations &+= 1
        block!.writeImmutableBuffer(payload)
        if block!.readableBytes > maxBlockBytes || continuations > Self.maxContinuations { return blockTooLarge }
        guard flags & HTTP2Flag.endHeaders != 0, let whole = block else { return nextIsNeeded }
        block = nil
        return .frame(
            .headers(id: blockID, fragment: whole, end: blockEnds, dependsOnItself: blockDependsOnItself))
    }

    /// Nothing to tell yet; the caller asks again.
    private var nextIsNeeded: Step { .frame(.unknown) }

    private var blockTooLarge: Step { .failed(HTTP2Failure(.enhanceYourCalm, "a field block that does not end")) }
}

extension ByteBuffer {
    /// Four bytes at an offset from the reader index, in network order.
    @inline(__always)
    fileprivate func word(_ offset: Int) -> UInt32? {
        getInteger(at: readerIndex &+ offset, as: UInt32.self)
    }
}
