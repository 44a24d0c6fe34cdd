/// Earliest-deadline-first scheduling: the way Envoy spreads requests by weight without clumps.
///
/// Each candidate has a deadline in virtual time; the earliest is picked and comes again 1/weight later. A binary heap
/// in one array: a pick costs one sift down, and allocates nothing.
@usableFromInline
struct DeadlineQueue: Sendable {
    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline var deadline: Double
        /// Breaks ties in the order of the last use, as Envoy's queue does.
        @usableFromInline var order: UInt64
        @usableFromInline var position: Int32

        @usableFromInline
        init(deadline: Double, order: UInt64, position: Int32) {
            self.deadline = deadline
            self.order = order
            self.position = position
        }

        @inlinable
        func isBefore(_ other: Entry) -> Bool {
            deadline < other.deadline || (deadline == other.deadline && order < other.order)
        }
    }

    @usableFromInline var heap: ContiguousArray<Entry>
    @usableFromInline var uses: UInt64

    init(weights: ContiguousArray<UInt32>) {
        heap = []
        heap.reserveCapacity(weights.count)
        uses = UInt64(weights.count)
        for (position, weight) in weights.enumerated() {
            heap.append(
                Entry(deadline: 1 / Double(weight), order: UInt64(position), position: Int32(position)))
        }
        heap.sort { $0.isBefore($1) }  // A sorted array is a heap.
    }

    /// The position whose turn it is. The queue must not be empty.
    @inlinable var first: Int { Int(heap[0].position) }

    /// Puts the first one behind by 1/`weight`.
    @inlinable
    mutating func postponeFirst(weight: Double) {
        var entry = heap[0]
        entry.deadline += 1 / weight
        entry.order = uses
        uses &+= 1
        let count = heap.count
        var hole = 0
        while true {
            var child = 2 * hole + 1
            if child >= count { break }
            if child + 1 < count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            if entry.isBefore(heap[child]) { break }
            heap[hole] = heap[child]
            hole = child
        }
        heap[hole] = entry
    }
}
