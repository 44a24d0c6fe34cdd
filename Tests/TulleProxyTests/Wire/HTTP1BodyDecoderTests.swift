import NIOCore
import Testing

@testable import TulleProxy

@Suite("HTTP/1.1 bodies")
struct HTTP1BodyDecoderTests {
    static let valid: [(String, String)] = [
        ("0\r\n\r\n", "\"\" 0"),
        ("3\r\nabc\r\n0\r\n\r\n", "\"abc\" 3"),
        ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "\"abc\" 3"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "\"0123456789\" 10"),
        ("a\r\n0123456789\r\n0\r\n\r\n", "\"0123456789\" 10"),
        ("0000000000000001\r\na\r\n0000\r\n\r\n", "\"a\" 1"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\"\\r\\n\" 2"),
        ("1;a\r\nx\r\n0;b\r\n\r\n", "\"x\" 1"),
        ("1;a=b;c=d\r\nx\r\n0\r\n\r\n", "\"x\" 1"),
        ("1;a=\"b \\\" ; \\\\ c\"\r\nx\r\n0\r\n\r\n", "\"x\" 1"),
        ("1;a=\"\";b\r\nx\r\n0\r\n\r\n", "\"x\" 1"),
        ("0\r\nX: y\r\nZ: \r\n\r\n", "\"\" 0 trailers [X=y,Z=]"),
        ("1\r\na\r\n0\r\ngrpc-status: 0\r\n\r\n", "\"a\" 1 trailers [grpc-status=0]"),
    ]

    static let invalid: [(String, HTTP1Error)] = [
        ("\r\n", .invalidChunkSize),
        ("x\r\n", .invalidChunkSize),
        ("+1\r\n", .invalidChunkSize),
        ("-1\r\n", .invalidChunkSize),
        ("0x1\r\n", .invalidChunkSize),
        (" 1\r\n", .invalidChunkSize),
        ("1 \r\n", .invalidChunkSize),
        ("1 ;a\r\n", .invalidChunkSize),
        ("1\t\r\n", .invalidChunkSize),
        ("1_0\r\n", .invalidChunkSize),
        ("1g\r\n", .invalidChunkSize),
        ("1\u{0}\r\n", .invalidChunkSize),
        (";a\r\n", .invalidChunkSize),
        ("00000000000000001\r\n", .invalidChunkSize),
        ("10000000000000000\r\n", .invalidChunkSize),
        ("ffffffffffffffff\r\n", .invalidChunkSize),
        ("8000000000000000\r\n", .invalidChunkSize),
        ("1\na\r\n", .bareLineFeed),
        ("\n", .invalidChunkSize),
        ("1\ra\r\n", .bareCarriageReturn),
        ("1\r\r\na\r\n", .bareCarriageReturn),
        ("1;a\nx\r\n", .bareLineFeed),
        ("1;a\rx\r\n", .bareCarriageReturn),
        ("1; a\r\n", .invalidChunkExtension),
        ("1;a =b\r\n", .invalidChunkExtension),
        ("1;a= b\r\n", .invalidChunkExtension),
        ("1;a=\"b\"c\r\n", .invalidChunkExtension),
        ("1;a=\"b\r\n", .invalidChunkExtension),
        ("1;a=\"b\n", .bareLineFeed),
        ("1;a=\"b\\\r\n", .invalidChunkExtension),
        ("1;a=\"\u{1}\"\r\n", .invalidChunkExtension),
        ("1;\r\n", .invalidChunkExtension),
        ("1;;a\r\n", .invalidChunkExtension),
        ("1;=b\r\n", .invalidChunkExtension),
        ("1;a=\r\n", .invalidChunkExtension),
        ("1;a=;b\r\n", .invalidChunkExtension),
        ("1;a=b\"c\"\r\n", .invalidChunkExtension),
        ("1;(\r\n", .invalidChunkExtension),
        ("1;a=b=c\r\n", .invalidChunkExtension),
        ("1;\u{0}\r\n", .invalidChunkExtension),
        ("1\r\nab\r\n", .missingChunkEnd),
        ("1\r\na\n0\r\n\r\n", .bareLineFeed),
        ("1\r\na\r0\r\n\r\n", .bareCarriageReturn),
        ("1\r\na0\r\n\r\n", .missingChunkEnd),
        ("0\r\n\n", .bareLineFeed),
        ("0\r\n\rx", .bareCarriageReturn),
        ("0\r\nX : y\r\n\r\n", .spaceBeforeColon),
        ("0\r\n X: y\r\n\r\n", .lineFolding),
        ("0\r\nX: y\n\r\n", .bareLineFeed),
        ("0\r\nX: \u{0}\r\n\r\n", .invalidFieldValue),
        ("0\r\nX\r\n\r\n", .invalidFieldName),
        ("0\r\nContent-Length: 5\r\n\r\n", .forbiddenTrailer),
        ("0\r\nTransfer-Encoding: chunked\r\n\r\n", .forbiddenTrailer),
        ("0\r\nhost: evil\r\n\r\n", .forbiddenTrailer),
        ("0\r\nConnection: close\r\n\r\n", .forbiddenTrailer),
        ("0\r\nAuthorization: x\r\n\r\n", .forbiddenTrailer),
    ]

    static let frame = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    static let head = "POST origin path=/ host=a chunked [Host=a,Transfer-Encoding=chunked]"

    @Test("chunks are joined to content")
    func reads() {
        let next = "GET /next HTTP/1.1\r\nHost: b\r\n\r\n"
        for (body, expected) in Self.valid {
            let read = WireHarness.requests(Array((Self.frame + body + next).utf8))
            #expect(
                read == "\(Self.head) | body \(expected) | GET origin path=/next host=b none [Host=b] | body \"\" 0")
        }
    }

    @Test("chunk framing that could be read in two ways is refused")
    func refuses() {
        for (body, expected) in Self.invalid {
            for mode in [HTTP1BodyDecoder.Mode.content, .relaying] {
                let read = WireHarness.requests(Array((Self.frame + body).utf8), mode: mode)
                #expect(read.hasSuffix("invalid \(expected)"), "\(mode): \(body.debugDescription)")
            }
        }
    }

    @Test("the answer is the same wherever the reads are cut, in both modes")
    func cutsDoNotMatter() {
        for text in Self.valid.map(\.0) + Self.invalid.map(\.0) {
            let bytes = Array((Self.frame + text).utf8)
            for mode in [HTTP1BodyDecoder.Mode.content, .relaying] {
                let whole = WireHarness.requests(bytes, mode: mode)
                #expect(WireHarness.requests(bytes, cuts: Array(0..<bytes.count), mode: mode) == whole)
                for cut in Self.frame.utf8.count...bytes.count
                where WireHarness.requests(bytes, cuts: [cut], mode: mode) != whole {
                    Issue.record("cut at \(cut), \(mode): \(text.debugDescription)")
                }
            }
        }
    }

    @Test("relaying hands on the very bytes that came, in one slice up to the trailers")
    func relays() {
        for (body, expected) in Self.valid {
            var buffer = ByteBuffer(string: body + "NEXT")
            var decoder = HTTP1BodyDecoder(.chunked, mode: .relaying)
            var slices: [String] = []
            while case .data(let slice) = decoder.next(&buffer) { slices.append(String(buffer: slice)) }
            #expect(slices.joined() == body)
            #expect(slices.count == (expected.contains("trailers") ? 2 : 1))
            #expect(decoder.isComplete)
            #expect(String(buffer: buffer) == "NEXT")
        }
    }

    @Test("a forbidden trailer is not relayed, wherever the reads are cut")
    func forbiddenTrailersStay() {
        let body = Array("1\r\na\r\n0\r\nX: y\r\nContent-Length: 5\r\n\r\n".utf8)
        for size in 1...body.count {
            var decoder = HTTP1BodyDecoder(.chunked, mode: .relaying)
            var relayed = ""
            var start = 0
            while start < body.count {
                var buffer = ByteBuffer(bytes: body[start..<min(start + size, body.count)])
                start += size
                while case .data(let slice) = decoder.next(&buffer) { relayed += String(buffer: slice) }
            }
            #expect(relayed == "1\r\na\r\n0\r\n")
            #expect(!decoder.isComplete)
        }
    }

    @Test("what stands before a fault is relayed, and nothing behind it")
    func stopsAtFault() {
        var buffer = ByteBuffer(string: "1\r\na\r\nZZ\r\n")
        var decoder = HTTP1BodyDecoder(.chunked, mode: .relaying)
        guard case .data(let slice) = decoder.next(&buffer) else {
            Issue.record("no data")
            return
        }
        #expect(String(buffer: slice) == "1\r\na\r\n")
        guard case .invalid(.invalidChunkSize) = decoder.next(&buffer) else {
            Issue.record("no fault")
            return
        }
    }

    @Test("a body of a length takes its own bytes and no more, without copying them")
    func length() {
        var buffer = ByteBuffer(string: "abcdef")
        var decoder = HTTP1BodyDecoder(.length(4))
        guard case .data(let slice) = decoder.next(&buffer) else {
            Issue.record("no data")
            return
        }
        #expect(String(buffer: slice) == "abcd")
        #expect(decoder.isComplete)
        #expect(buffer.readableBytes == 2)
        let (first, second) = (slice, buffer)
        let sharing = first.withVeryUnsafeBytesWithStorageManagement { _, left in
            second.withVeryUnsafeBytesWithStorageManagement { _, right in left.toOpaque() == right.toOpaque() }
        }
        #expect(sharing)
    }
}
