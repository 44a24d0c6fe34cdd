import NIOCore
import Testing
import TulleModel

@testable import TulleProxy

@Suite("frames by themselves")
struct HTTP2FrameTests {
    struct Wrong: CustomTestStringConvertible, Sendable {
        let name: String
        let type: UInt8
        var flags: UInt8 = 0
        var id: UInt32 = 0
        let payload: [UInt8]
        let code: HTTP2ErrorCode

        var testDescription: String { name }
    }

    static let wrong: [Wrong] = [
        Wrong(name: "DATA on stream 0", type: 0, payload: [1], code: .protocolError),
        Wrong(name: "HEADERS on stream 0", type: 1, flags: 4, payload: [0x82], code: .protocolError),
        Wrong(name: "PRIORITY on stream 0", type: 2, payload: [0, 0, 0, 0, 1], code: .protocolError),
        Wrong(name: "RST_STREAM on stream 0", type: 3, payload: [0, 0, 0, 8], code: .protocolError),
        Wrong(name: "SETTINGS on a stream", type: 4, id: 1, payload: [], code: .protocolError),
        Wrong(name: "PING on a stream", type: 6, id: 1, payload: [UInt8](repeating: 0, count: 8), code: .protocolError),
        Wrong(
            name: "GOAWAY on a stream", type: 7, id: 1, payload: [UInt8](repeating: 0, count: 8), code: .protocolError),
        Wrong(name: "SETTINGS of 5 bytes", type: 4, payload: [0, 1, 0, 0, 0], code: .frameSizeError),
        Wrong(name: "an acknowledgement with settings", type: 4, flags: 1, payload: [1], code: .frameSizeError),
        Wrong(name: "PING of 7 bytes", type: 6, payload: [UInt8](repeating: 0, count: 7), code: .frameSizeError),
        Wrong(name: "GOAWAY of 7 bytes", type: 7, payload: [UInt8](repeating: 0, count: 7), code: .frameSizeError),
        Wrong(name: "WINDOW_UPDATE of 3 bytes", type: 8, payload: [0, 0, 1], code: .frameSizeError),
        Wrong(name: "RST_STREAM of 3 bytes", type: 3, id: 1, payload: [0, 0, 1], code: .frameSizeError),
        Wrong(name: "a window update of 0", type: 8, payload: [0, 0, 0, 0], code: .protocolError),
        Wrong(name: "a window over 2^31-1", type: 8, payload: [0x7F, 0xFF, 0xFF, 0xFF], code: .flowControlError),
        Wrong(name: "ENABLE_PUSH of 2", type: 4, payload: [0, 2, 0, 0, 0, 2], code: .protocolError),
        Wrong(
            name: "INITIAL_WINDOW_SIZE over 2^31-1", type: 4, payload: [0, 4, 0x80, 0, 0, 0], code: .flowControlError),
        Wrong(name: "MAX_FRAME_SIZE of 16383", type: 4, payload: [0, 5, 0, 0, 0x3F, 0xFF], code: .protocolError),
        Wrong(name: "MAX_FRAME_SIZE of 2^24", type: 4, payload: [0, 5, 1, 0, 0, 0], code: .protocolError),
        Wrong(name: "PUSH_PROMISE", type: 5, flags: 4, id: 1, payload: [0, 0, 0, 2, 0x82], code: .protocolError),
        Wrong(name: "more padding than HEADERS", type: 1, flags: 12, id: 1, payload: [9, 0x82], code: .protocolError),
        Wrong(name: "no room for a priority", type: 1, flags: 0x24, id: 1, payload: [0, 0], code: .frameSizeError),
        Wrong(name: "index 0", type: 1, flags: 5, id: 1, payload: [0x80], code: .compressionError),
    ]

    @Test("a frame that cannot be ends the connection with its code", arguments: wrong)
    func wrongFrames(_ wrong: Wrong) {
        var harness = HTTP2Harness()
        let told = harness.receive(type: wrong.type, flags: wrong.flags, id: wrong.id, wrong.payload)
        #expect(told.last == .failed(wrong.code))
        #expect(harness.ends() == ["goaway \(wrong.code.rawValue)"])
        #expect(harness.open(11) == [], "nothing is taken any more")
    }

    @Test("a frame over 16384 bytes ends the connection before it is read")
    func tooLarge() {
        var harness = HTTP2Harness()
        #expect(harness.receive([0, 0x40, 0x01, 0, 0, 0, 0, 0, 1]) == [.failed(.frameSizeError)])
    }

