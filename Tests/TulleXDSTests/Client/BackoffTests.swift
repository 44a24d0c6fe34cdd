import Testing

@testable import TulleXDS

@Suite struct BackoffTests {
    @Test("delays double up to the maximum, half of each is random, and a success starts over")
    func doubles() {
        var backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(1))
        #expect(backoff.attemptFailed(random: 1) == .milliseconds(100))
        #expect(backoff.attemptFailed(random: 0) == .milliseconds(100))
        #expect(backoff.attemptFailed(random: 0.5) == .milliseconds(300))
        for _ in 0..<200 { _ = backoff.attemptFailed(random: 1) }
        #expect(backoff.attemptFailed(random: 1) == .seconds(1))
        backoff.succeeded()
        #expect(backoff.attemptFailed(random: 0) == .milliseconds(50))
    }

    @Test("a random number out of range does no harm")
    func bounded() {
        var backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(1))
        #expect(backoff.attemptFailed(random: 7) == .milliseconds(100))
        #expect(backoff.attemptFailed(random: -7) == .milliseconds(100))
    }
}
