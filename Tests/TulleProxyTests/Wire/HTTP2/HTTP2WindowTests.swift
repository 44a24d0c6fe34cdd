import NIOCore
import Testing
import TulleModel

@testable import TulleProxy

@Suite("windows and what is sent through them")
struct HTTP2WindowTests {
    private func opened(_ change: (inout HTTP2Options) -> Void = { _ in }) -> (HTTP2Harness, HTTP2Stream) {
        var harness = HTTP2Harness(change)
        _ = harness.open(1, end: false)
        _ = harness.sent()
        return (harness, harness.machine.streams[1]!)
    }

    private func content(_ frames: [HTTP2Harness.Sent]) -> Int {
        frames.filter { $0.type == 0 }.map(\.payload.count).reduce(0, +)
    }

    @Test("content waits for the stream's window, and its end behind it")
    func streamWindow() {
        var (harness, stream) = opened()
        harness.machine.send(ByteBuffer(repeating: 7, count: 70_000), on: stream)
        harness.machine.sendEnd(on: stream)
        var frames = harness.sent()
        #expect(content(frames) == 65_535)
        #expect(frames.allSatisfy { $0.flags == 0 && $0.payload.count <= 16_384 })
        #expect(stream.pendingBytes == 4465)
        // The connection's window is used up too.
        #expect(harness.receive(type: 8, id: 1, HTTP2Harness.word(10_000)) == [.windowOpened(1)])
        let isDrained = harness.machine.pump(stream)
        #expect(!isDrained)
        #expect(harness.receive(type: 8, HTTP2Harness.word(10_000)) == [.windowOpened(nil)])
        let queued = harness.machine.nextQueued()
        #expect(queued === stream)
        let isDrainedNow = harness.machine.pump(stream)
        #expect(isDrainedNow)
        frames = harness.sent()
        #expect(content(frames) == 4465)
        #expect(frames.last?.flags == HTTP2Flag.end)
        #expect(stream.localEnded)
    }

    @Test("a smaller initial window can make a stream's negative")
    func negative() {
        var (harness, stream) = opened()
        harness.machine.send(ByteBuffer(repeating: 7, count: 1000), on: stream)
        #expect(harness.receive(type: 4, [0, 4, 0, 0, 0, 100]) == [.settingsChanged])
        #expect(stream.sendWindow == 100 - 1000)
        _ = harness.sent()
        harness.machine.send(ByteBuffer(repeating: 7, count: 10), on: stream)
        #expect(content(harness.sent()) == 0)
        #expect(harness.receive(type: 8, id: 1, HTTP2Harness.word(905)) == [.windowOpened(1)])
        let isDrained = harness.machine.pump(stream)
        #expect(!isDrained)
        #expect(content(harness.sent()) == 5)
    }

    @Test("a window over 2^31-1 resets its stream, or ends the connection when SETTINGS makes it")
    func overflow() {
        var (harness, _) = opened()
        #expect(harness.receive(type: 8, id: 1, HTTP2Harness.word(0x7FFF_FFFF)) == [.broke(1, .flowControlError)])
        #expect(harness.ends() == ["reset 1 3"])
        (harness, _) = opened()
        #expect(harness.receive(type: 8, id: 1, HTTP2Harness.word(0x7FFF_0000)) == [])
        #expect(harness.receive(type: 4, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF]) == [.failed(.flowControlError)])
    }

    @Test("more content than a window is the peer's fault")
    func tooMuch() {
        var (harness, _) = opened { $0.streamWindowBytes = 100 }
        let told = harness.receive(type: 0, id: 1, [UInt8](repeating: 0, count: 101))
        #expect(told == [.broke(1, .flowControlError)])
        (harness, _) = opened { $0.connectionWindowBytes = 65_535 }
        var last: [HTTP2Harness.Told] = []
        for _ in 0..<5 { last = harness.receive(type: 0, id: 1, [UInt8](repeating: 0, count: 16_000)) }
        #expect(last == [.failed(.flowControlError)])
    }

    @Test("what was taken further is given back by halves of a window")
    func givenBack() {
        var (harness, stream) = opened {
            $0.streamWindowBytes = 1000
            $0.connectionWindowBytes = 65_535
        }
        _ = harness.receive(type: 0, id: 1, [UInt8](repeating: 0, count: 900))
        harness.machine.consume(400, on: stream)
        #expect(harness.sent() == [])
        harness.machine.consume(200, on: stream)
        #expect(harness.sent() == [.init(type: 8, flags: 0, id: 1, payload: HTTP2Harness.word(600))])
        #expect(stream.receiveWindow == 700)
    }

    @Test("a content-length is kept to", arguments: [(5, [3, 2], true), (5, [3], false), (5, [3, 3], false)])
    func contentLength(_ length: Int, _ parts: [Int], _ isRight: Bool) {
        var (harness, stream) = opened()
        stream.contentLeft = Int64(length)
        var told: [HTTP2Harness.Told] = []
        for (index, part) in parts.enumerated() {
            told += harness.receive(
                type: 0, flags: index == parts.count - 1 ? 1 : 0, id: 1, [UInt8](repeating: 0, count: part))
        }
        #expect((told.last == .broke(1, .protocolError)) == !isRight)
    }

    @Test("the end of a message is set on its last frame while that has not left")
    func endOnLastFrame() {
        var (harness, stream) = opened()
        harness.machine.sendHead(on: stream, end: false, bound: 16) { HPACKEncoder.status(204, to: &$0) }
        harness.machine.sendEnd(on: stream)
        #expect(harness.sent().map { [$0.type, $0.flags] } == [[1, 5]])
        (harness, stream) = opened()
        harness.machine.sendHead(on: stream, end: false, bound: 16) { HPACKEncoder.status(200, to: &$0) }
        harness.machine.send(ByteBuffer(repeating: 1, count: 10_000), on: stream)
        harness.machine.sendEnd(on: stream)
        #expect(harness.sent().map { [$0.type, $0.flags] } == [[1, 4], [0, 1]])
        (harness, stream) = opened()
        harness.machine.send(ByteBuffer(repeating: 1, count: 10), on: stream)
        _ = harness.sent()
        harness.machine.sendEnd(on: stream)
        #expect(harness.sent().map { [$0.type, $0.flags] } == [[0, 1]])
    }

    @Test("the end of one stream is not set on another's frame")
    func interleaved() {
        var (harness, first) = opened()
        _ = harness.open(3, end: false)
        _ = harness.sent()
        let second = harness.machine.streams[3]!
        harness.machine.send(ByteBuffer(repeating: 1, count: 10), on: first)
        harness.machine.send(ByteBuffer(repeating: 1, count: 10), on: second)
        harness.machine.sendEnd(on: first)
        harness.machine.sendEnd(on: second)
        #expect(
            harness.sent().map { [UInt32($0.type), UInt32($0.flags), $0.id] } == [
                [0, 0, 1], [0, 1, 3], [0, 1, 1],
            ])
    }

    @Test("a head larger than a frame goes on in CONTINUATION")
    func largeHead() {
        var (harness, stream) = opened()
        let value = [UInt8](repeating: 0x61, count: 40_000)
        harness.machine.sendHead(on: stream, end: true, bound: 41_000) { writer in
            HPACKEncoder.status(200, to: &writer)
            value.withUnsafeBytes { HPACKEncoder.field(.other, ("x" as StaticString).rawBytes, $0, to: &writer) }
        }
        let frames = harness.sent()
        #expect(frames.map(\.type) == [1, 9, 9])
        #expect(frames.map(\.flags) == [1, 0, 4])
        #expect(frames.map(\.payload.count).reduce(0, +) > 40_000)
    }
}
