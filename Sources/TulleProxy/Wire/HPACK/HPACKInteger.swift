/// Integers of RFC 7541, 5.1: a prefix of some bits, and bytes of seven bits behind it when it is full.
enum HPACKInteger {
    /// The integer at `at`, which must be within the bytes, in the bits of `mask`; or an error, as a negative number.
    @inline(__always)
    static func read(_ base: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int, mask: UInt8) -> Int {
        let prefix = base[at] & mask
        at &+= 1
        return prefix < mask ? Int(prefix) : readRest(base, &at, end, Int(mask))
    }

    /// What a negative number says.
    static func error(_ number: Int) -> HPACKError { number == tooLarge ? .integerTooLarge : .truncated }

    private static let truncated = -1
    private static let tooLarge = -2

    /// Four bytes at most: 28 bits are more than any length or index here, and more would be room to hide in.
    private static func readRest(
        _ base: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int, _ prefix: Int
    ) -> Int {
        var value = prefix
        var shift = 0
        while shift < 28 {
            guard at < end else { return truncated }
            let byte = base[at]
            at &+= 1
            value &+= Int(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
        return tooLarge
    }

    /// Writes an integer behind the bits of `pattern`.
    @inline(__always)
    static func write(_ value: Int, mask: UInt8, pattern: UInt8, to writer: inout HeadWriter) {
        if value < Int(mask) {
            writer.append(byte: pattern | UInt8(truncatingIfNeeded: value))
        } else {
            writer.append(byte: pattern | mask)
            var rest = value &- Int(mask)
            while rest >= 0x80 {
                writer.append(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
                rest &>>= 7
            }
            writer.append(byte: UInt8(truncatingIfNeeded: rest))
        }
    }
}
