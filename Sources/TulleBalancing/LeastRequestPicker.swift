/// The least busy of a few random endpoints; when weights differ, turns by weight over active requests.
///
/// With equal weights it is the power of two (or more) choices. With different ones it is Envoy's: a deadline queue in
/// which an endpoint's weight is divided by its active requests plus one (`active_request_bias` 1).
public struct LeastRequestPicker: Sendable {
    @usableFromInline let choices: Int
    @usableFromInline var queue: DeadlineQueue

    public init(set: EndpointSet, choices: Int, random: inout WorkerRandom) {
        self.choices = min(max(2, choices), 64)
        queue = DeadlineQueue(weights: set.isUniform ? [] : set.weights)
        if !set.isUniform {
            for _ in 0..<random.next(below: set.candidates.count) {
                queue.postponeFirst(weight: Double(set.weights[queue.first]))
            }
        }
    }

    /// The index of an endpoint in `set.endpoints`; nil when there is none. `active` counts the requests under way by
    /// that index.
    @inlinable
    public mutating func pick(
        from set: EndpointSet, random: inout WorkerRandom, active: ContiguousArray<Int32>,
        aside: borrowing SetAside, tried: TriedEndpoints, now: UInt64
    ) -> Int? {
        let count = set.candidates.count
        if count == 0 { return nil }
        let avoids = aside.count != 0 || !tried.isEmpty
        if !set.isUniform {
            for _ in 0..<(avoids ? 8 : 1) {
                let position = queue.first
                let index = Int(set.candidates[position])
                queue.postponeFirst(weight: Double(set.weights[position]) / Double(max(0, active[index]) + 1))
                if !avoids || !(tried.contains(index) || aside.isAside(index, now: now)) { return index }
            }
            return set.scan(random: &random, aside: aside, tried: tried, now: now)
        }
        // All endpoints of a small set are looked at, from a random one on: drawing with replacement from two
        // would compare an endpoint with itself every other time.
        let looksAtAll = count <= choices
        var draws = looksAtAll ? count : avoids ? 4 * choices : choices
        var wanted = choices
        var position = random.next(below: count)
        var best = -1
        var fewest = Int32.max
        while draws > 0, wanted > 0 {
            draws -= 1
            let index = Int(set.candidates[position])
            if !avoids || !(tried.contains(index) || aside.isAside(index, now: now)) {
                wanted -= 1
                if active[index] < fewest {
                    best = index
                    fewest = active[index]
                }
            }
            if looksAtAll {
                position = position + 1 == count ? 0 : position + 1
            } else {
                position = random.next(below: count)
            }
        }
        return best >= 0 ? best : set.scan(random: &random, aside: aside, tried: tried, now: now)
    }
}
