/// What a head's fields say about the message and its connection, gathered in one pass before it is judged.
struct MessageFacts {
    enum Coding { case none, chunked, refused(HTTP1Error) }

    /// What the Connection field asks for.
    struct Options: OptionSet {
        let rawValue: UInt8

        static let close = Options(rawValue: 1)
        static let keepAlive = Options(rawValue: 2)
        static let upgrade = Options(rawValue: 4)
        /// Names a field that this hop must remove.
        static let nominates = Options(rawValue: 8)
        /// Names a field that every hop needs; removing it would be an attack on the next hop.
        static let nominatesProtected = Options(rawValue: 16)
    }

    var hosts = 0
    var host = 0..<0
    var lengths = 0
    var length: UInt64 = 0
    var coding = Coding.none
    var options = Options()
    var expectContinue = false
    var acceptsTrailers = false

    private static let interesting =
        KnownHeader.host.bit | KnownHeader.contentLength.bit | KnownHeader.transferEncoding.bit
        | KnownHeader.connection.bit | KnownHeader.expect.bit | KnownHeader.te.bit

    mutating func read(_ block: borrowing HeaderBlock, _ base: UnsafePointer<UInt8>) -> HTTP1Error? {
        guard block.present & Self.interesting != 0 else { return nil }
        for field in block.fields {
            guard field.name.bit & Self.interesting != 0 else { continue }
            let value = field.valueRange
            switch field.name {
            case .host:
                hosts &+= 1
                host = value
            case .contentLength:
                guard let number = Self.decimal(base, value) else { return .invalidContentLength }
                lengths &+= 1
                length = number
            case .transferEncoding:
                readCoding(base, value)
            case .connection:
                readConnection(base, value)
            case .expect:
                expectContinue = Self.equals(base, value, "100-continue")
            case .te:
                forEachElement(base, value) { element in
                    if Self.equals(base, element, "trailers") { acceptsTrailers = true }
                }
            default: break
            }
        }
        return nil
    }

    /// A Content-Length is digits alone (RFC 9110, 8.6): no sign, no list, no more than fits.
    private static func decimal(_ base: UnsafePointer<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard !range.isEmpty else { return nil }
        var number: UInt64 = 0
        for index in range {
            let digit = base[index] &- 0x30
            guard digit < 10 else { return nil }
            // Within Int64, since peers keep lengths in signed numbers; so this cannot overflow.
            guard number <= UInt64(Int64.max) / 10 else { return nil }
            number = number &* 10 &+ UInt64(digit)
            guard number <= UInt64(Int64.max) else { return nil }
        }
        return number
    }

    /// `chunked`, alone and once, is all that is understood. Codings that are not are told from those that are out
    /// of place, which are how two parsers are made to disagree.
    private mutating func readCoding(_ base: UnsafePointer<UInt8>, _ range: Range<Int>) {
        if case .refused = coding { return }
        if case .none = coding, Self.equals(base, range, "chunked") {
            coding = .chunked
            return
        }
        var chunked = if case .chunked = coding { 1 } else { 0 }
        var others = 0
        var empty = range.isEmpty
        var chunkedIsLast = false
        forEachElement(base, range) { element in
            if element.isEmpty {
                empty = true
            } else if Self.equals(base, element, "chunked") {
                chunked &+= 1
                chunkedIsLast = true
            } else {
                others &+= 1
                chunkedIsLast = false
            }
        }
        let misplaced = empty || chunked > 1 || (chunked == 1 && !chunkedIsLast)
        coding = .refused(misplaced || others == 0 ? .chunkedNotLast : .unsupportedTransferEncoding)
    }

    private mutating func readConnection(_ base: UnsafePointer<UInt8>, _ range: Range<Int>) {
        forEachElement(base, range) { element in
            switch element.count {
            case 0: break
            case 5 where Self.equals(base, element, "close"): options.insert(.close)
            case 10 where Self.equals(base, element, "keep-alive"): options.insert(.keepAlive)
            case 7 where Self.equals(base, element, "upgrade"): options.insert(.upgrade)
            case 2 where Self.equals(base, element, "te"): break
            default:
                switch KnownHeader.named(base + element.lowerBound, element.count) {
                case .host, .contentLength, .xForwardedFor, .xForwardedHost, .xForwardedProto, .xForwardedClientCert:
                    options.insert(.nominatesProtected)
                case .keepAlive, .transferEncoding, .trailer, .proxyConnection, .http2Settings: break
                default: options.insert(.nominates)
                }
            }
        }
    }

    @inline(__always)
    static func equals(_ base: UnsafePointer<UInt8>, _ range: Range<Int>, _ lowercase: StaticString) -> Bool {
        guard range.count == lowercase.utf8CodeUnitCount else { return false }
        return ByteClass.equal(
            UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count), lowercase.rawBytes)
    }
}

/// Calls the closure with each element of a comma-separated list, white space trimmed; empty elements included.
@inline(__always)
func forEachElement(_ base: UnsafePointer<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    var start = range.lowerBound
    while start <= range.upperBound {
        var end = start
        while end < range.upperBound, base[end] != 0x2C { end &+= 1 }
        var first = start
        var last = end
        while first < last, base[first] == 0x20 || base[first] == 0x09 { first &+= 1 }
        while last > first, base[last &- 1] == 0x20 || base[last &- 1] == 0x09 { last &-= 1 }
        body(first..<last)
        start = end &+ 1
    }
}
