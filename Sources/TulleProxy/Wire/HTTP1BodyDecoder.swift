import NIOCore

/// What a body decoder found next.
enum BodyEvent {
    /// All that there was has been taken.
    case needMore
    /// A slice of the caller's buffer, not copied: content, or with `.relaying` content and framing as they came.
    case data(ByteBuffer)
    /// The body has ended; what follows in the buffer is not its own. Trailers are in `HTTP1BodyDecoder.trailers`.
    case end
    case invalid(HTTP1Error)
}

/// Follows one message's body to its end.
///
/// A chunked body can be taken in two ways. `.content` strips the framing. `.relaying` checks it just as strictly but hands
/// out the bytes with it, so that a chunked message goes on to the next hop as it came and nothing is
/// written anew: one slice a read, however many chunks it holds.
///
/// Call `next` until it answers `.needMore` or `.end`. Nothing is handed out behind a fault; what stood before it is.
struct HTTP1BodyDecoder {
    enum Mode: UInt8, Sendable { case content, relaying }

    private enum Stage: UInt8 {
        case length, untilClose
        case size, sizeLineFeed, chunk, chunkReturn, chunkLineFeed, trailers
        case extensionStart, extensionName, valueStart, extensionValue, quoted, quotedPair, afterQuoted
        case ended, failed
    }

    let limits: HTTP1Limits
    let mode: Mode
    private var stage: Stage
    private var sizeDigits = 0
    private var extensionBytes = 0
    /// Bytes of the body, or of the chunk, that are still to come.
    private(set) var remaining: UInt64 = 0
    /// Content handed out so far, framing not counted.
    private(set) var contentBytes: UInt64 = 0
    private var error = HTTP1Error.invalidChunkSize
    /// The fields behind the last chunk, complete when the body has ended. Kept out of line, as few messages have any.
    private var trailerBox: TrailerBox?

    private final class TrailerBox {
        var block = HeaderBlock()
        var section = FieldSectionParser(at: 0)
    }

    init(_ framing: BodyFraming, mode: Mode = .content, limits: HTTP1Limits = HTTP1Limits()) {
        self.limits = limits
        self.mode = mode
        switch framing {
        case .none, .length(0): stage = .ended
        case .length(let length):
            stage = .length
            remaining = length
        case .chunked: stage = .size
        case .untilClose: stage = .untilClose
        }
    }

    /// Whether the body has been taken to its end.
    var isComplete: Bool { stage == .ended }

    /// Whether the end of the connection is the end of the body, not a fault.
    var endsWithConnection: Bool { stage == .untilClose || stage == .ended }

    /// The trailer fields, where there are any and the body has ended.
    var trailers: HeaderBlock? { trailerBox?.block }

    /// Takes the next piece out of the buffer.
    mutating func next(_ buffer: inout ByteBuffer) -> BodyEvent {
        switch stage {
        case .length:
            let available = buffer.readableBytes
            guard available > 0 else { return .needMore }
            let count = Int(min(UInt64(available), remaining))
            remaining &-= UInt64(count)
            contentBytes &+= UInt64(count)
            if remaining == 0 { stage = .ended }
            return slice(&buffer, count)
        case .untilClose:
            let available = buffer.readableBytes
            guard available > 0 else { return .needMore }
            contentBytes &+= UInt64(available)
            return slice(&buffer, available)
        case .ended:
            return .end
        case .failed:
            return .invalid(error)
        default:
            return mode == .relaying ? nextRelayed(&buffer) : nextContent(&buffer)
        }
    }

    // MARK: Chunks

    private mutating func nextContent(_ buffer: inout ByteBuffer) -> BodyEvent {
        while true {
            if stage == .chunk {
                let available = buffer.readableBytes
                guard available > 0 else { return .needMore }
                let count = Int(min(UInt64(available), remaining))
                takeContent(count)
                return slice(&buffer, count)
            }
            let step = buffer.withUnsafeReadableBytes { scan($0, stopsAtContent: true) }
            buffer.moveReaderIndex(forwardBy: step.taken)
            if let error = step.error { return fail(error) }
            if stage == .trailers { return takeTrailers(&buffer) }
            if stage == .ended { return .end }
            if stage != .chunk { return .needMore }
        }
    }

