import Testing

@testable import TulleControl

@Suite struct DebounceTests {
    private let start = ContinuousClock.now

    @Test("a change alone waits for quiet, a stream of changes no longer than the bound")
    func waits() {
        var debounce = Debounce(quiet: .milliseconds(20), maximum: .milliseconds(50))
        #expect(debounce.deadline == nil)
        debounce.changed(at: start)
        #expect(debounce.deadline == start + .milliseconds(20))
        debounce.changed(at: start + .milliseconds(15))
        #expect(debounce.deadline == start + .milliseconds(35))
        debounce.changed(at: start + .milliseconds(45))
        #expect(debounce.deadline == start + .milliseconds(50))
        #expect(debounce.first == start)
        debounce.pushed(at: start + .milliseconds(50))
        #expect(debounce.deadline == nil && debounce.first == nil)
    }

    @Test("an urgent change waits only where a push has just been")
    func urgent() {
        var debounce = Debounce(quiet: .milliseconds(20), maximum: .milliseconds(50))
        debounce.changed(at: start)
        debounce.changed(at: start + .milliseconds(5), isUrgent: true)
        #expect(debounce.deadline == start)
        debounce.pushed(at: start + .milliseconds(5))
        debounce.changed(at: start + .milliseconds(8), isUrgent: true)
        #expect(debounce.deadline == start + .milliseconds(25))
        debounce.pushed(at: start + .milliseconds(25))
        // The hurry was that change's alone.
        debounce.changed(at: start + .milliseconds(100))
        #expect(debounce.deadline == start + .milliseconds(120))
    }
}
