import NIOCore
import Testing

@testable import TulleProxy

@Suite("HTTP/1.1 limits")
struct HTTP1LimitTests {
    private func outcome(_ text: String, _ limits: HTTP1Limits) -> String {
        let bytes = Array(text.utf8)
        let whole = WireHarness.requests(bytes, limits: limits)
        for size in [1, 7, 64] {
            let cuts = Array(stride(from: 0, to: bytes.count, by: size))
            #expect(WireHarness.requests(bytes, cuts: cuts, limits: limits) == whole)
        }
        return whole.hasPrefix("invalid") ? whole : "read"
    }

    @Test("a head of the greatest size is read, and one byte more is refused")
    func headBytes() {
        var limits = HTTP1Limits()
        limits.maxHeadBytes = 200
        let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n"
        let room = 200 - frame.utf8.count
        func head(_ size: Int) -> String {
            "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: size))\r\n\r\n"
        }
        #expect(outcome(head(room), limits) == "read")
        #expect(outcome(head(room + 1), limits) == "invalid headTooLarge")
        #expect(outcome(head(10_000), limits) == "invalid headTooLarge")
        #expect(outcome(head(room), HTTP1Limits()) == "read")
    }

    @Test("the number of fields is bounded")
    func fieldCount() {
        func head(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: count - 1) + "\r\n"
        }
        #expect(outcome(head(100), HTTP1Limits()) == "read")
        #expect(outcome(head(101), HTTP1Limits()) == "invalid tooManyFields")
    }

    @Test("the target's length is bounded")
    func targetBytes() {
        var limits = HTTP1Limits()
        limits.maxTargetBytes = 100
        func head(_ size: Int) -> String {
            "GET /\(String(repeating: "a", count: size - 1)) HTTP/1.1\r\nHost: a\r\n\r\n"
        }
        #expect(outcome(head(100), limits) == "read")
        #expect(outcome(head(101), limits) == "invalid targetTooLong")
        #expect(outcome("GET /" + String(repeating: "a", count: 100), limits) == "invalid targetTooLong")
    }

    @Test("a head that never ends holds no more than its limit")
    func endless() {
        var parser = HTTP1HeadParser()
        var head = RequestHead()
        var start = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\nX: ")
        #expect(parser.parse(&start, into: &head) == .needMore)
        var fed = 0
        while true {
            var more = ByteBuffer(repeating: 0x78, count: 1000)
            let result = parser.parse(&more, into: &head)
            fed += 1000
            #expect(head.block.bytes.readableBytes <= HTTP1Limits().maxHeadBytes)
            if result != .needMore {
                #expect(result == .invalid(.headTooLarge))
                break
            }
            #expect(fed < 100_000)
        }
    }

    @Test("chunk extensions and trailers are bounded")
    func chunks() {
        let frame = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let long = String(repeating: "e", count: 5000)
        let read = WireHarness.requests(Array((frame + "1;\(long)\r\na\r\n0\r\n\r\n").utf8))
        #expect(read.hasSuffix("invalid chunkExtensionsTooLarge"))
        let many = String(repeating: "1;eeee\r\na\r\n", count: 1000)
        #expect(WireHarness.requests(Array((frame + many).utf8)).hasSuffix("invalid chunkExtensionsTooLarge"))
        let trailer = "0\r\n" + String(repeating: "X: \(String(repeating: "t", count: 500))\r\n", count: 40) + "\r\n"
        #expect(WireHarness.requests(Array((frame + trailer).utf8)).hasSuffix("invalid trailersTooLarge"))
        let short = "0\r\n" + String(repeating: "X: t\r\n", count: 101) + "\r\n"
        #expect(WireHarness.requests(Array((frame + short).utf8)).hasSuffix("invalid tooManyFields"))
    }
}
