extension ByteClass {
    /// The first byte in `start..<end` from which on fewer than eight are left, or which is no lower-case letter, digit
    /// or hyphen: a leap over the greater part of most HTTP/2 field names, not an answer.
    @inline(__always)
    static func skipLowercaseWord(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            let word = load(base, position)
            let low = word & 0x7F7F_7F7F_7F7F_7F7F
            let letters = (low &+ 0x1F1F_1F1F_1F1F_1F1F) ^ (low &+ 0x0505_0505_0505_0505)
            let digits = (low &+ 0x5050_5050_5050_5050) ^ (low &+ 0x4646_4646_4646_4646)
            let hyphens = (low &+ 0x5353_5353_5353_5353) ^ (low &+ 0x5252_5252_5252_5252)
            let others = ~((letters | digits | hyphens) & ~word) & 0x8080_8080_8080_8080
            if others != 0 { return position &+ others.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        return position
    }

    /// Eight bytes with their upper-case letters in lower case.
    @inline(__always)
    static func lower(word: UInt64) -> UInt64 {
        let low = word & 0x7F7F_7F7F_7F7F_7F7F
        let upper = ((low &+ 0x3F3F_3F3F_3F3F_3F3F) ^ (low &+ 0x2525_2525_2525_2525)) & ~word & 0x8080_8080_8080_8080
        return word | upper &>> 2
    }
}
