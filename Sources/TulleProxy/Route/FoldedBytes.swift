/// Hashing and comparing of byte strings, eight bytes at a time, with or without regard to ASCII case.
enum FoldedBytes {
    /// Sets bit 0x20 of the bytes that are `A` to `Z`.
    @inline(__always)
    static func fold(_ word: UInt64) -> UInt64 {
        let low = word & 0x7F7F_7F7F_7F7F_7F7F
        let aboveZ = low &+ 0x2525_2525_2525_2525
        let fromA = low &+ 0x3F3F_3F3F_3F3F_3F3F
        return word | ((~word & (fromA ^ aboveZ) & 0x8080_8080_8080_8080) &>> 2)
    }

    @inline(__always)
    static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// The last `count` bytes (under 8) as a word.
    @inline(__always)
    static func tail(_ base: UnsafeRawPointer, _ offset: Int, _ count: Int) -> UInt64 {
        var result: UInt64 = 0
        var index = 0
        while index < count {
            result |= UInt64(base.load(fromByteOffset: offset &+ index, as: UInt8.self)) &<< UInt64(8 &* index)
            index &+= 1
        }
        return result
    }

    /// Not keyed: tables hold configured names alone, so that a peer can make no collisions among them.
    @inline(__always)
    static func hash(_ bytes: UnsafeRawBufferPointer, folding: Bool) -> UInt64 {
        guard let base = bytes.baseAddress else { return 0 }
        let count = bytes.count
        var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        var offset = 0
        while offset &+ 8 <= count {
            let next = word(base, offset)
            hash = (hash ^ (folding ? fold(next) : next)) &* 0xD6E8_FEB8_6659_FD93
            hash ^= hash &>> 32
            offset &+= 8
        }
        if offset < count {
            let next = tail(base, offset, count &- offset)
            hash = (hash ^ (folding ? fold(next) : next)) &* 0xD6E8_FEB8_6659_FD93
            hash ^= hash &>> 32
        }
        hash = hash &* 0xD6E8_FEB8_6659_FD93
        return hash ^ (hash &>> 32)
    }

    /// Whether `count` bytes are equal; when folding, `right` must be in lower case.
    @inline(__always)
    static func equal(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int, folding: Bool) -> Bool {
        var offset = 0
        while offset &+ 8 <= count {
            let next = word(left, offset)
            if (folding ? fold(next) : next) != word(right, offset) { return false }
            offset &+= 8
        }
        while offset < count {
            let byte = left.load(fromByteOffset: offset, as: UInt8.self)
            let other = right.load(fromByteOffset: offset, as: UInt8.self)
            if (folding ? ByteClass.lower(byte) : byte) != other { return false }
            offset &+= 1
        }
        return true
    }

    static func lowercased(_ text: some Sequence<UInt8>) -> [UInt8] { text.map { ByteClass.lower($0) } }
}
