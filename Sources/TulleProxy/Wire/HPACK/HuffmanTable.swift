/// The Huffman code of RFC 7541, Appendix B, as tables that are read by twelve bits at once.
///
/// The code is canonical: the codes of one length are consecutive numbers in the order of their symbols, and follow on
/// those of the next shorter length. So the lengths alone tell all.
struct HuffmanTable {
    /// What the next twelve bits begin with: one symbol or two, since most that occur have five or six bits. 16 KiB, of
    /// which common text touches a small part.
    ///
    /// Bits 0...5: how many bits they take together. 6...7: how many symbols they are, 0 when a longer code begins.
    /// 8...15 and 16...23: the symbols. 24...27: how many bits the first takes.
    private let pairs: UnsafePointer<UInt32>
    /// For each length of 0...30, the first code and where its symbol stands in `symbols`.
    private let lengths: UnsafePointer<Length>
    /// All symbols, in the order of their codes. 256 is EOS.
    private let symbols: UnsafePointer<UInt16>

    private struct Length {
        var firstCode: UInt32 = 0
        var count: UInt32 = 0
        var firstSymbol: UInt32 = 0
    }

    /// Made once and never changed nor freed, so that any thread may read it.
    nonisolated(unsafe) static let shared = HuffmanTable()

    /// The length of each symbol's code, as a digit of base 36.
    private static let codeLengths: StaticString = """
        dnsssssssoussussssssssusssssssss\
        6aacd68baa8b8666555666666678f6ca\
        d67777777777777777777777878djde6\
        f56565666577666567655677777fbeds\
        kmkkmmmnmnnnnnonoomnonnnnlmnmnno\
        mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn\
        qqkjmnmpqqqrrqopjlqrrqrollqqsrrr\
        koklmllnmmppooqnqrqqrrrrrsrrrrrq\
        u
        """

    private static let endOfString: UInt16 = 256
    private static let longest = 30
    private static let window = 12

    private init() {
        let count = Self.codeLengths.utf8CodeUnitCount
        let digits = Self.codeLengths.rawBytes.map { $0 < 0x3A ? Int($0) - 0x30 : Int($0) - 0x61 + 10 }
        let symbols = UnsafeMutablePointer<UInt16>.allocate(capacity: count)
        let lengths = UnsafeMutablePointer<Length>.allocate(capacity: Self.longest + 1)
        lengths.initialize(repeating: Length(), count: Self.longest + 1)
        var code: UInt32 = 0
        var index = 0
        for length in 1...Self.longest {
            code <<= 1
            lengths[length] = Length(firstCode: code, count: 0, firstSymbol: UInt32(index))
            for symbol in 0..<count where digits[symbol] == length {
                (symbols + index).initialize(to: UInt16(symbol))
                index += 1
                code += 1
                lengths[length].count += 1
            }
        }
        precondition(index == count && code == 1 << Self.longest, "the code is not complete")
        self.symbols = UnsafePointer(symbols)
        self.lengths = UnsafePointer(lengths)

        let pairs = UnsafeMutablePointer<UInt32>.allocate(capacity: 1 << Self.window)
        pairs.initialize(repeating: 0, count: 1 << Self.window)
        self.pairs = UnsafePointer(pairs)
        for bits in 0..<1 << Self.window {
            let word = UInt64(bits) << (64 - Self.window)
            guard let first = symbol(word, longest: Self.window) else { continue }
            var entry = UInt32(first.symbol) << 8 | UInt32(first.length) << 24
            if let second = symbol(word << first.length, longest: Self.window - first.length) {
                entry |= UInt32(second.symbol) << 16 | 2 << 6 | UInt32(first.length + second.length)
            } else {
                entry |= 1 << 6 | UInt32(first.length)
            }
            pairs[bits] = entry
        }
    }

