/// Where a parser stands after it has looked at all that is there.
enum ParseResult: Equatable, Sendable {
    case needMore
    case complete
    case invalid(HTTP1Error)
}

/// Reads field lines up to the empty line that ends them: of a head, or of a chunked body's trailers.
///
/// Strict as RFC 9112 allows: CRLF alone ends a line, no space stands before a colon, nothing is folded, and a value
/// has no control bytes. What it decides depends on the bytes alone, never on how they were cut into reads, and
/// no byte is looked at twice.
struct FieldSectionParser {
    private enum Stage: UInt8 { case lineStart, name, beforeValue, value, lineFeed, lastLineFeed }

    private var stage = Stage.lineStart
    private var nameStart = 0
    private var nameLength = 0
    private var nameClass: UInt8 = 0
    private var valueStart = 0
    private var valueEnd = 0
    /// The next byte to look at.
    private(set) var position: Int

    init(at position: Int) {
        self.position = position
    }

    /// Looks at the bytes up to `end`, of which those before `position` are the same as before.
    /// After `.complete`, `position` is behind the empty line.
    @inline(__always)
    mutating func parse(
        _ base: UnsafePointer<UInt8>, _ end: Int, maxFields: Int, into block: inout HeaderBlock
    ) -> ParseResult {
        let token = ByteClass.token
        var at = position
        defer { position = at }
        while true {
            switch stage {
            case .lineStart:
                guard at < end else { return .needMore }
                let first = base[at]
                if first == 0x0D {
                    block.fieldsEnd = at
                    at &+= 1
                    stage = .lastLineFeed
                    continue
                }
                if first == 0x20 || first == 0x09 { return .invalid(.lineFolding) }
                if block.parsedCount >= maxFields { return .invalid(.tooManyFields) }
                nameStart = at
                nameClass = 0
                stage = .name
                fallthrough
            case .name:
                var seen = nameClass
                var byte: UInt8 = 0
                at = ByteClass.skipWord(base, at, end)
                while at < end {
                    byte = base[at]
                    let kind = token[Int(byte)]
                    if kind & 1 == 0 { break }
                    seen |= kind
                    at &+= 1
                }
                nameClass = seen
                guard at < end else { return .needMore }
                nameLength = at &- nameStart
                guard byte == 0x3A, nameLength > 0 else { return .invalid(Self.nameError(byte, nameLength)) }
                guard nameLength <= UInt16.max else { return .invalid(.headTooLarge) }
                at &+= 1
                stage = .beforeValue
                fallthrough
            case .beforeValue:
                while at < end, base[at] == 0x20 || base[at] == 0x09 { at &+= 1 }
                guard at < end else { return .needMore }
                valueStart = at
                stage = .value
                fallthrough
            case .value:
                at = ByteClass.firstControl(base, at, end)
                while at < end, base[at] == 0x09 { at = ByteClass.firstControl(base, at &+ 1, end) }
                guard at < end else { return .needMore }
                guard base[at] == 0x0D else {
                    return .invalid(base[at] == 0x0A ? .bareLineFeed : .invalidFieldValue)
                }
                valueEnd = at
                at &+= 1
                stage = .lineFeed
                fallthrough
            case .lineFeed:
                guard at < end else { return .needMore }
                guard base[at] == 0x0A else { return .invalid(.bareCarriageReturn) }
                at &+= 1
                var last = valueEnd
                while last > valueStart, base[last &- 1] == 0x20 || base[last &- 1] == 0x09 { last &-= 1 }
                block.addParsed(
                    HeaderBlock.Field(
                        nameStart: UInt32(truncatingIfNeeded: nameStart),
                        nameLength: UInt16(truncatingIfNeeded: nameLength),
                        name: KnownHeader.named(base + nameStart, nameLength),
                        flags: .init(rawValue: nameClass & 2),
                        valueStart: UInt32(truncatingIfNeeded: valueStart),
                        valueLength: UInt32(truncatingIfNeeded: last &- valueStart)))
                stage = .lineStart
            case .lastLineFeed:
                guard at < end else { return .needMore }
                guard base[at] == 0x0A else { return .invalid(.bareCarriageReturn) }
                at &+= 1
                return .complete
            }
        }
    }

    private static func nameError(_ byte: UInt8, _ length: Int) -> HTTP1Error {
        switch byte {
        case 0x20 where length > 0, 0x09 where length > 0: .spaceBeforeColon
        case 0x0A: .bareLineFeed
        default: .invalidFieldName
        }
    }
}
