import NIOCore
import Testing

@testable import TulleProxy

@Suite("Random bytes")
struct RandomBytesTests {
    /// Pieces that a message is made of, right and wrong ones, so that random choices get deep into the grammar.
    static let pieces: [String] = [
        "GET", "POST", "CONNECT", "OPTIONS", " ", "/", "/a?b", "*", "http://h/p", "a:1", "HTTP/1.1", "HTTP/1.0",
        "HTTP/1.2",
        "\r\n", "\r\n\r\n", "\n", "\r", "\t", ":", ": ", "Host", "Host: a\r\n", "Content-Length",
        "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n", "Connection: close, x\r\n", "Connection: upgrade\r\n", "Upgrade: y\r\n",
        "Expect: 100-continue\r\n", "TE: trailers\r\n", "0\r\n\r\n", "3\r\nabc\r\n", "1;a=\"b\"\r\n", ";", "=", "\"",
        "x", "\u{0}",
        "\u{e9}", "GET / HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\n", "HTTP/1.1 204 No Content\r\n",
    ]

    private func randomCuts(_ count: Int, _ generator: inout SeededGenerator) -> [Int] {
        (0..<Int.random(in: 0...6, using: &generator)).map { _ in Int.random(in: 0...count, using: &generator) }
            .sorted()
    }

    @Test("whatever comes, however it is cut, the answer is one and the same, and nothing breaks")
    func pieces() {
        for seed in UInt64(0)..<4000 {
            var generator = SeededGenerator(state: seed)
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...14, using: &generator) {
                bytes += Self.pieces.randomElement(using: &generator)!.utf8
            }
            for mode in [HTTP1BodyDecoder.Mode.content, .relaying] {
                let cuts = randomCuts(bytes.count, &generator)
                let requests = WireHarness.requests(bytes, mode: mode)
                #expect(WireHarness.requests(bytes, cuts: cuts, mode: mode) == requests, "seed \(seed)")
                let responses = WireHarness.responses(bytes, mode: mode)
                #expect(WireHarness.responses(bytes, cuts: cuts, mode: mode) == responses, "seed \(seed)")
            }
        }
    }

    @Test("noise is never a message")
    func noise() {
        for seed in UInt64(0)..<2000 {
            var generator = SeededGenerator(state: seed)
            let bytes = (0..<Int.random(in: 1...300, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let cuts = randomCuts(bytes.count, &generator)
            let whole = WireHarness.requests(bytes)
            #expect(!whole.contains("["))
            #expect(WireHarness.requests(bytes, cuts: cuts) == whole, "seed \(seed)")
            var chunked = HTTP1BodyDecoder(.chunked)
            var buffer = ByteBuffer(bytes: bytes)
            while case .data = chunked.next(&buffer) {}
        }
    }

    @Test("a changed byte in a good message never makes the message longer than it was framed")
    func mutations() {
        let message = Array(
            ("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nX-Y: z\r\n\r\nbody"
                + "GET /b HTTP/1.1\r\nHost: b\r\n\r\n").utf8)
        for index in message.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = message
                changed[index] = byte
                let whole = WireHarness.requests(changed)
                let cut = WireHarness.requests(changed, cuts: [index, min(index + 1, message.count)])
                if cut != whole { Issue.record("byte \(byte) at \(index)") }
            }
        }
    }

    @Test("a generated request is read back as it was made")
    func generated() {
        for seed in UInt64(0)..<2000 {
            var generator = SeededGenerator(state: seed)
            func word(_ letters: String, _ range: ClosedRange<Int>) -> String {
                String(
                    (0..<Int.random(in: range, using: &generator)).map { _ in
                        letters.randomElement(using: &generator)!
                    })
            }
            let path = "/" + word("abcXYZ019-._~%/", 0...40)
            let query = Bool.random(using: &generator) ? word("abc=&?/%20", 0...30) : nil
            let host = word("abcdef0123456789-.", 1...20)
            var lines = "Host: \(host)\r\n"
            var fields = ["Host=\(host)"]
            for _ in 0..<Int.random(in: 0...20, using: &generator) {
                let name = "q" + word("abcDEF!#$%&'*+^_`|~-.0", 0...30)
                let value = word("abc DEF\t;=,\"\u{e9}", 0...60).drop { $0 == " " || $0 == "\t" }
                let end = value.lastIndex { $0 != " " && $0 != "\t" }
                let trimmed = end.map { value[...$0] } ?? ""
                lines += "\(name):\(word(" \t", 0...3))\(trimmed)\(word(" \t", 0...3))\r\n"
                fields.append("\(name)=\(trimmed)")
            }
            let body = word("xyz\r\n", 0...50)
            lines += "Content-Length: \(body.utf8.count)\r\n"
            fields.append("Content-Length=\(body.utf8.count)")
            let target = query.map { path + "?" + $0 } ?? path
            let bytes = Array("PUT \(target) HTTP/1.1\r\n\(lines)\r\n\(body)".utf8)
            let expected =
                "PUT origin path=\(target) host=\(host) length(\(body.utf8.count)) [\(fields.joined(separator: ","))]"
                + " | body \(WireHarness.text(Array(body.utf8))) \(body.utf8.count)"
            #expect(WireHarness.requests(bytes) == expected, "seed \(seed)")
            let cuts = randomCuts(bytes.count, &generator)
            #expect(WireHarness.requests(bytes, cuts: cuts) == expected, "seed \(seed)")

            var parser = HTTP1HeadParser()
            var head = RequestHead()
            var buffer = ByteBuffer(bytes: bytes)
            #expect(parser.parse(&buffer, into: &head) == .complete)
            var out = ByteBuffer()
            head.write(to: &out)
            #expect(Array(out.readableBytesView) == Array(bytes.dropLast(body.utf8.count)), "seed \(seed)")
        }
    }
}