    private mutating func nextRelayed(_ buffer: inout ByteBuffer) -> BodyEvent {
        guard buffer.readableBytes > 0 else { return .needMore }
        if stage == .trailers { return takeTrailers(&buffer) }
        let step = buffer.withUnsafeReadableBytes { scan($0, stopsAtContent: false) }
        if let error = step.error {
            if step.taken == 0 { return fail(error) }
            // What came before the fault goes on; the fault is told by the next call.
            self.error = error
            stage = .failed
        }
        if step.taken == 0, stage == .trailers { return takeTrailers(&buffer) }
        return slice(&buffer, step.taken)
    }

    private struct Step {
        /// How many bytes are framing, or content, as they should be; with an error, those before the wrong one.
        var taken: Int
        var error: HTTP1Error?
    }

    /// Goes through framing up to the trailers, and through content unless told to stop there.
    private mutating func scan(_ bytes: UnsafeRawBufferPointer, stopsAtContent: Bool) -> Step {
        guard let start = bytes.baseAddress else { return Step(taken: 0) }
        let base = start.assumingMemoryBound(to: UInt8.self)
        let end = bytes.count
        var at = 0
        while at < end {
            let byte = base[at]
            switch stage {
            case .size:
                let digit = Self.hexadecimal(byte)
                if digit < 16 {
                    // 16 digits fill the number; more could only be zeros in front.
                    guard sizeDigits < 16 else { return refuse(.invalidChunkSize, at) }
                    sizeDigits &+= 1
                    remaining = remaining &<< 4 | UInt64(digit)
                    at &+= 1
                    continue
                }
                guard sizeDigits > 0, remaining <= UInt64(Int64.max) else { return refuse(.invalidChunkSize, at) }
                switch byte {
                case 0x0D: stage = .sizeLineFeed
                case 0x3B: stage = .extensionStart
                case 0x0A: return refuse(.bareLineFeed, at)
                default: return refuse(.invalidChunkSize, at)
                }
                at &+= 1
            case .extensionStart, .extensionName, .valueStart, .extensionValue, .quoted, .quotedPair, .afterQuoted:
                extensionBytes &+= 1
                guard extensionBytes <= limits.maxChunkExtensionBytes else {
                    return refuse(.chunkExtensionsTooLarge, at)
                }
                if let error = followExtension(byte) { return refuse(error, at) }
                at &+= 1
            case .sizeLineFeed:
                guard byte == 0x0A else { return refuse(.bareCarriageReturn, at) }
                at &+= 1
                sizeDigits = 0
                if remaining == 0 {
                    stage = .trailers
                } else {
                    stage = .chunk
                    if stopsAtContent { return Step(taken: at) }
                }
            case .chunk:
                let count = Int(min(UInt64(end &- at), remaining))
                takeContent(count)
                at &+= count
            case .chunkReturn:
                guard byte == 0x0D else {
                    return refuse(byte == 0x0A ? .bareLineFeed : .missingChunkEnd, at)
                }
                at &+= 1
                stage = .chunkLineFeed
            case .chunkLineFeed:
                guard byte == 0x0A else { return refuse(.bareCarriageReturn, at) }
                at &+= 1
                stage = .size
            case .trailers:
                // The usual end: an empty line and no fields.
                if trailerBox == nil, end &- at >= 2, base[at] == 0x0D, base[at &+ 1] == 0x0A {
                    stage = .ended
                    return Step(taken: at &+ 2)
                }
                return Step(taken: at)
            case .length, .untilClose, .ended, .failed:
                return Step(taken: at)
            }
        }
        return Step(taken: at)
    }

