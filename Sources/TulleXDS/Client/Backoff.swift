/// How long to wait before the next attempt to connect: exponential, with jitter.
///
/// Half of each delay is fixed and half is random, so that 1,000 proxies whose control plane restarts do not all come
/// back in one instant, and none comes back at once either.
public struct Backoff: Hashable, Sendable {
    /// The first delay's upper end. A control plane that restarts is back within a second, so this is short.
    public let initial: Duration
    /// No delay is longer. It must stay well under the registry's grace period (10 s): after a restart the control
    /// plane keeps a workload's endpoints for that long, and by then its proxy must have come back.
    public let maximum: Duration
    /// Failed attempts since the last success.
    public private(set) var failures = 0

    // Envoy's factor for its gRPC streams (`BackOffStrategy`) is 2 as well.
    private static let factor = 2

    public init(initial: Duration = .milliseconds(250), maximum: Duration = .seconds(5)) {
        self.initial = initial
        self.maximum = maximum
    }

    /// An attempt failed: the delay before the next one.
    /// - Parameter random: a number from 0 to 1, given so that tests are repeatable.
    public mutating func attemptFailed(random: Double) -> Duration {
        var delay = initial
        // Doubling stops at the maximum; 64 doublings of a nanosecond are longer than any maximum.
        for _ in 0..<min(failures, 64) where delay < maximum { delay *= Self.factor }
        failures += 1
        delay = min(delay, maximum)
        return delay * (0.5 + 0.5 * min(max(random, 0), 1))
    }

    /// The server answered: the next failure starts from the first delay again.
    public mutating func succeeded() {
        failures = 0
    }
}
