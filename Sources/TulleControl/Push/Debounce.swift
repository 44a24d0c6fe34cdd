/// When to push: after things have been quiet for a moment, but not later than a bound after the first change. An urgent
/// change, one that somebody waits for and that usually comes alone, is gathered with others only behind a push.
///
/// A machine without a clock: times are given. A shift of 100 workloads thus makes one push, and a change that comes
/// alone waits no longer than `quiet`.
public struct Debounce: Hashable, Sendable {
    public typealias Instant = ContinuousClock.Instant

    public let quiet: Duration
    public let maximum: Duration
    /// When the first change came that is not pushed yet.
    public private(set) var first: Instant?
    private var last: Instant?
    private var isUrgent = false
    private var lastPush: Instant?

    public init(quiet: Duration = .milliseconds(20), maximum: Duration = .milliseconds(200)) {
        self.quiet = quiet
        self.maximum = maximum
    }

    /// When to push; nil when there is nothing to push.
    public var deadline: Instant? {
        guard let first, let last else { return nil }
        let patient = min(last.advanced(by: quiet), first.advanced(by: maximum))
        guard isUrgent else { return patient }
        return min(patient, max(first, lastPush?.advanced(by: quiet) ?? first))
    }

    public mutating func changed(at now: Instant, isUrgent: Bool = false) {
        if first == nil { first = now }
        last = now
        if isUrgent { self.isUrgent = true }
    }

    public mutating func pushed(at now: Instant) {
        first = nil
        last = nil
        isUrgent = false
        lastPush = now
    }
}
