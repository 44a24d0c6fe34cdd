/// The open streams of a connection by their number: open addressing, since every frame looks one up.
struct HTTP2StreamTable<Stream: HTTP2Stream> {
    private(set) var count = 0
    /// A power of two, at most half full; empty until the first stream.
    private var slots: ContiguousArray<Stream?> = []
    private var mask = 0

    /// Numbers of one side are every other one, so that the lowest bit says nothing.
    @inline(__always)
    private func place(_ id: UInt32) -> Int { Int(id &>> 1) & mask }

    @inline(__always)
    subscript(id: UInt32) -> Stream? {
        guard count > 0 else { return nil }
        var index = place(id)
        while let stream = slots[index] {
            if stream.id == id { return stream }
            index = (index &+ 1) & mask
        }
        return nil
    }

    /// The stream must not be there yet.
    mutating func insert(_ stream: Stream) {
        if (count &+ 1) &* 2 > slots.count { grow() }
        var index = place(stream.id)
        while slots[index] != nil { index = (index &+ 1) & mask }
        slots[index] = stream
        count &+= 1
    }

    mutating func remove(_ stream: Stream) {
        guard count > 0 else { return }
        var index = place(stream.id)
        while let found = slots[index], found !== stream { index = (index &+ 1) & mask }
        guard slots[index] != nil else { return }
        slots[index] = nil
        count &-= 1
        // Those behind it that were pushed on by it move up, so that a search still ends at the first hole.
        var next = (index &+ 1) & mask
        while let moved = slots[next] {
            let home = place(moved.id)
            if (next &- home) & mask >= (next &- index) & mask {
                slots[index] = moved
                slots[next] = nil
                index = next
            }
            next = (next &+ 1) & mask
        }
    }

    /// A copy of those that are open, since the caller's work opens and closes streams.
    var all: [Stream] { slots.compactMap { $0 } }

    /// Gives the storage back, as an idle connection should, unless it is small: a connection is idle often.
    mutating func shrink() {
        guard count == 0, slots.count > 256 else { return }
        slots = []
        mask = 0
    }

    private mutating func grow() {
        let old = slots
        slots = ContiguousArray(repeating: nil, count: max(8, old.count &* 2))
        mask = slots.count &- 1
        for case let stream? in old {
            var index = place(stream.id)
            while slots[index] != nil { index = (index &+ 1) & mask }
            slots[index] = stream
        }
    }
}