    @Test("the first frame is SETTINGS, behind the preface")
    func start() {
        var harness = HTTP2Harness(greets: false)
        #expect(harness.receive(Array("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".utf8)) == [.failed(.protocolError)])
        harness = HTTP2Harness(greets: false)
        #expect(harness.receive(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)) == [])
        #expect(harness.open(1) == [.failed(.protocolError)])
    }

    @Test("unknown types, flags and the reserved bit are ignored")
    func unknown() {
        var harness = HTTP2Harness()
        #expect(harness.receive(type: 0xBA, flags: 0xFF, id: 7, [1, 2, 3]) == [])
        #expect(harness.receive(type: 6, flags: 0xFE, id: 0x8000_0000, [1, 2, 3, 4, 5, 6, 7, 8]) == [])
        #expect(harness.sent().map(\.type) == [6])
    }

    @Test("bytes may be cut anywhere", arguments: 1...12)
    func cut(_ size: Int) {
        var bytes = HTTP2Harness.frame(type: 1, flags: 0x0C, id: 1, [2] + HTTP2Harness.getBlock + [0, 0])
        bytes += HTTP2Harness.frame(type: 0, flags: 8, id: 1, [3, 1, 2, 3, 4, 0, 0, 0])
        bytes += HTTP2Harness.frame(type: 0, flags: 9, id: 1, [5, 9, 0, 0, 0, 0, 0])
        bytes += HTTP2Harness.frame(type: 6, [1, 2, 3, 4, 5, 6, 7, 8])
        var harness = HTTP2Harness()
        var told: [HTTP2Harness.Told] = []
        var start = 0
        while start < bytes.count {
            told += harness.receive(Array(bytes[start..<min(start + size, bytes.count)]))
            start += size
        }
        #expect(told.first == .opened(1, end: false))
        var content = 0
        for case .data(1, let count, _) in told { content += count }
        #expect(content == 5)
        guard case .data(1, _, end: true) = told.last else {
            Issue.record("the end did not come: \(told)")
            return
        }
        #expect(harness.sent().last == HTTP2Harness.Sent(type: 6, flags: 1, id: 0, payload: [1, 2, 3, 4, 5, 6, 7, 8]))
    }

    @Test("a padded frame that is cut behind its pad length is not taken for an empty one")
    func cutPadding() {
        let empty = HTTP2Harness.frame(type: 0, id: 1, [])
        let padded = HTTP2Harness.frame(type: 0, flags: 8, id: 1, [2, 1, 0, 0])
        let paddingAlone = HTTP2Harness.frame(type: 0, flags: 9, id: 1, [2, 0, 0])
        for (frame, length) in [(padded, 1), (paddingAlone, 0)] {
            for cut in 9...11 {
                var harness = HTTP2Harness()
                _ = harness.open(1, end: false)
                let told = harness.receive(empty + frame[..<cut]) + harness.receive(Array(frame[cut...]))
                let content = told.reduce(0) { if case .data(1, let count, _) = $1 { $0 + count } else { $0 } }
                #expect(content == length)
                #expect(!told.contains(.failed(.enhanceYourCalm)), "cut at \(cut): \(told)")
            }
        }
    }

    @Test("padding counts against the windows and is given back at once")
    func padding() {
        var harness = HTTP2Harness({ $0.streamWindowBytes = 200 })
        _ = harness.open(1, end: false)
        let padded: [UInt8] = [99] + [UInt8](repeating: 0, count: 99)
        #expect(harness.receive(type: 0, flags: 8, id: 1, padded) == [.data(1, 0, end: false)])
        let given = harness.sent().filter { $0.type == 8 && $0.id == 1 }
        #expect(given.map(\.payload) == [HTTP2Harness.word(100)])
    }

    @Test("a stream may not depend on itself")
    func dependency() {
        var harness = HTTP2Harness()
        #expect(harness.receive(type: 1, flags: 0x25, id: 1, [0, 0, 0, 1, 0] + HTTP2Harness.getBlock) == [])
        #expect(harness.ends() == ["reset 1 1"])
        _ = harness.open(3, end: false)
        #expect(harness.receive(type: 2, id: 3, [0, 0, 0, 3, 0]) == [.broke(3, .protocolError)])
    }

    @Test("GOAWAY and PING's answer are told")
    func told() {
        var harness = HTTP2Harness(isServer: false)
        #expect(
            harness.receive(type: 7, HTTP2Harness.word(3) + HTTP2Harness.word(11) + Array("calm".utf8))
                == [.goAway(3, .enhanceYourCalm)])
        #expect(harness.receive(type: 6, flags: 1, [0, 0, 0, 0, 0, 0, 0, 9]) == [.pong(9)])
    }
}
