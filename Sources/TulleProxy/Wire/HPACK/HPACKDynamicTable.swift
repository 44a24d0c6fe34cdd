/// The dynamic table (RFC 7541, 2.3.2): the fields that a peer has told us to remember, the newest first.
///
/// The entries' bytes lie one behind the other in one buffer, the oldest first. Dropping the oldest moves a mark, and when
/// the buffer's end is reached the living ones are moved to its start, so that each entry is in one piece. Nothing
/// is allocated before the first insertion, and later as much as is in use, up to about twice the table's size.
struct HPACKDynamicTable {
    private var bytes: [UInt8] = []
    /// Where the oldest entry's line starts, and where the newest one's ends.
    private var first = 0
    private var end = 0
    /// What an entry's `start` is at the first byte of `bytes`.
    private var origin: UInt32 = 0
    /// A ring of a power of two, or empty.
    private var ring: [HPACKEntry] = []
    private var newest = 0
    /// How many entries there are.
    private(set) var count = 0
    /// By the RFC's measure (4.1), not what is allocated.
    private(set) var size = 0
    private(set) var maxSize: Int

    init(maxSize: Int) {
        self.maxSize = maxSize
    }

    /// The entry at an index, 0 being the newest; nil when there are not as many.
    @inline(__always)
    func entry(at index: Int) -> HPACKEntry? {
        index < count ? ring[(newest &- index) & (ring.count &- 1)] : nil
    }

    /// The entry's line, valid inside the closure alone.
    @inline(__always)
    func withLine<Result>(_ entry: HPACKEntry, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = Int(entry.start &- origin)
        return bytes.withUnsafeBytes { all in
            body(UnsafeRawBufferPointer(rebasing: all[start..<start &+ entry.lineLength]))
        }
    }

    /// Changes the size that may be used, and drops what is over it (RFC 7541, 4.3).
    mutating func resize(to size: Int) {
        maxSize = size
        evict(to: size)
    }

    /// Puts an entry in front, whose line is given; one larger than the table empties it (RFC 7541, 4.4).
    mutating func insert(_ entry: HPACKEntry, line: UnsafeRawBufferPointer) {
        precondition(line.count == entry.lineLength)
        guard entry.size <= maxSize else { return evict(to: 0) }
        evict(to: maxSize &- entry.size)
        if end &+ line.count > bytes.count { makeRoom(line.count) }
        if count == ring.count { growRing() }
        let start = end
        bytes.withUnsafeMutableBytes { all in
            UnsafeMutableRawBufferPointer(rebasing: all[start..<start &+ line.count]).copyMemory(from: line)
        }
        end &+= line.count
        newest = (newest &+ 1) & (ring.count &- 1)
        ring[newest] = entry
        ring[newest].start = origin &+ UInt32(truncatingIfNeeded: start)
        count &+= 1
        size &+= entry.size
    }

    private mutating func evict(to limit: Int) {
        while size > limit {
            let oldest = ring[(newest &- count &+ 1) & (ring.count &- 1)]
            size &-= oldest.size
            first &+= oldest.lineLength
            count &-= 1
        }
        if count == 0 {
            first = 0
            end = 0
        }
    }

    /// Moves the living lines to the start, of a larger buffer when they take half of this one: so a byte is moved once
    /// for each that is put in.
    private mutating func makeRoom(_ room: Int) {
        let live = first..<end
        let needed = live.count &+ room
        if needed &* 2 > bytes.count {
            var larger = [UInt8](repeating: 0, count: max(512, Self.powerOfTwo(needed &* 2)))
            larger.withUnsafeMutableBytes { target in
                bytes.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[live])) }
            }
            bytes = larger
        } else {
            bytes.withUnsafeMutableBytes { all in
                all.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[live]))
            }
        }
        origin &+= UInt32(truncatingIfNeeded: first)
        end = live.count
        first = 0
    }

    private mutating func growRing() {
        var larger: [HPACKEntry] = []
        larger.reserveCapacity(max(8, count &* 2))
        for index in 0..<count { larger.append(ring[(newest &- count &+ 1 &+ index) & (ring.count &- 1)]) }
        let unused = HPACKEntry(start: 0, nameLength: 0, valueLength: 0, traits: FieldTraits())
        while larger.count < max(8, count &* 2) { larger.append(unused) }
        ring = larger
        newest = (count &- 1) & (ring.count &- 1)
    }

    private static func powerOfTwo(_ number: Int) -> Int {
        1 &<< (Int.bitWidth &- (number &- 1).leadingZeroBitCount)
    }
}
