/// A random endpoint, by weight, in constant time (Walker's and Vose's alias table).
///
/// Envoy's random policy does not look at weights; ours does, since a weight that is written down is meant.
public struct RandomPicker: Sendable {
    @usableFromInline
    struct Column: Sendable {
        /// The share of this column that is its own, in 2^32.
        @usableFromInline var share: UInt64
        @usableFromInline var alias: Int32
    }

    @usableFromInline var columns: ContiguousArray<Column>

    public init(set: EndpointSet) {
        columns = []
        guard !set.isUniform else { return }
        let count = set.weights.count
        let total = set.weights.reduce(0.0) { $0 + Double($1) }
        var shares = set.weights.map { Double($0) * Double(count) / total }
        var small = shares.indices.filter { shares[$0] < 1 }
        var large = shares.indices.filter { shares[$0] >= 1 }
        columns = ContiguousArray(
            shares.indices.map { Column(share: 1 << 32, alias: Int32($0)) })
        while let low = small.popLast(), let high = large.popLast() {
            columns[low] = Column(share: UInt64(shares[low] * 0x1p32), alias: Int32(high))
            shares[high] -= 1 - shares[low]
            if shares[high] < 1 { small.append(high) } else { large.append(high) }
        }
    }

    /// The index of an endpoint in `set.endpoints`; nil when there is none.
    @inlinable
    public func pick(
        from set: EndpointSet, random: inout WorkerRandom, aside: borrowing SetAside, tried: TriedEndpoints,
        now: UInt64
    ) -> Int? {
        let count = set.candidates.count
        if count == 0 { return nil }
        let attempts = aside.count == 0 && tried.isEmpty ? 1 : 8
        for _ in 0..<attempts {
            let ticket = random.next()
            var position = Int(truncatingIfNeeded: ((ticket >> 32) &* UInt64(truncatingIfNeeded: count)) >> 32)
            if !set.isUniform, ticket & 0xFFFF_FFFF >= columns[position].share {
                position = Int(columns[position].alias)
            }
            let index = Int(set.candidates[position])
            if attempts == 1 || !(tried.contains(index) || aside.isAside(index, now: now)) { return index }
        }
        return set.scan(random: &random, aside: aside, tried: tried, now: now)
    }
}
