import NIOCore

/// Reads the heads of the messages on one HTTP/1.1 connection, one after the other.
///
/// Feed it whatever was read. It takes the bytes of the head out of the buffer and leaves what follows; on `.needMore` it
/// has taken all, keeps what it needs in the head's block, and goes on from there without looking at a byte twice, so
/// that the connection needs no buffer of its own. What it answers does not depend on how the bytes were
/// cut into reads. After `.invalid` it stays invalid.
struct HTTP1HeadParser {
    private enum Stage: UInt8 {
        case idle, emptyLine, method, target, version, status, reason, reasonLineFeed, fields, failed
    }

    let limits: HTTP1Limits
    private var stage = Stage.idle
    private var emptyLines = 0
    /// The next byte of the start line to look at, and where the part that it belongs to began.
    private var position = 0
    private var partStart = 0
    private var section = FieldSectionParser(at: 0)
    private var error = HTTP1Error.headTooLarge

    init(limits: HTTP1Limits = HTTP1Limits()) {
        self.limits = limits
    }

    /// Whether bytes of a head have been taken that is not complete yet.
    var isMidHead: Bool { stage != .idle && stage != .emptyLine && stage != .failed }

    // MARK: Requests

    /// Reads a request's head. `head` must be the same from `.needMore` to the answer; it is reset at the start.
    mutating func parse(_ buffer: inout ByteBuffer, into head: inout RequestHead) -> ParseResult {
        if stage == .idle || stage == .emptyLine {
            if let result = skipEmptyLines(&buffer) { return result }
            head.reset()
            begin(.method)
        }
        if stage == .failed { return .invalid(error) }

        if head.block.bytes.readableBytes == 0 {
            let available = buffer.readableBytes
            let result = buffer.withUnsafeReadableBytes { bytes -> ParseResult in
                scanRequest(bytes, into: &head)
            }
            return settle(result, &buffer, available, &head.block)
        }
        let before = takeUp(&buffer, &head.block)
        let held = head.block.bytes
        let result = held.withUnsafeReadableBytes { bytes -> ParseResult in
            scanRequest(bytes, into: &head)
        }
        return settleHeld(result, &buffer, before, &head.block)
    }

    private mutating func scanRequest(_ bytes: UnsafeRawBufferPointer, into head: inout RequestHead) -> ParseResult {
        guard let start = bytes.baseAddress else { return .needMore }
        let base = start.assumingMemoryBound(to: UInt8.self)
        let end = min(bytes.count, limits.maxHeadBytes)
        if stage == .method, let result = scanMethod(base, end, &head) { return result }
        if stage == .target, let result = scanTarget(base, end, &head) { return result }
        if stage == .version, let result = scanVersion(base, end, &head) { return result }
        let result = section.parse(base, end, maxFields: limits.maxFields, into: &head.block)
        if result == .complete, let error = head.interpret(base) { return .invalid(error) }
        return result
    }

    @inline(__always)
    private mutating func scanMethod(
        _ base: UnsafePointer<UInt8>, _ end: Int, _ head: inout RequestHead
    ) -> ParseResult? {
        let token = ByteClass.token
        var at = position
        while at < end, token[Int(base[at])] & 1 != 0 { at &+= 1 }
        position = at
        // Longer than any method there is; RFC 9112, 3 asks for a 501.
        if at > 64 { return .invalid(.methodTooLong) }
        guard at < end else { return .needMore }
        guard base[at] == 0x20, at > 0 else {
            return .invalid(base[at] == 0x0A ? .bareLineFeed : .invalidMethod)
        }
        head.methodRange = 0..<at
        head.method = HTTPMethod.named(base, at)
        position = at &+ 1
        partStart = at &+ 1
        stage = .target
        return nil
    }

    @inline(__always)
    private mutating func scanTarget(
        _ base: UnsafePointer<UInt8>, _ end: Int, _ head: inout RequestHead
    ) -> ParseResult? {
        let allowed = ByteClass.target
        // One byte further than allowed, so that what is too long is found too long wherever the reads were cut.
        let bound = min(end, partStart &+ limits.maxTargetBytes &+ 1)
        var at = ByteClass.skipTarget(base, position, bound)
        while at < bound, allowed[Int(base[at])] & 1 != 0 { at &+= 1 }
        position = at
        if at &- partStart > limits.maxTargetBytes { return .invalid(.targetTooLong) }
        guard at < end else { return .needMore }
        guard base[at] == 0x20, at > partStart else {
            switch base[at] {
            case 0x0A: return .invalid(.bareLineFeed)
            case 0x0D: return .invalid(.invalidVersion)
            default: return .invalid(.invalidTarget)
            }
        }
        head.target = partStart..<at
        if let error = Self.readTarget(base, &head) { return .invalid(error) }
        position = at &+ 1
        stage = .version
        return nil
    }

