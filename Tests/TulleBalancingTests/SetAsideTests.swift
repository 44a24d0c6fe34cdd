import Testing

@testable import TulleBalancing

@Suite struct SetAsideTests {
    let second: UInt64 = 1_000_000_000

    @Test("a refusing endpoint is set aside for 1 s, doubling to 30 s, with one probe each time")
    func backOff() {
        var aside = SetAside(endpoints: 2)
        var now: UInt64 = 5 * second
        aside.refused(0, now: now)
        for pause: UInt64 in [1, 2, 4, 8, 16, 30, 30] {
            #expect(aside.isAside(0, now: now + pause * second - 1))
            now += pause * second
            #expect(!aside.isAside(0, now: now))
            aside.picked(0, now: now)
            #expect(aside.isAside(0, now: now))
            aside.refused(0, now: now)
        }
        #expect(!aside.isAside(1, now: now))
        #expect(aside.count == 1)
    }

    @Test("a burst of refusals counts once")
    func burst() {
        var aside = SetAside(endpoints: 1)
        for _ in 0..<100 { aside.refused(0, now: second) }
        #expect(!aside.isAside(0, now: 2 * second))
        #expect(aside.count == 1)
    }

    @Test("a connection clears the endpoint and its history")
    func cleared() {
        var aside = SetAside(endpoints: 1)
        aside.refused(0, now: second)
        aside.picked(0, now: 2 * second)
        aside.connected(0)
        #expect(aside.count == 0 && !aside.isAside(0, now: 2 * second))
        aside.refused(0, now: 3 * second)
        #expect(!aside.isAside(0, now: 4 * second))
    }

    @Test("a probe of which nothing is heard is followed by another")
    func lostProbe() {
        var aside = SetAside(endpoints: 1)
        aside.refused(0, now: second)
        aside.picked(0, now: 2 * second)
        #expect(aside.isAside(0, now: 3 * second - 1))
        #expect(!aside.isAside(0, now: 3 * second))
    }

    @Test("a new set keeps what is known of addresses that stay")
    func carried() {
        var aside = SetAside(endpoints: 3)
        aside.refused(0, now: second)
        aside.refused(2, now: second)
        let next = aside.carried(by: [2, -1])
        #expect(next.isAside(0, now: second) && !next.isAside(1, now: second))
        #expect(next.count == 1)
    }
}
