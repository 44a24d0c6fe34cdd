/// How long to wait before the next restart: at once, then doubling to a bound; a long good run forgets the past.
struct Backoff: Equatable, Sendable {
    /// Long enough that a crash loop costs next to nothing.
    static let longest = Duration.seconds(5)
    /// A child that ran this long was well.
    static let goodRun = Duration.seconds(10)

    private var failures = 0

    init() {}

    /// - Parameter uptime: how long the child that just died had run.
    mutating func next(uptime: Duration) -> Duration {
        if uptime >= Self.goodRun { failures = 0 }
        defer { failures += 1 }
        // The first restart is immediate: an app is waiting behind it.
        guard failures > 0 else { return .zero }
        return min(.milliseconds(50 << min(failures - 1, 10)), Self.longest)
    }
}