    /// Decodes a string, and says how many bytes that made; nil when it is not what an encoder may send (RFC 7541, 5.2).
    ///
    /// - Parameters:
    ///   - count: how many bytes the string has.
    ///   - readable: how many bytes may be read at `source`, at least `count`: what follows the string is read too, so that
    ///     eight bytes can be taken at once, and has no say.
    ///   - out: room for `room(count)` bytes.
    func decode(
        _ source: UnsafePointer<UInt8>, count: Int, readable: Int, to out: UnsafeMutableRawPointer
    ) -> Int? {
        let end = count &* 8
        var at = 0
        var written = 0
        // No code is shorter than five bits, so that `written` is at most a fifth of the bits that were taken: what is
        // written, one byte too many at times, stays within `room(count)`.
        while end &- at >= 4 &* Self.window {
            var word = Self.load(source, at, readable)
            var rounds = 4
            var entry = pairs[Int(word &>> 52)]
            while entry & 0xC0 != 0 {
                out.storeBytes(
                    of: UInt16(truncatingIfNeeded: entry &>> 8).littleEndian, toByteOffset: written, as: UInt16.self)
                written &+= Int(entry &>> 6 & 3)
                at &+= Int(entry & 63)
                word &<<= UInt64(entry & 63)
                rounds &-= 1
                if rounds == 0 { break }
                entry = pairs[Int(word &>> 52)]
            }
            if rounds > 0 {
                guard let long = symbol(Self.load(source, at, readable), longest: end &- at), long.symbol < 256 else {
                    return nil
                }
                out.storeBytes(of: UInt8(long.symbol), toByteOffset: written, as: UInt8.self)
                written &+= 1
                at &+= long.length
            }
        }
        return decodeTail(source, &at, end, readable, out, written)
    }

    /// The bytes that decoding may touch for a string of so many: eight fifths, and one.
    @inline(__always)
    static func room(_ count: Int) -> Int { count &* 2 }

    /// The last bits, of which there are fewer than a word's: here each step has to look where the end is.
    @inline(__always)
    private func decodeTail(
        _ source: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int, _ readable: Int, _ out: UnsafeMutableRawPointer,
        _ start: Int
    ) -> Int? {
        var written = start
        var word = Self.load(source, at, readable)
        while at < end {
            let entry = pairs[Int(word &>> 52)]
            let left = end &- at
            let length: Int
            if entry & 0xC0 != 0, Int(entry & 63) <= left {
                out.storeBytes(
                    of: UInt16(truncatingIfNeeded: entry &>> 8).littleEndian, toByteOffset: written, as: UInt16.self)
                written &+= Int(entry &>> 6 & 3)
                length = Int(entry & 63)
            } else if entry & 0xC0 != 0, Int(entry &>> 24) <= left {
                out.storeBytes(of: UInt8(truncatingIfNeeded: entry &>> 8), toByteOffset: written, as: UInt8.self)
                written &+= 1
                length = Int(entry &>> 24)
            } else if entry & 0xC0 == 0, let long = symbol(word, longest: left) {
                guard long.symbol < 256 else { return nil }
                out.storeBytes(of: UInt8(long.symbol), toByteOffset: written, as: UInt8.self)
                written &+= 1
                length = long.length
            } else {
                // Padding is the beginning of EOS, ones, and less than a byte of them.
                guard left < 8, ~word &>> UInt64(64 &- left) == 0 else { return nil }
                return written
            }
            at &+= length
            word &<<= UInt64(length)
        }
        return written
    }

    /// The symbol at a word's top, bit by bit; nil when its code is longer than `longest`.
    private func symbol(_ word: UInt64, longest: Int) -> (symbol: UInt16, length: Int)? {
        var length = 5
        while length <= min(longest, Self.longest) {
            let row = lengths[length]
            let code = UInt32(truncatingIfNeeded: word &>> UInt64(64 &- length)) &- row.firstCode
            if code < row.count { return (symbols[Int(row.firstSymbol &+ code)], length) }
            length &+= 1
        }
        return nil
    }

    /// At least 57 bits from the bit `at` on, at a word's top; what is behind the readable bytes is zero.
    @inline(__always)
    private static func load(_ source: UnsafePointer<UInt8>, _ at: Int, _ readable: Int) -> UInt64 {
        let start = at &>> 3
        if start &+ 8 <= readable {
            let word = UnsafeRawPointer(source).loadUnaligned(fromByteOffset: start, as: UInt64.self)
            return UInt64(bigEndian: word) &<< UInt64(at & 7)
        }
        var word: UInt64 = 0
        var index = start
        while index < readable {
            word |= UInt64(source[index]) &<< UInt64(56 &- (index &- start) &* 8)
            index &+= 1
        }
        return word &<< UInt64(at & 7)
    }
}
