/// The chunked coding of RFC 9112, 7.1, as plainly as it can be written: the whole body at once, an array a step.
struct ReferenceChunks {
    enum Verdict { case incomplete, complete, invalid }

    var verdict = Verdict.incomplete
    var content: [UInt8] = []
    var trailers: [HTTP1Facts.Field] = []
    /// How many bytes the body has, once it is complete.
    var taken = 0

    static func decode(_ bytes: [UInt8], _ limits: HTTP1Limits) -> ReferenceChunks {
        var result = ReferenceChunks()
        result.verdict = result.read(bytes, limits)
        return result
    }

    private mutating func read(_ bytes: [UInt8], _ limits: HTTP1Limits) -> Verdict {
        var at = 0
        var extensionBytes = 0
        while true {
            // The size.
            var digits: [UInt8] = []
            while at < bytes.count, let digit = Self.hexadecimal(bytes[at]) {
                digits.append(digit)
                if digits.count > 16 { return .invalid }
                at += 1
            }
            guard at < bytes.count else { return .incomplete }
            guard !digits.isEmpty else { return .invalid }
            let size = digits.reduce(UInt64(0)) { $0 << 4 | UInt64($1) }
            if size > UInt64(Int64.max) { return .invalid }

            // The extensions: every byte from the semicolon to CR, CR itself included, counts.
            if bytes[at] == UInt8(ascii: ";") {
                let verdict = Self.skipExtensions(bytes, &at, &extensionBytes, limits.maxChunkExtensionBytes)
                if verdict != .complete { return verdict }
            } else if bytes[at] != 0x0D {
                return .invalid
            } else {
                at += 1
            }
            guard at < bytes.count else { return .incomplete }
            guard bytes[at] == 0x0A else { return .invalid }
            at += 1
            if size == 0 { break }

            // The content.
            let count = Int(min(size, UInt64(bytes.count - at)))
            content += bytes[at..<at + count]
            at += count
            if UInt64(count) < size { return .incomplete }
            for expected in [UInt8(0x0D), 0x0A] {
                guard at < bytes.count else { return .incomplete }
                guard bytes[at] == expected else { return .invalid }
                at += 1
            }
        }
        let verdict = readTrailers(Array(bytes[at...].prefix(limits.maxTrailerBytes)), limits.maxFields)
        if verdict == .incomplete, bytes.count - at >= limits.maxTrailerBytes { return .invalid }
        taken += at
        return verdict
    }

    /// `at` stands on the first semicolon, and is left behind the CR.
    private static func skipExtensions(
        _ bytes: [UInt8], _ at: inout Int, _ used: inout Int, _ most: Int
    ) -> Verdict {
        at += 1
        enum Part { case name, value, quoted, escaped, behind }
        var part = Part.name
        // Of the name or the value.
        var count = 0
        while at < bytes.count {
            used += 1
            if used > most { return .invalid }
            let byte = bytes[at]
            at += 1
            let isText = byte == 0x09 || byte >= 0x20 && byte != 0x7F
            switch part {
            case .quoted:
                if byte == UInt8(ascii: "\"") { part = .behind } else if byte == UInt8(ascii: "\\") { part = .escaped }
                if !isText { return .invalid }
            case .escaped:
                part = .quoted
                if !isText { return .invalid }
            case .name, .value, .behind:
                let mayEnd = part == .behind || count > 0
                if byte == 0x0D { return mayEnd ? .complete : .invalid }
                count += 1
                if byte == UInt8(ascii: ";"), mayEnd {
                    (part, count) = (.name, 0)
                } else if part == .name, byte == UInt8(ascii: "="), mayEnd {
                    (part, count) = (.value, 0)
                } else if part == .value, byte == UInt8(ascii: "\""), count == 1 {
                    part = .quoted
                } else if part == .behind || !FieldRules.isTokenByte(byte) {
                    return .invalid
                }
            }
        }
        return .incomplete
    }

    private mutating func readTrailers(_ bytes: [UInt8], _ maxFields: Int) -> Verdict {
        var at = 0
        while true {
            // A line, as far as it has come.
            guard at < bytes.count else { return .incomplete }
            let end = bytes[at...].firstIndex(of: 0x0D) ?? bytes.count
            let line = bytes[at..<end]
            if line.contains(0x0A) { return .invalid }
            if !line.isEmpty {
                if trailers.count >= maxFields { return .invalid }
                let name = line.prefix { $0 != UInt8(ascii: ":") }
                if !name.allSatisfy(FieldRules.isTokenByte) { return .invalid }
                if name.count < line.count || end < bytes.count {
                    guard !name.isEmpty, name.count < line.count else { return .invalid }
                    let value = line.dropFirst(name.count + 1)
                    if value.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) { return .invalid }
                    if name.count > Int(UInt16.max) { return .invalid }
                }
            }
            guard end + 1 < bytes.count else { return .incomplete }
            guard bytes[end + 1] == 0x0A else { return .invalid }
            at = end + 2
            if line.isEmpty {
                taken = at
                let isWrong = trailers.contains { Self.forbidden.contains($0.name.map(ByteClass.lower)) }
                return isWrong ? .invalid : .complete
            }
            let name = line.prefix { $0 != UInt8(ascii: ":") }
            let value = line.dropFirst(name.count + 1).drop(while: FieldRules.isSpace)
            let last = value.lastIndex { !FieldRules.isSpace($0) }
            trailers.append(
                HTTP1Facts.Field(name: Array(name), value: last.map { Array(value[...$0]) } ?? []))
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        UInt8(String(UnicodeScalar(byte)), radix: 16)
    }

    /// RFC 9110, 6.5.1: framing, routing, authentication and how the content is to be read.
    private static let forbidden: Set<[UInt8]> = Set(
        [
            "content-length", "transfer-encoding", "host", "connection", "te", "trailer", "upgrade", "expect",
            "authorization", "proxy-authorization", "cookie", "set-cookie", "content-type", "content-encoding",
            "keep-alive", "proxy-connection",
        ].map { Array($0.utf8) })
}
