/// A map from byte strings to small numbers, looked up by bytes in place: no String, no allocation, no reference count.
///
/// Open addressing, at most half full, all keys in one array.
struct ByteTable: BitwiseCopyable, Sendable {
    fileprivate struct Slot: BitwiseCopyable {
        /// Upper hash bits, compared before the key is.
        var tag: UInt32
        var keyStart: UInt32
        var keyLength: UInt32
        /// −1 marks a free slot.
        var value: Int32
    }

    private let folding: Bool
    private let count: Int
    private let slots: FrozenArray<Slot>
    private let keys: FrozenArray<UInt8>

    fileprivate init(folding: Bool, count: Int, slots: FrozenArray<Slot>, keys: FrozenArray<UInt8>) {
        self.folding = folding
        self.count = count
        self.slots = slots
        self.keys = keys
    }

    /// The key's value, or −1.
    @inline(__always)
    func find(_ key: UnsafeRawBufferPointer) -> Int32 { count == 0 ? -1 : search(key) }

    private func search(_ key: UnsafeRawBufferPointer) -> Int32 {
        let hash = FoldedBytes.hash(key, folding: folding)
        let mask = slots.count &- 1
        let tag = UInt32(truncatingIfNeeded: hash &>> 32)
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[place]
            if slot.value < 0 { return -1 }
            if slot.tag == tag, Int(slot.keyLength) == key.count {
                guard let base = key.baseAddress else { return slot.value }
                let stored = keys.bytes(from: Int(slot.keyStart), count: key.count)
                if FoldedBytes.equal(base, stored, key.count, folding: folding) { return slot.value }
            }
            place = (place &+ 1) & mask
        }
    }

    /// Collects keys and values, off the event loops.
    struct Builder {
        private let folding: Bool
        private var values: [[UInt8]: Int32] = [:]

        /// With `folding`, keys are found without regard to ASCII case.
        init(folding: Bool) { self.folding = folding }

        /// The value already there for the key, or the new one after it has been put in. Values are 0 or more.
        mutating func insert(_ key: [UInt8], value: Int32) -> Int32 {
            let key = folding ? FoldedBytes.lowercased(key) : key
            if let known = values[key] { return known }
            values[key] = value
            return value
        }

        func build(in memory: RouteMemory) -> ByteTable {
            var size = 8
            while size < values.count * 2 { size *= 2 }
            var slots = [Slot](
                repeating: Slot(tag: 0, keyStart: 0, keyLength: 0, value: -1), count: size)
            var keys: [UInt8] = []
            for (key, value) in values {
                let hash = key.withUnsafeBytes { FoldedBytes.hash($0, folding: false) }
                var place = Int(truncatingIfNeeded: hash) & (size - 1)
                while slots[place].value >= 0 { place = (place + 1) & (size - 1) }
                slots[place] = Slot(
                    tag: UInt32(truncatingIfNeeded: hash >> 32), keyStart: UInt32(keys.count),
                    keyLength: UInt32(key.count), value: value)
                keys.append(contentsOf: key)
            }
            return ByteTable(
                folding: folding, count: values.count, slots: memory.freeze(slots), keys: memory.freeze(keys))
        }
    }
}
