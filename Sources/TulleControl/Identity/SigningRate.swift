/// How many calls for certificates one caller's address may make: a bucket of tokens each, refilled at a rate.
struct SigningRate {
    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }

    // A site behind one address that restarts some hundred workloads at once is let through; one that keeps calling
    // costs no more than a tenth of a core in signatures.
    static let burst = 500.0
    static let perSecond = 50.0
    // Beyond so many addresses, those that have been idle are forgotten.
    static let maxCallers = 4096

    private var buckets: [String: Bucket] = [:]

    /// Whether the caller may call now; counts the call if so.
    mutating func take(_ caller: String, at now: ContinuousClock.Instant) -> Bool {
        if buckets.count >= Self.maxCallers, buckets[caller] == nil { forgetIdle(at: now) }
        guard buckets.count < Self.maxCallers || buckets[caller] != nil else { return false }
        var bucket = buckets[caller] ?? Bucket(tokens: Self.burst, at: now)
        bucket.tokens = Self.refilled(bucket, at: now)
        bucket.at = now
        let isAllowed = bucket.tokens >= 1
        if isAllowed { bucket.tokens -= 1 }
        buckets[caller] = bucket
        return isAllowed
    }

    private mutating func forgetIdle(at now: ContinuousClock.Instant) {
        buckets = buckets.filter { Self.refilled($0.value, at: now) < Self.burst }
    }

    private static func refilled(_ bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        min(burst, bucket.tokens + (now - bucket.at).timeInterval * perSecond)
    }
}
