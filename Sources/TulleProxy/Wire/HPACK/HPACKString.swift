/// A string literal as it stands in a fragment (RFC 7541, 5.2).
struct HPACKString {
    private var start = 0
    private var count = 0
    private(set) var isHuffman = false

    /// Reads where the string is, and goes behind it.
    @inline(__always)
    mutating func read(_ base: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int) -> HPACKError? {
        guard at < end else { return .truncated }
        isHuffman = base[at] >= 0x80
        let length = HPACKInteger.read(base, &at, end, mask: 0x7F)
        guard length >= 0 else { return HPACKInteger.error(length) }
        guard length <= end &- at else { return .truncated }
        start = at
        count = length
        at &+= length
        return nil
    }

    /// The bytes that writing it may touch.
    @inline(__always)
    var room: Int { isHuffman ? HuffmanTable.room(count) : count }

    /// Writes it, decoded, and says how many bytes that were; nil when the code is wrong. `out` has to have `room`.
    @inline(__always)
    func write(
        _ base: UnsafePointer<UInt8>, _ end: Int, _ huffman: HuffmanTable, to out: UnsafeMutableRawPointer
    ) -> Int? {
        if isHuffman { return huffman.decode(base + start, count: count, readable: end &- start, to: out) }
        out.copyMemory(from: base + start, byteCount: count)
        return count
    }
}