    /// `;name`, `;name=token` or `;name="text"` (RFC 9112, 7.1.1), again and again. Nothing is kept: an extension means
    /// something between two hops at most. White space is refused, as some parsers see an end in it.
    @inline(__always)
    private mutating func followExtension(_ byte: UInt8) -> HTTP1Error? {
        switch (stage, byte) {
        case (.quotedPair, 0x20...0x7E), (.quotedPair, 0x80...), (.quotedPair, 0x09):
            stage = .quoted
        case (.quoted, 0x22):
            stage = .afterQuoted
        case (.quoted, 0x5C):
            stage = .quotedPair
        case (.quoted, 0x20...0x7E), (.quoted, 0x80...), (.quoted, 0x09):
            break
        case (.extensionName, 0x0D), (.extensionValue, 0x0D), (.afterQuoted, 0x0D):
            stage = .sizeLineFeed
        case (.extensionName, 0x3B), (.extensionValue, 0x3B), (.afterQuoted, 0x3B):
            stage = .extensionStart
        case (.extensionName, 0x3D):
            stage = .valueStart
        case (.valueStart, 0x22):
            stage = .quoted
        case (_, 0x0A):
            return .bareLineFeed
        case (.extensionStart, _), (.extensionName, _), (.valueStart, _), (.extensionValue, _):
            if ByteClass.token[Int(byte)] & 1 == 0 { return .invalidChunkExtension }
            if stage == .extensionStart { stage = .extensionName }
            if stage == .valueStart { stage = .extensionValue }
        default:
            return .invalidChunkExtension
        }
        return nil
    }

    /// Takes trailers up until they are complete. Only then are they relayed, since what makes them wrong may come last.
    private mutating func takeTrailers(_ buffer: inout ByteBuffer) -> BodyEvent {
        let box = trailerBox ?? TrailerBox()
        trailerBox = box
        let before = box.block.bytes.readableBytes
        let count = min(buffer.readableBytes, max(0, limits.maxTrailerBytes &- before))
        guard count > 0 else { return .needMore }
        buffer.withUnsafeReadableBytes { box.block.hold(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        let held = box.block.bytes
        let result = held.withUnsafeReadableBytes { bytes -> ParseResult in
            guard let start = bytes.baseAddress else { return .needMore }
            let base = start.assumingMemoryBound(to: UInt8.self)
            return box.section.parse(base, bytes.count, maxFields: limits.maxFields, into: &box.block)
        }
        switch result {
        case .needMore:
            buffer.moveReaderIndex(forwardBy: count)
            return box.block.bytes.readableBytes >= limits.maxTrailerBytes ? fail(.trailersTooLarge) : .needMore
        case .invalid(let error):
            return fail(error)
        case .complete:
            if box.block.present & Self.forbidden != 0 { return fail(.forbiddenTrailer) }
            buffer.moveReaderIndex(forwardBy: box.section.position &- before)
            box.block.truncate(to: box.section.position)
            stage = .ended
            let bytes = box.block.bytes
            if box.block.fields.isEmpty { trailerBox = nil }
            return mode == .relaying ? .data(bytes) : .end
        }
    }

    /// Framing, routing and connection fields have no place in trailers (RFC 9110, 6.5.1): a peer that merges them
    /// into the head would read another message.
    private static let forbidden =
        KnownHeader.contentLength.bit | KnownHeader.transferEncoding.bit | KnownHeader.host.bit
        | KnownHeader.connection.bit | KnownHeader.te.bit | KnownHeader.trailer.bit | KnownHeader.upgrade.bit
        | KnownHeader.expect.bit | KnownHeader.authorization.bit | KnownHeader.proxyAuthorization.bit
        | KnownHeader.cookie.bit | KnownHeader.setCookie.bit | KnownHeader.contentType.bit
        | KnownHeader.contentEncoding.bit | KnownHeader.keepAlive.bit | KnownHeader.proxyConnection.bit

    // MARK: Helpers

    @inline(__always)
    private mutating func takeContent(_ count: Int) {
        remaining &-= UInt64(count)
        contentBytes &+= UInt64(count)
        if remaining == 0 { stage = .chunkReturn }
    }

    @inline(__always)
    private func slice(_ buffer: inout ByteBuffer, _ count: Int) -> BodyEvent {
        if count == 0 { return .needMore }
        guard let slice = buffer.readSlice(length: count) else { return .needMore }
        return .data(slice)
    }

    private func refuse(_ error: HTTP1Error, _ at: Int) -> Step {
        Step(taken: at, error: error)
    }

    private mutating func fail(_ error: HTTP1Error) -> BodyEvent {
        self.error = error
        stage = .failed
        return .invalid(error)
    }

    /// The value of a hexadecimal digit, or something over 15.
    @inline(__always)
    private static func hexadecimal(_ byte: UInt8) -> UInt8 {
        let digit = byte &- 0x30
        if digit < 10 { return digit }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : 0xFF
    }
}
