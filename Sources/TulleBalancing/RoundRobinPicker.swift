/// Endpoints in turn; by weight, when weights differ, without clumps.
///
/// Each worker starts at a random place, so that many workers, or many proxies restarted together, do not all send
/// their first request to the same endpoint.
public struct RoundRobinPicker: Sendable {
    @usableFromInline var next: Int
    @usableFromInline var queue: DeadlineQueue

    public init(set: EndpointSet, random: inout WorkerRandom) {
        next = set.candidates.isEmpty ? 0 : random.next(below: set.candidates.count)
        queue = DeadlineQueue(weights: set.isUniform ? [] : set.weights)
        if !set.isUniform {
            for _ in 0..<next { queue.postponeFirst(weight: Double(set.weights[queue.first])) }
        }
    }

    /// The index of the next endpoint in `set.endpoints`; nil when there is none.
    @inlinable
    public mutating func pick(
        from set: EndpointSet, random: inout WorkerRandom, aside: borrowing SetAside, tried: TriedEndpoints,
        now: UInt64
    ) -> Int? {
        let count = set.candidates.count
        if count == 0 { return nil }
        // Endpoints to be avoided lose their turn. Past eight such turns in a row a scan is cheaper.
        let turns = aside.count == 0 && tried.isEmpty ? 1 : 8
        for _ in 0..<turns {
            let position: Int
            if set.isUniform {
                position = next
                next = next + 1 == count ? 0 : next + 1
            } else {
                position = queue.first
                queue.postponeFirst(weight: Double(set.weights[position]))
            }
            let index = Int(set.candidates[position])
            if turns == 1 || !(tried.contains(index) || aside.isAside(index, now: now)) { return index }
        }
        return set.scan(random: &random, aside: aside, tried: tried, now: now)
    }
}
