import NIOCore
import Testing
import TulleModel

@testable import TulleProxy

/// Every type of frame in every state of a stream (RFC 9113, 5.1).
@Suite("frames by the state of their stream")
struct HTTP2StreamStateTests {
    private static func frames(_ id: UInt32) -> [(name: String, bytes: [UInt8])] {
        [
            ("DATA", HTTP2Harness.frame(type: 0, id: id, [1, 2, 3])),
            ("HEADERS", HTTP2Harness.frame(type: 1, flags: 5, id: id, HTTP2Harness.getBlock)),
            ("PRIORITY", HTTP2Harness.frame(type: 2, id: id, [0, 0, 0, 0, 16])),
            ("RST_STREAM", HTTP2Harness.frame(type: 3, id: id, [0, 0, 0, 8])),
            ("WINDOW_UPDATE", HTTP2Harness.frame(type: 8, id: id, [0, 0, 0, 1])),
            ("CONTINUATION", HTTP2Harness.frame(type: 9, flags: 4, id: id, HTTP2Harness.getBlock)),
        ]
    }

    private func outcomes(_ prepare: (inout HTTP2Harness) -> Void) -> [String: [HTTP2Harness.Told]] {
        var outcomes: [String: [HTTP2Harness.Told]] = [:]
        for (name, bytes) in Self.frames(5) {
            var harness = HTTP2Harness()
            prepare(&harness)
            outcomes[name] = harness.receive(bytes)
        }
        return outcomes
    }

    @Test("on an idle stream only HEADERS and PRIORITY may come")
    func idle() {
        #expect(
            outcomes { _ in } == [
                "DATA": [.failed(.protocolError)], "HEADERS": [.opened(5, end: true)], "PRIORITY": [],
                "RST_STREAM": [.failed(.protocolError)], "WINDOW_UPDATE": [.failed(.protocolError)],
                "CONTINUATION": [.failed(.protocolError)],
            ])
    }

    @Test("an open stream takes content, trailers, windows and its end")
    func open() {
        #expect(
            outcomes { _ = $0.open(5, end: false) } == [
                "DATA": [.data(5, 3, end: false)], "HEADERS": [.head(5, end: true)], "PRIORITY": [],
                "RST_STREAM": [.reset(5, .cancel)], "WINDOW_UPDATE": [], "CONTINUATION": [.failed(.protocolError)],
            ])
    }

    @Test("a peer that has ended its half sends no more on it")
    func halfClosedRemote() {
        #expect(
            outcomes { _ = $0.open(5) } == [
                "DATA": [.broke(5, .streamClosed)], "HEADERS": [.broke(5, .streamClosed)], "PRIORITY": [],
                "RST_STREAM": [.reset(5, .cancel)], "WINDOW_UPDATE": [], "CONTINUATION": [.failed(.protocolError)],
            ])
    }

    @Test("a stream that both sides ended is closed")
    func closedByEnd() {
        #expect(
            outcomes { harness in
                _ = harness.open(5)
                if let stream = harness.machine.streams[5] { harness.machine.sendEnd(on: stream) }
                _ = harness.sent()
            } == [
                "DATA": [], "HEADERS": [.failed(.streamClosed)], "PRIORITY": [], "RST_STREAM": [],
                "WINDOW_UPDATE": [], "CONTINUATION": [.failed(.protocolError)],
            ])
    }

    @Test("what is still on its way on a stream that we reset is ignored")
    func closedByOurReset() {
        #expect(
            outcomes { harness in
                _ = harness.open(5, end: false)
                if let stream = harness.machine.streams[5] { harness.machine.reset(stream, .cancel) }
            } == [
                "DATA": [], "HEADERS": [], "PRIORITY": [], "RST_STREAM": [], "WINDOW_UPDATE": [],
                "CONTINUATION": [.failed(.protocolError)],
            ])
    }

    @Test("DATA on a closed stream is answered with STREAM_CLOSED once")
    func dataOnClosed() {
        var harness = HTTP2Harness()
        _ = harness.open(1)
        if let stream = harness.machine.streams[1] { harness.machine.sendEnd(on: stream) }
        _ = harness.sent()
        _ = harness.receive(type: 0, id: 1, [1])
        #expect(harness.ends() == ["reset 1 5"])
        _ = harness.receive(type: 0, id: 1, [1])
        #expect(harness.ends() == [])
    }

    @Test("streams are opened with odd numbers that grow")
    func numbers() {
        var harness = HTTP2Harness()
        #expect(harness.open(2) == [.failed(.protocolError)])
        harness = HTTP2Harness()
        #expect(harness.open(5) == [.opened(5, end: true)])
        #expect(harness.open(3) == [.failed(.protocolError)])
    }

    @Test("a field block is not interrupted, by whatever frame on whatever stream")
    func interrupted() {
        for (name, bytes) in Self.frames(1) + Self.frames(3) where name != "CONTINUATION" {
            var harness = HTTP2Harness()
            #expect(harness.receive(type: 1, flags: 1, id: 1, HTTP2Harness.getBlock) == [])
            #expect(harness.receive(bytes) == [.failed(.protocolError)], "\(name)")
        }
    }

    @Test("a field block may come in many frames")
    func continued() {
        var harness = HTTP2Harness()
        var told = harness.receive(type: 1, flags: 1, id: 1, [])
        for (index, byte) in HTTP2Harness.getBlock.enumerated() {
            let isLast = index == HTTP2Harness.getBlock.count - 1
            told += harness.receive(type: 9, flags: isLast ? 4 : 0, id: 1, [byte])
        }
        #expect(told == [.opened(1, end: true)])
    }

    @Test("a client opens its own streams, and takes none from its server")
    func client() {
        var harness = HTTP2Harness(isServer: false)
        let stream = HTTP2Stream()
        harness.machine.open(stream)
        #expect(stream.id == 1)
        #expect(harness.receive(type: 0, id: 1, [1]) == [.broke(1, .protocolError)])
        #expect(harness.receive(type: 1, flags: 5, id: 3, [0x88]) == [.failed(.protocolError)])
        harness = HTTP2Harness(isServer: false)
        #expect(harness.receive(type: 1, flags: 5, id: 2, [0x88]) == [.failed(.protocolError)])
        harness = HTTP2Harness(isServer: false)
        #expect(harness.receive(type: 5, flags: 4, id: 1, [0, 0, 0, 2, 0x88]) == [.failed(.protocolError)])
    }
}
