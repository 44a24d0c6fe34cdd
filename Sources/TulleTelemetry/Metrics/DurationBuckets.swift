/// The buckets that durations are counted in: Istio's, and finer ones between them, so that a quantile read off them is
/// within a quarter of the truth.
public enum DurationBuckets {
    /// Upper bounds in milliseconds, ascending, inclusive. A last bucket above them is unbounded.
    public static let milliseconds: [Double] = [
        0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12.5, 15, 20, 25, 30,
        40, 50,
        65, 80, 100, 125, 150, 200, 250, 300, 400, 500, 650, 800, 1000, 1250, 1500, 2000, 2500, 3000, 4000, 5000, 7500,
        10000, 15000, 20000, 30000, 45000, 60000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
    ]

    /// The same in nanoseconds, for those who count.
    public static let nanoseconds: [UInt64] = milliseconds.map { UInt64($0 * 1_000_000) }

    /// Counts by Istio's coarser bounds out of counts by these.
    ///
    /// - Parameter counts: one for each bound, and one for what is above the last.
    public static func coarse(_ counts: [UInt64]) -> [UInt64] {
        var result: [UInt64] = []
        var pending: UInt64 = 0
        var next = 0
        for (bound, count) in zip(milliseconds, counts) {
            pending += count
            if bound == IstioMetrics.bounds[next] {
                result.append(pending)
                pending = 0
                next += 1
            }
        }
        result.append(pending + counts.dropFirst(milliseconds.count).reduce(0, +))
        return result
    }

    /// The value in milliseconds below which the given share of all values lies, interpolated in its bucket; nil when
    /// there are none. Values above the last bound are taken to lie on it.
    public static func quantile(_ share: Double, of counts: [UInt64]) -> Double? {
        let total = counts.reduce(0, +)
        guard total > 0 else { return nil }
        let rank = share * Double(total)
        var below: UInt64 = 0
        for (index, count) in counts.enumerated() {
            if count > 0, Double(below + count) >= rank {
                guard index < milliseconds.count else { break }
                let lower = index == 0 ? 0 : milliseconds[index - 1]
                let inside = max(0, rank - Double(below)) / Double(count)
                return lower + (milliseconds[index] - lower) * inside
            }
            below += count
        }
        return milliseconds.last
    }
}
