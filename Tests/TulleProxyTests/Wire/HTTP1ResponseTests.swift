import NIOCore
import Testing

@testable import TulleProxy

@Suite("HTTP/1.1 responses")
struct HTTP1ResponseTests {
    // swift-format-ignore: a case a line
    static let valid: [(String, HTTPMethod, String)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", .get, "200 OK length(2) [Content-Length=2] | body \"ab\" 2"),
        ("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", .get, "200  length(0) [Content-Length=0] | body \"\" 0"),
        ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", .get, "200  length(0) [Content-Length=0] | body \"\" 0"),
        (
            "HTTP/1.1 299 A \t\u{e9} b\r\nContent-Length: 0\r\n\r\n", .get,
            "299 A \t\u{e9} b length(0) [Content-Length=0] | body \"\" 0"
        ),
        ("HTTP/1.1 200 OK\r\n\r\nab", .get, "200 OK untilClose close [] | open \"ab\" closes=true"),
        (
            "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", .get,
            "200 OK untilClose close [Connection=keep-alive] | open \"\" closes=true"
        ),
        ("HTTP/1.0 200 OK\r\n\r\nab", .get, "200 OK untilClose 1.0 close [] | open \"ab\" closes=true"),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", .get,
            "200 OK length(1) 1.0 close [Content-Length=1] | body \"a\" 1"
        ),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\na", .get,
            "200 OK length(1) 1.0 [Content-Length=1,Connection=keep-alive] | body \"a\" 1"
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na", .get,
            "200 OK length(1) close [Content-Length=1,Connection=close] | body \"a\" 1"
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n", .get,
            "200 OK chunked [Transfer-Encoding=chunked] | body \"a\" 1 trailers [X=y]"
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", .head, "200 OK none [Content-Length=5] | body \"\" 0"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .head,
            "200 OK none [Transfer-Encoding=chunked] | body \"\" 0"
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", .head, "200 OK none [] | body \"\" 0"),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", .get,
            "304 Not Modified none [Content-Length=5] | body \"\" 0"
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", .get, "204 No Content none [] | body \"\" 0"),
        (
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nA: b\r\n\r\n", .get,
            "204 No Content none [A=b] | body \"\" 0"
        ),
        ("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", .get, "204 No Content none [] | body \"\" 0"),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", .post,
            "100 Continue none [] | body \"\" 0 | 200 OK length(1) [Content-Length=1] | body \"a\" 1"
        ),
        ("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", .get, "103 Early Hints none [Link=</a>] | body \"\" 0"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", .get,
            "101 Switching Protocols none switch [Upgrade=x,Connection=upgrade] | body \"\" 0"
        ),
        (
            "HTTP/1.1 200 Established\r\nContent-Length: 5\r\n\r\n", .connect,
            "200 Established none switch [] | body \"\" 0"
        ),
        (
            "HTTP/1.1 200 Established\r\nTransfer-Encoding: chunked\r\n\r\n", .connect,
            "200 Established none switch [] | body \"\" 0"
        ),
        (
            "HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\na", .connect,
            "407 No length(1) [Content-Length=1] | body \"a\" 1"
        ),
        ("HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n", .get, "999 X length(0) [Content-Length=0] | body \"\" 0"),
    ]

    // swift-format-ignore: a case a line
    static let invalid: [(String, HTTP1Error)] = [
        ("HTTP/2.0 200 OK\r\n", .unsupportedVersion),
        ("HTTP/1.2 200 OK\r\n", .unsupportedVersion),
        ("HTTP/11 200 OK\r\n", .invalidStatusLine),
        ("ICY 200 OK\r\n\r\n", .invalidStatusLine),
        ("<html>not HTTP</html>", .invalidStatusLine),
        ("http/1.1 200 OK\r\n", .invalidStatusLine),
        ("HTTP/1.1  200 OK\r\n", .invalidStatusLine),
        ("HTTP/1.1 20 OK\r\n", .invalidStatusLine),
        ("HTTP/1.1 2000 OK\r\n", .invalidStatusLine),
        ("HTTP/1.1 099 OK\r\n", .invalidStatusLine),
        ("HTTP/1.1 -20 OK\r\n", .invalidStatusLine),
        ("HTTP/1.1 2x0 OK\r\n", .invalidStatusLine),
        ("HTTP/1.1\t200 OK\r\n", .invalidStatusLine),
        ("HTTP/1.1 200\tOK\r\n", .invalidStatusLine),
        ("HTTP/1.1 200 O\u{0}K\r\n", .invalidStatusLine),
        ("HTTP/1.1 200 OK\n\r\n", .bareLineFeed),
        ("HTTP/1.1 200\nA: b\r\n", .bareLineFeed),
        ("HTTP/1.1 200 OK\rA: b\r\n", .bareCarriageReturn),
        ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", .spaceBeforeColon),
        ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", .lineFolding),
        ("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", .bareLineFeed),
        ("HTTP/1.1 200 OK\r\nA: \u{1}\r\n\r\n", .invalidFieldValue),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .multipleContentLengths),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1,1\r\n\r\n", .invalidContentLength),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            .contentLengthWithTransferEncoding
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .unsupportedTransferEncoding),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .unsupportedTransferEncoding),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", .chunkedNotLast),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", .invalidStatusLine),
    ]

    @Test("the end of a response is where RFC 9112, 6.3 puts it")
    func reads() {
        for (bytes, method, expected) in Self.valid {
            #expect(WireHarness.responses(Array(bytes.utf8), to: method) == expected)
        }
    }

    @Test("an upstream that does not speak HTTP/1.1 is found out")
    func refuses() {
        for (bytes, expected) in Self.invalid {
            let read = WireHarness.responses(Array(bytes.utf8))
            #expect(read == "invalid \(expected)", "\(bytes.debugDescription)")
        }
    }

    @Test("the answer is the same wherever the reads are cut")
    func cutsDoNotMatter() {
        for (text, method) in Self.valid.map({ ($0.0, $0.1) }) + Self.invalid.map({ ($0.0, .get) }) {
            let bytes = Array(text.utf8)
            let whole = WireHarness.responses(bytes, to: method)
            let single = WireHarness.responses(bytes, to: method, cuts: Array(0..<bytes.count))
            #expect(single == whole, "a byte at a time: \(text)")
            for cut in 0...bytes.count where WireHarness.responses(bytes, to: method, cuts: [cut]) != whole {
                Issue.record("cut at \(cut): \(text.debugDescription)")
            }
        }
    }
}
