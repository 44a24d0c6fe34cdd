/// Which endpoints are left alone for a while because they refused a connection or did not answer one in time.
///
/// A refusal sets an endpoint aside for one second; each failed probe doubles that, up to thirty. When the time is over
/// one request is let through as a probe: its connection either clears the endpoint or sets it aside again. A probe
/// of which nothing is heard is followed by another after the same time. Refusals of connections that
/// were under way when the endpoint was set aside do not count again, so that a burst is one failure.
///
/// The state is a worker's own. That all endpoints are set aside is not looked at here: pickers then use all.
public struct SetAside: Sendable {
    @usableFromInline
    struct State: Sendable {
        /// Steady-clock nanoseconds from which a probe may go; 0 when the endpoint is not set aside.
        @usableFromInline var until: UInt64 = 0
        @usableFromInline var failures: UInt8 = 0
        @usableFromInline var isProbed = false
        @usableFromInline init() {}
    }

    /// Long enough for a process to restart once, short enough to be unnoticed when it was a hiccup.
    public static let firstPause: UInt64 = 1_000_000_000
    /// Bounds how long a mended endpoint stays unused; Envoy's outlier ejection starts at this.
    public static let longestPause: UInt64 = 30_000_000_000

    @usableFromInline var states: ContiguousArray<State>
    /// How many endpoints are set aside; pickers skip all checks while it is 0.
    @usableFromInline var asideCount = 0
    @inlinable public var count: Int { asideCount }

    public init(endpoints: Int) {
        states = ContiguousArray(repeating: State(), count: endpoints)
    }

    /// Whether the endpoint is to be left alone now. An endpoint whose probe is due is not.
    @inlinable
    public func isAside(_ index: Int, now: UInt64) -> Bool { states[index].until > now }

    /// Tells that the endpoint was picked: if it is set aside, this is its probe.
    @inlinable
    public mutating func picked(_ index: Int, now: UInt64) {
        if states[index].until != 0 { probe(index, now: now) }
    }

    @usableFromInline
    mutating func probe(_ index: Int, now: UInt64) {
        guard states[index].until <= now else { return }
        states[index].isProbed = true
        states[index].until = now &+ Self.pause(afterFailures: states[index].failures)
    }

    /// Tells that a connection was refused or timed out.
    public mutating func refused(_ index: Int, now: UInt64) {
        if states[index].until == 0 {
            asideCount += 1
        } else if !states[index].isProbed {
            return
        }
        states[index].failures = min(states[index].failures + 1, 6)
        states[index].isProbed = false
        states[index].until = now &+ Self.pause(afterFailures: states[index].failures)
    }

    /// Tells that a connection was made.
    @inlinable
    public mutating func connected(_ index: Int) {
        if states[index].until != 0 { clear(index) }
    }

    @usableFromInline
    mutating func clear(_ index: Int) {
        states[index] = State()
        asideCount -= 1
    }

    /// The state for a new set whose endpoint i is the old endpoint `old[i]`, or new if that is negative.
    public func carried(by old: ContiguousArray<Int32>) -> SetAside {
        var result = SetAside(endpoints: old.count)
        guard count > 0 else { return result }
        for (index, before) in old.enumerated() where before >= 0 && states[Int(before)].until != 0 {
            result.states[index] = states[Int(before)]
            result.asideCount += 1
        }
        return result
    }

    private static func pause(afterFailures failures: UInt8) -> UInt64 {
        min(longestPause, firstPause << UInt64(max(failures, 1) - 1))
    }
}
