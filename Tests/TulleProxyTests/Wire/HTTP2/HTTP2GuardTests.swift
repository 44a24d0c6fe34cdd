import NIOCore
import Testing
import TulleModel

@testable import TulleProxy

@Suite("peers that are a burden")
struct HTTP2GuardTests {
    /// Hands the frame in until the connection fails, and says after how many.
    private func failsAfter(
        _ bytes: [UInt8], most: Int, _ harness: inout HTTP2Harness
    ) -> (count: Int, told: HTTP2Harness.Told?) {
        for count in 1...most {
            let told = harness.receive(bytes)
            if case .failed? = told.last { return (count, told.last) }
            _ = harness.sent()
        }
        return (most, nil)
    }

    @Test("PING and SETTINGS are answered a thousand times a second")
    func controlFlood() {
        for bytes in [
            HTTP2Harness.frame(type: 6, [0, 0, 0, 0, 0, 0, 0, 0]), HTTP2Harness.frame(type: 4, []),
        ] {
            var harness = HTTP2Harness()
            let (count, told) = failsAfter(bytes, most: 2000, &harness)
            #expect(told == .failed(.enhanceYourCalm))
            #expect(count == 1000)
        }
    }

    @Test("a peer that pings every second for a day is no flood")
    func pings() {
        var harness = HTTP2Harness()
        for second in 0..<86_400 as Range<UInt64> {
            harness.machine.now = second * 1_000_000_000
            #expect(harness.receive(type: 6, [0, 0, 0, 0, 0, 0, 0, 0]) == [])
            harness.machine.written()
            _ = harness.machine.output.next()
        }
    }

    @Test("empty DATA frames do not follow each other")
    func emptyFrames() {
        var harness = HTTP2Harness()
        _ = harness.open(1, end: false)
        let (count, told) = failsAfter(HTTP2Harness.frame(type: 0, id: 1, []), most: 100, &harness)
        #expect(told == .failed(.enhanceYourCalm))
        #expect(count == 2)
    }

    @Test("PRIORITY and WINDOW_UPDATE are bounded by what they could be for")
    func uselessFrames() {
        var harness = HTTP2Harness()
        let (priorities, told) = failsAfter(HTTP2Harness.frame(type: 2, id: 3, [0, 0, 0, 0, 1]), most: 500, &harness)
        #expect(told == .failed(.enhanceYourCalm))
        #expect(priorities == 101)
        harness = HTTP2Harness()
        let (updates, told2) = failsAfter(HTTP2Harness.frame(type: 8, HTTP2Harness.word(1)), most: 500, &harness)
        #expect(told2 == .failed(.enhanceYourCalm))
        #expect(updates == 6)
    }

    @Test("a field block without an end is not kept")
    func continuationFlood() {
        var harness = HTTP2Harness()
        _ = harness.receive(type: 1, flags: 0, id: 1, [])
        let (count, told) = failsAfter(HTTP2Harness.frame(type: 9, id: 1, [0]), most: 500, &harness)
        #expect(told == .failed(.enhanceYourCalm))
        #expect(count == 65)
        harness = HTTP2Harness()
        _ = harness.receive(type: 1, flags: 0, id: 1, [])
        let large = HTTP2Harness.frame(type: 9, id: 1, [UInt8](repeating: 0, count: 16_000))
        #expect(failsAfter(large, most: 10, &harness).told == .failed(.enhanceYourCalm))
    }

    @Test("a peer that opens streams only to reset them is cut off, one that mostly lets them end is not")
    func rapidReset() {
        var harness = HTTP2Harness()
        var id: UInt32 = 1
        var failure: HTTP2Failure?
        var count = 0
        while failure == nil, count < 2000 {
            _ = harness.open(id)
            _ = harness.receive(type: 3, id: id, [0, 0, 0, 8])
            failure = harness.machine.earlyReset()
            id += 2
            count += 1
        }
        #expect(failure?.code == .enhanceYourCalm)
        #expect(count == 501)

        harness = HTTP2Harness()
        id = 1
        for _ in 0..<2000 {
            for resets in [true, false, false] {
                _ = harness.open(id)
                if resets {
                    _ = harness.receive(type: 3, id: id, [0, 0, 0, 8])
                    #expect(harness.machine.earlyReset() == nil)
                } else if let stream = harness.machine.streams[id] {
                    harness.machine.sendEnd(on: stream)
                }
                id += 2
            }
            _ = harness.machine.output.next()
        }
    }

    @Test("answers and resets wait for a peer that does not read, up to their limits")
    func unread() {
        for (limit, answered) in [(20, true), (10, false)] {
            for reads in [true, false] {
                var harness = HTTP2Harness { options in
                    options.maxOutboundFrames = 20
                    options.maxOutboundControlFrames = 10
                }
                harness.machine.written()
                var told: [HTTP2Harness.Told] = []
                var count = 0
                for index in 0..<100 as Range<UInt32> {
                    told = harness.open(index * 2 + 1)
                    guard let stream = harness.machine.streams[index * 2 + 1] else { break }
                    if answered {
                        harness.machine.sendHead(on: stream, end: true, bound: 1) { $0.append(byte: 0x88) }
                    } else {
                        harness.machine.reset(stream, .cancel)
                    }
                    _ = harness.sent()
                    if reads { harness.machine.written() } else { harness.machine.heldBack() }
                    count += 1
                }
                #expect(count == (reads ? 100 : limit + 1))
                if !reads { #expect(told == [.failed(.enhanceYourCalm)]) }
            }
        }
    }

    @Test("a client's own requests and cancellations are not held against a server that is slow to read them")
    func unreadRequests() {
        var harness = HTTP2Harness(isServer: false) { options in
            options.maxOutboundFrames = 20
            options.maxOutboundControlFrames = 10
        }
        for _ in 0..<100 {
            let stream = HTTP2Stream()
            harness.machine.open(stream)
            harness.machine.sendHead(on: stream, end: true, bound: 1) { $0.append(byte: 0x88) }
            harness.machine.reset(stream, .cancel)
            harness.machine.heldBack()
        }
        #expect(harness.receive(type: 8, HTTP2Harness.word(1)) == [])
    }

    @Test("streams come and go without a trace in the table")
    func table() {
        var table = HTTP2StreamTable<HTTP2Stream>()
        var live: [UInt32: HTTP2Stream] = [:]
        var generator = SplitMix()
        var nextID: UInt32 = 1
        for _ in 0..<20_000 {
            if live.isEmpty || Bool.random(using: &generator) {
                let stream = HTTP2Stream()
                stream.open(id: nextID, sendWindow: 0, receiveWindow: 0)
                table.insert(stream)
                live[nextID] = stream
                nextID += 2
            } else if let (id, stream) = live.randomElement(using: &generator) {
                table.remove(stream)
                live[id] = nil
                #expect(table[id] == nil)
            }
            #expect(table.count == live.count)
        }
        for (id, stream) in live { #expect(table[id] === stream) }
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64 = 42
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            let mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            return mixed ^ mixed >> 31
        }
    }
}
