/// Look-up tables for bytes, and searches that look at eight bytes at once.
///
/// A table is a string literal of 256 digits, a row for 32 bytes: it lies in the binary's read-only data, needs no
/// initialiser, and a byte can never index outside it. Bit 0 says that the byte belongs to the class.
enum ByteClass {
    /// RFC 9110, 5.6.2 `tchar`. Bit 1 marks the underscore, which some servers take for a hyphen.
    @inline(__always)
    static var token: UnsafePointer<UInt8> {
        let table: StaticString = """
            00000000000000000000000000000000\
            01011111001101101111111111000000\
            01111111111111111111111111100013\
            11111111111111111111111111101010\
            00000000000000000000000000000000\
            00000000000000000000000000000000\
            00000000000000000000000000000000\
            00000000000000000000000000000000
            """
        return table.utf8Start
    }

    /// What a request target may hold: visible ASCII without `#`, since a fragment is never sent (RFC 9112, 3.2).
    @inline(__always)
    static var target: UnsafePointer<UInt8> {
        let table: StaticString = """
            00000000000000000000000000000000\
            01101111111111111111111111111111\
            11111111111111111111111111111111\
            11111111111111111111111111111110\
            00000000000000000000000000000000\
            00000000000000000000000000000000\
            00000000000000000000000000000000\
            00000000000000000000000000000000
            """
        return table.utf8Start
    }

    /// What a host with a port may hold (RFC 3986, 3.2, without user information, as RFC 9110, 4.2.4 advises).
    @inline(__always)
    static var authority: UnsafePointer<UInt8> {
        let table: StaticString = """
            00000000000000000000000000000000\
            01001111111111101111111111110100\
            01111111111111111111111111110101\
            01111111111111111111111111100010\
            00000000000000000000000000000000\
            00000000000000000000000000000000\
            00000000000000000000000000000000\
            00000000000000000000000000000000
            """
        return table.utf8Start
    }

    /// The first byte in `start..<end` that is a control byte, HTAB included, or `end`.
    @inline(__always)
    static func firstControl(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            let word = load(base, position)
            // Bit 7 of each byte under 0x20 or equal to 0x7F. A borrow can only spoil bytes above a true hit, so that
            // the lowest bit set is exact.
            let low = (word &- 0x2020_2020_2020_2020) & ~word
            let delete = ((word ^ 0x7F7F_7F7F_7F7F_7F7F) &- 0x0101_0101_0101_0101) & ~word
            let hits = (low | delete) & 0x8080_8080_8080_8080
            if hits != 0 { return position &+ hits.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        while position < end {
            let byte = base[position]
            if byte < 0x20 || byte == 0x7F { return position }
            position &+= 1
        }
        return end
    }

    /// The first byte in `start..<end` from which on fewer than eight are left, or which is no letter, digit or
    /// hyphen: a leap over the greater part of most field names, not an answer.
    @inline(__always)
    static func skipWord(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            let word = load(base, position)
            // Bytes of seven bits, so that no sum carries into the next one. A range is where one sum has reached
            // bit 7 and the other has not.
            let low = word & 0x7F7F_7F7F_7F7F_7F7F
            let folded = low | 0x2020_2020_2020_2020
            let letters = (folded &+ 0x1F1F_1F1F_1F1F_1F1F) ^ (folded &+ 0x0505_0505_0505_0505)
            let digits = (low &+ 0x5050_5050_5050_5050) ^ (low &+ 0x4646_4646_4646_4646)
            let hyphens = (low &+ 0x5353_5353_5353_5353) ^ (low &+ 0x5252_5252_5252_5252)
            let others = ~((letters | digits | hyphens) & ~word) & 0x8080_8080_8080_8080
            if others != 0 { return position &+ others.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        return position
    }

    /// Likewise for what a request target may hold.
    @inline(__always)
    static func skipTarget(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            let word = load(base, position)
            let low = word & 0x7F7F_7F7F_7F7F_7F7F
            let visible = (low &+ 0x5F5F_5F5F_5F5F_5F5F) & ~(low &+ 0x0101_0101_0101_0101)
            let fragment = (low &+ 0x5D5D_5D5D_5D5D_5D5D) ^ (low &+ 0x5C5C_5C5C_5C5C_5C5C)
            let others = ~(visible & ~fragment & ~word) & 0x8080_8080_8080_8080
            if others != 0 { return position &+ others.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        return position
    }

    /// Eight bytes as a little-endian word. The caller has checked that they are there.
    @inline(__always)
    static func load(_ base: UnsafePointer<UInt8>, _ position: Int) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(base).loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// Compares without regard to case. `lowercase` must be in lower case.
    @inline(__always)
    static func equal(_ bytes: UnsafeRawBufferPointer, _ lowercase: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count == lowercase.count else { return false }
        var index = 0
        while index < bytes.count {
            if lower(bytes[index]) != lowercase[index] { return false }
            index &+= 1
        }
        return true
    }

    /// Compares without regard to case.
    static func equalIgnoringCase(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where lower(left[index]) != lower(right[index]) { return false }
        return true
    }

    /// What a hexadecimal digit of either case stands for; nil for any other byte.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    /// The upper-case digit of a number below 16, as percent-encoding has it.
    static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

    @inline(__always)
    static func lower(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }
}