    /// Splits the target by its form (RFC 9112, 3.2).
    private static func readTarget(_ base: UnsafePointer<UInt8>, _ head: inout RequestHead) -> HTTP1Error? {
        let target = head.target
        if head.method == .connect {
            head.targetForm = .authority
            guard Authority.isValid(base, target, portRequired: true) else { return .invalidTarget }
            head.authority = target
            head.path = target.upperBound..<target.upperBound
            return nil
        }
        var at = target.lowerBound
        if base[at] == 0x2F {
            head.targetForm = .origin
        } else if target.count == 1, base[at] == 0x2A {
            guard head.method == .options else { return .targetFormNotForMethod }
            head.targetForm = .asterisk
            head.path = target
            return nil
        } else {
            head.targetForm = .absolute
            guard let behindScheme = scheme(base, target, &head.secureScheme) else {
                return isScheme(base, target) ? .invalidScheme : .invalidTarget
            }
            at = behindScheme
            while at < target.upperBound, base[at] != 0x2F, base[at] != 0x3F { at &+= 1 }
            head.authority = behindScheme..<at
            guard !head.authority.isEmpty, Authority.isValid(base, head.authority, portRequired: false) else {
                return .invalidTarget
            }
        }
        let pathStart = at
        while at < target.upperBound, base[at] != 0x3F { at &+= 1 }
        head.path = pathStart..<at
        if at < target.upperBound {
            head.hasQuery = true
            head.query = (at &+ 1)..<target.upperBound
        }
        return nil
    }

    /// Where the authority begins behind `http://` or `https://`, or nil.
    private static func scheme(
        _ base: UnsafePointer<UInt8>, _ target: Range<Int>, _ secure: inout Bool
    ) -> Int? {
        let start = target.lowerBound
        if target.count >= 7, MessageFacts.equals(base, start..<start &+ 7, "http://") { return start &+ 7 }
        if target.count >= 8, MessageFacts.equals(base, start..<start &+ 8, "https://") {
            secure = true
            return start &+ 8
        }
        return nil
    }

    /// Whether letters and `://` stand first.
    private static func isScheme(_ base: UnsafePointer<UInt8>, _ target: Range<Int>) -> Bool {
        var at = target.lowerBound
        while at < target.upperBound, (base[at] | 0x20) &- 0x61 < 26 { at &+= 1 }
        return at > target.lowerBound && target.upperBound &- at >= 3
            && MessageFacts.equals(base, at..<at &+ 3, "://")
    }

    @inline(__always)
    private mutating func scanVersion(
        _ base: UnsafePointer<UInt8>, _ end: Int, _ head: inout RequestHead
    ) -> ParseResult? {
        let at = position
        guard end &- at >= 10 else { return .needMore }
        let word = ByteClass.load(base, at)
        if word == Self.version11 {
            head.version10 = false
        } else if word == Self.version10 {
            head.version10 = true
        } else {
            return .invalid(Self.isVersion(base + at) ? .unsupportedVersion : .invalidVersion)
        }
        guard base[at &+ 8] == 0x0D else {
            return .invalid(base[at &+ 8] == 0x0A ? .bareLineFeed : .invalidVersion)
        }
        guard base[at &+ 9] == 0x0A else { return .invalid(.bareCarriageReturn) }
        section = FieldSectionParser(at: at &+ 10)
        stage = .fields
        return nil
    }

    /// `HTTP/1.1` and `HTTP/1.0` as little-endian words.
    private static let version11: UInt64 = 0x312E_312F_5054_5448
    private static let version10: UInt64 = 0x302E_312F_5054_5448

    private static func isVersion(_ base: UnsafePointer<UInt8>) -> Bool {
        ByteClass.load(base, 0) & 0x0000_00FF_FFFF_FFFF == version11 & 0x0000_00FF_FFFF_FFFF
            && base[5] &- 0x30 < 10 && base[6] == 0x2E && base[7] &- 0x30 < 10
    }

    // MARK: Responses

    /// Reads a response's head. `head` must be the same from `.needMore` to the answer; it is reset at the start.
    mutating func parse(
        _ buffer: inout ByteBuffer, into head: inout ResponseHead, requestMethod: HTTPMethod
    ) -> ParseResult {
        if stage == .idle {
            guard buffer.readableBytes > 0 else { return .needMore }
            head.reset()
            begin(.status)
        }
        if stage == .failed { return .invalid(error) }

        if head.block.bytes.readableBytes == 0 {
            let available = buffer.readableBytes
            let result = buffer.withUnsafeReadableBytes { bytes -> ParseResult in
                scanResponse(bytes, requestMethod, into: &head)
            }
            return settle(result, &buffer, available, &head.block)
        }
        let before = takeUp(&buffer, &head.block)
        let held = head.block.bytes
        let result = held.withUnsafeReadableBytes { bytes -> ParseResult in
            scanResponse(bytes, requestMethod, into: &head)
        }
        return settleHeld(result, &buffer, before, &head.block)
    }

    private mutating func scanResponse(
        _ bytes: UnsafeRawBufferPointer, _ requestMethod: HTTPMethod, into head: inout ResponseHead
    ) -> ParseResult {
        guard let start = bytes.baseAddress else { return .needMore }
        let base = start.assumingMemoryBound(to: UInt8.self)
        let end = min(bytes.count, limits.maxHeadBytes)
        if stage != .fields, let result = scanStatusLine(base, end, &head) { return result }
        let result = section.parse(base, end, maxFields: limits.maxFields, into: &head.block)
        if result == .complete, let error = head.interpret(base, requestMethod: requestMethod) {
            return .invalid(error)
        }
        return result
    }

