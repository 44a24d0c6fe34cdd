import NIOCore
import Testing

@testable import TulleProxy

@Suite("HTTP/1.1 requests")
struct HTTP1RequestTests {
    /// Bytes in, and the text that `WireHarness` makes of what was read.
    // swift-format-ignore: a case a line
    static let valid: [(String, String)] = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET origin path=/ host=a none [Host=a] | body \"\" 0"),
        (
            "GET /a/b?c=d&e HTTP/1.1\r\nhost:a:80\r\n\r\n",
            "GET origin path=/a/b?c=d&e host=a:80 none [host=a:80] | body \"\" 0"
        ),
        ("GET /? HTTP/1.1\r\nHost: a\r\n\r\n", "GET origin path=/? host=a none [Host=a] | body \"\" 0"),
        ("GET /?a?b HTTP/1.1\r\nHost: a\r\n\r\n", "GET origin path=/?a?b host=a none [Host=a] | body \"\" 0"),
        ("GET //x HTTP/1.1\r\nHost: a\r\n\r\n", "GET origin path=//x host=a none [Host=a] | body \"\" 0"),
        ("GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n", "GET origin path=/ host=a none [Host=a] | body \"\" 0"),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET origin path=/ host= none [Host=] | body \"\" 0"),
        (
            "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
            "GET origin path=/ host=[::1]:8080 none [Host=[::1]:8080] | body \"\" 0"
        ),
        ("GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "GET origin path=/ host=a: none [Host=a:] | body \"\" 0"),
        ("GET / HTTP/1.1\r\nHost: A_b.C\r\n\r\n", "GET origin path=/ host=A_b.C none [Host=A_b.C] | body \"\" 0"),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET origin path=/ host=a none [Host=a] | body \"\" 0"),
        ("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET origin path=/ host=a none [Host=a] | body \"\" 0"),
        ("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", "BREW origin path=/pot host=a none [Host=a] | body \"\" 0"),
        ("get / HTTP/1.1\r\nHost: a\r\n\r\n", "get origin path=/ host=a none [Host=a] | body \"\" 0"),
        ("GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n", "GET absolute path=/c host=b none [Host=a] | body \"\" 0"),
        ("GET HTTPS://b:1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET absolute path= host=b:1 none [Host=a] | body \"\" 0"),
        ("GET http://b?q HTTP/1.1\r\nHost: b\r\n\r\n", "GET absolute path=?q host=b none [Host=b] | body \"\" 0"),
        (
            "GET http://[::1]:80/ HTTP/1.1\r\nHost: b\r\n\r\n",
            "GET absolute path=/ host=[::1]:80 none [Host=b] | body \"\" 0"
        ),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS asterisk path=* host=a none [Host=a] | body \"\" 0"),
        (
            "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
            "CONNECT authority path= host=a:443 none [Host=a:443] | body \"\" 0"
        ),
        (
            "CONNECT [::1]:443 HTTP/1.1\r\nHost: b\r\n\r\n",
            "CONNECT authority path= host=[::1]:443 none [Host=b] | body \"\" 0"
        ),
        (
            "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "CONNECT authority path= host=a:443 none [Host=a,Content-Length=0] | body \"\" 0"
        ),
        ("GET / HTTP/1.0\r\n\r\n", "GET origin path=/ host= none 1.0 close [] | body \"\" 0"),
        (
            "GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n",
            "GET origin path=/ host=a none 1.0 [Host=a,Connection=Keep-Alive] | body \"\" 0"
        ),
        (
            "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
            "GET origin path=/ host= none 1.0 close [Connection=keep-alive, close] | body \"\" 0"
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n",
            "GET origin path=/ host=a none close [Host=a,Connection=CLOSE] | body \"\" 0"
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: , foo ,close,\r\n\r\n",
            "GET origin path=/ host=a none close [Host=a,Connection=, foo ,close,] | body \"\" 0"
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            "GET origin path=/ host=a none upgrade [Host=a,Connection=Upgrade,Upgrade=websocket] | body \"\" 0"
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
            "GET origin path=/ host=a none [Host=a,Upgrade=websocket] | body \"\" 0"
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nTE: gzip;q=1, Trailers\r\n\r\n",
            "GET origin path=/ host=a none trailers [Host=a,TE=gzip;q=1, Trailers] | body \"\" 0"
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\nabc",
            "POST origin path=/ host=a length(3) expect [Host=a,Content-Length=3,Expect=100-Continue] | body \"abc\" 3"
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "POST origin path=/ host=a length(0) [Host=a,Content-Length=0] | body \"\" 0"
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\n\r\nabc",
            "POST origin path=/ host=a length(3) [Host=a,Content-Length=003] | body \"abc\" 3"
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
            "POST origin path=/ host=a length(5) [Host=a,Content-Length=5] | open \"abc\" closes=false"
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "POST origin path=/ host=a chunked [Host=a,Transfer-Encoding=Chunked] | body \"abc\" 3"
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: \t\r\nY:\u{e9}\tb  c \r\nZ:\r\n\r\n",
            "GET origin path=/ host=a none [Host=a,X=,Y=\u{e9}\tb  c,Z=] | body \"\" 0"
        ),
        (
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 1\r\n\r\nx\r\nGET /3 HTTP/1.1\r\nHost: c\r\n\r\n",
            "GET origin path=/1 host=a none [Host=a] | body \"\" 0 | POST origin path=/2 host=b length(1) [Host=b,Content-Length=1] | body \"x\" 1 | GET origin path=/3 host=c none [Host=c] | body \"\" 0"
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\n", ""),
        ("GET /", ""),
        ("\r", ""),
        ("", ""),
    ]

    // swift-format-ignore: a case a line
    static let invalid: [(String, HTTP1Error)] = {
        func field(_ line: String) -> String { "GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n" }
        func post(_ lines: String) -> String { "POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n" }
        func target(_ text: String) -> String { "GET \(text) HTTP/1.1\r\nHost: a\r\n\r\n" }
        func host(_ text: String) -> String { "GET / HTTP/1.1\r\nHost: \(text)\r\n\r\n" }
        var cases: [(String, HTTP1Error)] = [
            // The request line.
            ("\u{16}\u{3}\u{1}", .invalidMethod),
            (" GET / HTTP/1.1\r\n", .invalidMethod),
            ("G(T / HTTP/1.1\r\n", .invalidMethod),
            ("GET\t/ HTTP/1.1\r\n", .invalidMethod),
            ("GET\r\n", .invalidMethod),
            ("\nGET / HTTP/1.1\r\n", .bareLineFeed),
            ("GET\n", .bareLineFeed),
            ("\rGET / HTTP/1.1\r\n", .bareCarriageReturn),
            ("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n", .invalidMethod),
            (String(repeating: "A", count: 65), .methodTooLong),
            ("GET  / HTTP/1.1\r\n", .invalidTarget),
            ("GET /\r\n", .invalidVersion),
            ("GET /\n", .bareLineFeed),
            ("GET / HTTP/1.1 \r\n", .invalidVersion),
            ("GET /  HTTP/1.1\r\n", .invalidVersion),
            ("GET /\tHTTP/1.1\r\n", .invalidTarget),
            ("GET / HTTP/1.1\nHost: a\r\n", .bareLineFeed),
            ("GET / HTTP/1.1\rHost: a\r\n", .bareCarriageReturn),
            ("GET / http/1.1\r\n", .invalidVersion),
            ("GET / HTTP/11\r\n\r\n", .invalidVersion),
            ("GET / HTTP/1.10\r\n", .invalidVersion),
            ("GET / HTTP/01.1\r\n", .invalidVersion),
            ("GET / HTTPS/1.1\r\n", .invalidVersion),
            ("GET / XTTP/1.1\r\n", .invalidVersion),
            ("GET / HTTP/1.2\r\n", .unsupportedVersion),
            ("GET / HTTP/0.9\r\n", .unsupportedVersion),
            ("GET / HTTP/3.0\r\n", .unsupportedVersion),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .targetFormNotForMethod),
            // Targets.
            (target("*"), .targetFormNotForMethod),
            (target("**"), .invalidTarget),
            (target("a"), .invalidTarget),
            (target("a/b"), .invalidTarget),
            (target("a:80"), .invalidTarget),
            (target("/a#b"), .invalidTarget),
            (target("/\u{e9}"), .invalidTarget),
            (target("/\u{7f}"), .invalidTarget),
            (target("/\u{0}"), .invalidTarget),
            (target("/a b"), .invalidVersion),
            (target("http:///x"), .invalidTarget),
            (target("http://"), .invalidTarget),
            (target("http://?x"), .invalidTarget),
            (target("http://u@h/"), .invalidTarget),
            (target("http://h:x/"), .invalidTarget),
            (target("http://h:65536/"), .invalidTarget),
            (target("http://h:1:2/"), .invalidTarget),
            (target("http://[::1/"), .invalidTarget),
            (target("http://[]/"), .invalidTarget),
            (target("http:/x"), .invalidTarget),
            (target("ftp://h/"), .invalidScheme),
            (target("ws://h/"), .invalidScheme),
            (target("://h/"), .invalidTarget),
            ("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", .invalidTarget),
            ("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", .invalidTarget),
            ("CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n", .invalidTarget),
            ("CONNECT :443 HTTP/1.1\r\nHost: a\r\n\r\n", .invalidTarget),
            ("CONNECT http://a:443 HTTP/1.1\r\nHost: a\r\n\r\n", .invalidTarget),
            ("CONNECT a:99999 HTTP/1.1\r\nHost: a\r\n\r\n", .invalidTarget),
            ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", .bodyWithConnect),
            ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", .unsupportedTransferEncoding),
            // Hosts.
            ("GET / HTTP/1.1\r\n\r\n", .missingHost),
            ("GET http://a/ HTTP/1.1\r\n\r\n", .missingHost),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .multipleHosts),
            ("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", .multipleHosts),
            ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", .multipleHosts),
            (host("a b"), .invalidHost),
            (host("a/b"), .invalidHost),
            (host("a?b"), .invalidHost),
            (host("a#b"), .invalidHost),
            (host("u@a"), .invalidHost),
            (host("a,b:c"), .invalidHost),
            (host("a:80:90"), .invalidHost),
            (host("a:http"), .invalidHost),
            (host("a:-1"), .invalidHost),
            (host("a:+80"), .invalidHost),
            (host("a:123456"), .invalidHost),
            (host(":80"), .invalidHost),
            (host("[::1"), .invalidHost),
            (host("::1]"), .invalidHost),
            (host("[::1]x"), .invalidHost),
            (host("[[::1]]"), .invalidHost),
            (host("a\u{e9}"), .invalidHost),
            (host("a\\b"), .invalidHost),
            (host("a\"b"), .invalidHost),
            (host("<a>"), .invalidHost),
            // Field lines.
            (field("X : y"), .spaceBeforeColon),
            (field("X\t: y"), .spaceBeforeColon),
            (field("X Y: z"), .spaceBeforeColon),
            (field("Content-Length : 5"), .spaceBeforeColon),
            (field(" X: y"), .lineFolding),
            (field("\tX: y"), .lineFolding),
            (field("X: y\r\n z"), .lineFolding),
            (field("X: y\r\n\tz"), .lineFolding),
            (field(": y"), .invalidFieldName),
            (field("X"), .invalidFieldName),
            (field("X@: y"), .invalidFieldName),
            (field("X(: y"), .invalidFieldName),
            (field("X\u{0}: y"), .invalidFieldName),
            (field("X\u{e9}: y"), .invalidFieldName),
            (field("X\"Y: z"), .invalidFieldName),
            (field("X/Y: z"), .invalidFieldName),
            (field("[X]: z"), .invalidFieldName),
            (field("{X}: z"), .invalidFieldName),
            (field("X: y\nZ: 1"), .bareLineFeed),
            (field("X: y\n\nGET /2 HTTP/1.1\r\nHost: a"), .bareLineFeed),
            (field("X\n: y"), .bareLineFeed),
            (field("X: y\rZ: 1"), .bareCarriageReturn),
            (field("X: y\r\r\nZ: 1"), .bareCarriageReturn),
            (field("\rX: y"), .bareCarriageReturn),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n", .bareLineFeed),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineFeed),
            ("GET / HTTP/1.1\r\nHost: a\r\n\rX", .bareCarriageReturn),
            ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .lineFolding),
            // Lengths.
            (post("Content-Length:"), .invalidContentLength),
            (post("Content-Length: +5"), .invalidContentLength),
            (post("Content-Length: -5"), .invalidContentLength),
            (post("Content-Length: 0x5"), .invalidContentLength),
            (post("Content-Length: 5a"), .invalidContentLength),
            (post("Content-Length: a5"), .invalidContentLength),
            (post("Content-Length: 5 5"), .invalidContentLength),
            (post("Content-Length: 5,5"), .invalidContentLength),
            (post("Content-Length: 5, 5"), .invalidContentLength),
            (post("Content-Length: 5;a"), .invalidContentLength),
            (post("Content-Length: 5.0"), .invalidContentLength),
            (post("Content-Length: 1e3"), .invalidContentLength),
            (post("Content-Length: 1_000"), .invalidContentLength),
            (post("Content-Length: \"5\""), .invalidContentLength),
            (post("Content-Length: \u{663}"), .invalidContentLength),
            (post("Content-Length: 9223372036854775808"), .invalidContentLength),
            (post("Content-Length: 18446744073709551616"), .invalidContentLength),
            (post("Content-Length: 99999999999999999999999999"), .invalidContentLength),
            (post("Content-Length: 5\r\nContent-Length: 5"), .multipleContentLengths),
            (post("Content-Length: 5\r\nContent-Length: 6"), .multipleContentLengths),
            (post("Content-Length: 0\r\ncontent-length: 0"), .multipleContentLengths),
            // Transfer codings.
            (post("Content-Length: 5\r\nTransfer-Encoding: chunked"), .contentLengthWithTransferEncoding),
            (post("Transfer-Encoding: chunked\r\nContent-Length: 5"), .contentLengthWithTransferEncoding),
            (post("Transfer-Encoding: chunked\r\nContent-Length: x"), .invalidContentLength),
            (post("Transfer-Encoding:"), .chunkedNotLast),
            (post("Transfer-Encoding: ,"), .chunkedNotLast),
            (post("Transfer-Encoding: ,chunked"), .chunkedNotLast),
            (post("Transfer-Encoding: chunked,"), .chunkedNotLast),
            (post("Transfer-Encoding: chunked, chunked"), .chunkedNotLast),
            (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), .chunkedNotLast),
            (post("Transfer-Encoding: chunked, gzip"), .chunkedNotLast),
            (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), .chunkedNotLast),
            (post("Transfer-Encoding: identity"), .unsupportedTransferEncoding),
            (post("Transfer-Encoding: gzip, chunked"), .unsupportedTransferEncoding),
            (post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"), .unsupportedTransferEncoding),
            (post("Transfer-Encoding: xchunked"), .unsupportedTransferEncoding),
            (post("Transfer-Encoding: chunkedx"), .unsupportedTransferEncoding),
            (post("Transfer-Encoding: chunk"), .unsupportedTransferEncoding),
            (post("Transfer-Encoding: \"chunked\""), .unsupportedTransferEncoding),
            (post("Transfer-Encoding: chunked;q=1"), .unsupportedTransferEncoding),
            (post("Transfer-Encoding: chunked gzip"), .unsupportedTransferEncoding),
            (post("Transfer-Encoding: \u{e9}chunked"), .unsupportedTransferEncoding),
            (post("Transfer-Encoding: chunked\u{b}"), .invalidFieldValue),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n", .transferEncodingInHTTP10),
            // Connection options.
            (field("Connection: host"), .invalidConnectionOption),
            (field("Connection: close, Content-Length"), .invalidConnectionOption),
            (field("Connection: X-Forwarded-For"), .invalidConnectionOption),
            (field("Connection: keep-alive\r\nConnection: x-forwarded-proto"), .invalidConnectionOption),
        ]
        for byte in 0..<UInt8(0x20) where byte != 0x09 && byte != 0x0A && byte != 0x0D {
            cases.append((field("X: a\(Character(UnicodeScalar(byte)))b"), .invalidFieldValue))
            cases.append((host("a\(Character(UnicodeScalar(byte)))b"), .invalidFieldValue))
        }
        cases.append((field("X: a\u{7f}b"), .invalidFieldValue))
        cases.append((field("X:\u{0}"), .invalidFieldValue))
        return cases
    }()

    @Test("what RFC 9112 allows is read as it says")
    func reads() {
        for (bytes, expected) in Self.valid {
            #expect(WireHarness.requests(Array(bytes.utf8)) == expected)
        }
    }

    @Test("what could be read in two ways is refused")
    func refuses() {
        for (bytes, expected) in Self.invalid {
            let read = WireHarness.requests(Array(bytes.utf8))
            #expect(read == "invalid \(expected)", "\(bytes.debugDescription)")
        }
    }

    @Test("the answer is the same wherever the reads are cut")
    func cutsDoNotMatter() {
        for text in Self.valid.map(\.0) + Self.invalid.map(\.0) {
            let bytes = Array(text.utf8)
            let whole = WireHarness.requests(bytes)
            #expect(WireHarness.requests(bytes, cuts: Array(0..<bytes.count)) == whole, "a byte at a time: \(text)")
            for cut in 0...bytes.count where WireHarness.requests(bytes, cuts: [cut]) != whole {
                Issue.record("cut at \(cut): \(text.debugDescription)")
            }
        }
    }

    @Test("every fault has a status, a name and a cause")
    func faultsAreNamed() {
        for error in HTTP1Error.allCases {
            #expect([400, 414, 431, 501, 505].contains(error.status))
            #expect(error.detail.utf8CodeUnitCount > 0)
            #expect(error.cause.utf8CodeUnitCount > 0)
        }
        #expect(HTTP1Error.unsupportedTransferEncoding.status == 501)
        #expect(HTTP1Error.unsupportedVersion.status == 505)
        #expect(HTTP1Error.targetTooLong.status == 414)
        #expect(HTTP1Error.headTooLarge.status == 431)
    }

    @Test("an invalid connection stays invalid")
    func staysInvalid() {
        var parser = HTTP1HeadParser()
        var head = RequestHead()
        var bad = ByteBuffer(string: "(")
        var good = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(parser.parse(&bad, into: &head) == .invalid(.invalidMethod))
        #expect(parser.parse(&good, into: &head) == .invalid(.invalidMethod))
    }

    @Test("known methods are told from others by their exact name")
    func methods() {
        for method in HTTPMethod.allCases where method != .other && method != .connect {
            var parser = HTTP1HeadParser()
            var head = RequestHead()
            var bytes = ByteBuffer(string: "\(method.name) / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(parser.parse(&bytes, into: &head) == .complete)
            #expect(head.method == method)
            var further = ByteBuffer(string: "\(method.name)S / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(parser.parse(&further, into: &head) == .complete)
            #expect(head.method == .other)
        }
    }
}