    @inline(__always)
    private mutating func scanStatusLine(
        _ base: UnsafePointer<UInt8>, _ end: Int, _ head: inout ResponseHead
    ) -> ParseResult? {
        if stage == .status {
            guard end >= 13 else { return .needMore }
            let word = ByteClass.load(base, 0)
            guard word == Self.version11 || word == Self.version10 else {
                return .invalid(Self.isVersion(base) ? .unsupportedVersion : .invalidStatusLine)
            }
            head.version10 = word == Self.version10
            let (first, second, third) = (base[9] &- 0x30, base[10] &- 0x30, base[11] &- 0x30)
            guard base[8] == 0x20, first > 0, first < 10, second < 10, third < 10 else {
                return .invalid(.invalidStatusLine)
            }
            head.status = Int(first) &* 100 &+ Int(second) &* 10 &+ Int(third)
            // The space is due even before an empty reason, but servers leave it out (RFC 9112, 4).
            guard base[12] == 0x20 || base[12] == 0x0D else {
                return .invalid(base[12] == 0x0A ? .bareLineFeed : .invalidStatusLine)
            }
            partStart = base[12] == 0x20 ? 13 : 12
            position = partStart
            stage = .reason
        }
        if stage == .reason {
            var at = ByteClass.firstControl(base, position, end)
            while at < end, base[at] == 0x09 { at = ByteClass.firstControl(base, at &+ 1, end) }
            position = at
            guard at < end else { return .needMore }
            guard base[at] == 0x0D else {
                return .invalid(base[at] == 0x0A ? .bareLineFeed : .invalidStatusLine)
            }
            head.reason = partStart..<at
            position = at &+ 1
            stage = .reasonLineFeed
        }
        guard position < end else { return .needMore }
        guard base[position] == 0x0A else { return .invalid(.bareCarriageReturn) }
        section = FieldSectionParser(at: position &+ 1)
        stage = .fields
        return nil
    }

    // MARK: Bytes in and out

    private mutating func begin(_ first: Stage) {
        stage = first
        position = 0
        partStart = 0
        emptyLines = 0
    }

    /// Takes CRLFs in front of a request line; nil when another byte stands first.
    @inline(__always)
    private mutating func skipEmptyLines(_ buffer: inout ByteBuffer) -> ParseResult? {
        while let byte = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) {
            if stage == .emptyLine {
                guard byte == 0x0A else { return fail(.bareCarriageReturn) }
                stage = .idle
                emptyLines &+= 1
                if emptyLines > limits.maxLeadingEmptyLines { return fail(.invalidMethod) }
            } else if byte == 0x0D {
                stage = .emptyLine
            } else {
                return nil
            }
            buffer.moveReaderIndex(forwardBy: 1)
        }
        return .needMore
    }

    /// Ends a scan of the caller's own buffer: the block gets its copy of the head.
    @inline(__always)
    private mutating func settle(
        _ result: ParseResult, _ buffer: inout ByteBuffer, _ available: Int, _ block: inout HeaderBlock
    ) -> ParseResult {
        switch result {
        case .complete:
            let length = section.position
            buffer.withUnsafeReadableBytes { block.hold(UnsafeRawBufferPointer(start: $0.baseAddress, count: length)) }
            buffer.moveReaderIndex(forwardBy: length)
            stage = .idle
            return .complete
        case .needMore:
            if available >= limits.maxHeadBytes { return fail(.headTooLarge) }
            buffer.withUnsafeReadableBytes { block.hold($0) }
            buffer.moveReaderIndex(forwardBy: available)
            return .needMore
        case .invalid(let error):
            return fail(error)
        }
    }

    /// Adds what was read to what is held, no more than a head may have, and says how much was held before.
    private func takeUp(_ buffer: inout ByteBuffer, _ block: inout HeaderBlock) -> Int {
        let before = block.bytes.readableBytes
        let count = min(buffer.readableBytes, max(0, limits.maxHeadBytes &- before))
        buffer.withUnsafeReadableBytes { block.hold(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        return before
    }

    /// Ends a scan of the held bytes: what lies behind the head stays in the caller's buffer.
    private mutating func settleHeld(
        _ result: ParseResult, _ buffer: inout ByteBuffer, _ before: Int, _ block: inout HeaderBlock
    ) -> ParseResult {
        let taken = block.bytes.readableBytes &- before
        switch result {
        case .complete:
            buffer.moveReaderIndex(forwardBy: section.position &- before)
            block.truncate(to: section.position)
            stage = .idle
            return .complete
        case .needMore:
            buffer.moveReaderIndex(forwardBy: taken)
            if block.bytes.readableBytes >= limits.maxHeadBytes { return fail(.headTooLarge) }
            return .needMore
        case .invalid(let error):
            return fail(error)
        }
    }

    private mutating func fail(_ error: HTTP1Error) -> ParseResult {
        self.error = error
        stage = .failed
        return .invalid(error)
    }
}
