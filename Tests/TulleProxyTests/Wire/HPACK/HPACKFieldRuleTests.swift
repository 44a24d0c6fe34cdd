import NIOCore
import Testing

@testable import TulleProxy

/// RFC 9113, 8.2 and 8.3.
@Suite("HPACK field rules")
struct HPACKFieldRuleTests {
    private func result(_ fields: [(String, String)], as kind: BlockKind = .request) -> HPACKResult {
        var peer = HPACKHarness()
        return peer.decode(fields.flatMap { HPACKHarness.literal($0.0, $0.1) }, as: kind)
    }

    @Test("a name is a token in lower case")
    func names() {
        #expect(result([("", "v")]) == .malformed(.emptyName))
        for name in ["a b", " a", "a ", "a:", "a\u{0}", "a\r\nb", "a\tb", "(a)", "é", "a/b", "x-long-name-with,comma"] {
            #expect(result([(name, "v")]) == .malformed(.invalidName), "\(name)")
        }
        for name in ["A", "aB", "x-long-name-with-Upper", "Content-Type"] {
            #expect(result([(name, "v")]) == .malformed(.uppercaseName), "\(name)")
        }
        for name in ["a", "0", "!#$%&'*+-.^`|~", "x-long-name-with-many-letters-and-0123456789"] {
            #expect(result([(name, "v")]) == .complete, "\(name)")
        }
    }

    @Test("a name with an underscore is marked, also when it comes from the table")
    func underscores() {
        var peer = HPACKHarness()
        let fields = HPACKHarness.literal("x_a", "1", pattern: 0x40) + [0xBE] + HPACKHarness.literal("x-a", "1")
        #expect(peer.decode(fields) == .complete)
        #expect(peer.block.fields.map(\.flags) == [.underscored, .underscored, []])
    }

    @Test("a value has no control bytes but HTAB, and no white space at its ends")
    func values() {
        for byte in UInt8.min...UInt8.max {
            var peer = HPACKHarness()
            let wrong = (byte < 0x20 && byte != 0x09) || byte == 0x7F
            for value in [[0x61, byte, 0x62], [UInt8](repeating: 0x61, count: 9) + [byte, 0x62]] {
                let result = peer.decode(HPACKHarness.literal(Array("a".utf8), value))
                #expect(result == (wrong ? .malformed(.invalidValue) : .complete), "byte \(byte)")
            }
        }
        for value in [" ", "\t", " a", "a ", "\ta", "a\t", "long enough for words "] {
            #expect(result([("a", value)]) == .malformed(.paddedValue), "\(value)")
        }
        #expect(result([("a", "")]) == .complete)
    }

    @Test("fields of an HTTP/1.1 connection are refused", arguments: [BlockKind.request, .response, .trailers])
    func connectionFields(kind: BlockKind) {
        for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
            #expect(result([(name, "v")], as: kind) == .malformed(.connectionSpecific), "\(name)")
        }
        #expect(result([("te", "trailers")], as: kind) == .complete)
        #expect(result([("te", "trailers, gzip")], as: kind) == .malformed(.teNotTrailers))
        #expect(result([("te", "")], as: kind) == .malformed(.teNotTrailers))
        var peer = HPACKHarness()
        #expect(peer.decode([0xB9], as: kind) == .malformed(.connectionSpecific), "from the static table")
    }

    @Test("pseudo-fields come first, once, and where they belong")
    func pseudoFields() {
        let (method, path, status) = ((":method", "GET"), (":path", "/"), (":status", "200"))
        let rest = [(":scheme", "https"), (":authority", "a"), (":protocol", "websocket")]
        #expect(result([method, path] + rest) == .complete)
        #expect(result([status], as: .response) == .complete)
        #expect(result([method, ("a", "b"), path]) == .malformed(.pseudoFieldBehindField))
        #expect(result([method, path, method]) == .malformed(.repeatedPseudoField))
        #expect(result([status, status], as: .response) == .malformed(.repeatedPseudoField))
        #expect(result([method, status]) == .malformed(.pseudoFieldOfOtherKind))
        #expect(result([status, path], as: .response) == .malformed(.pseudoFieldOfOtherKind))
        for pseudo in [method, path, status] {
            #expect(result([pseudo], as: .trailers) == .malformed(.pseudoFieldInTrailers))
            #expect(result([("a", "b"), pseudo], as: .trailers) == .malformed(.pseudoFieldInTrailers))
        }
        for name in [":", ":host", ":Path", ":pathh", ":version", ":method "] {
            #expect(result([(name, "a")]) == .malformed(.unknownPseudoField), "\(name)")
        }
    }

    @Test("a pseudo-field's value is what a start line can hold")
    func pseudoValues() {
        for (name, wrong, error) in [
            (":method", ["", "GET /", "G\r\n", "(a)", "PROPFIND DAVID"], FieldError.invalidMethod),
            (":path", ["/ HTTP/1.1", "/a b", "/\u{0}", "/é", "/#f", "/a-long-path with-a-space", "\t"], .invalidPath),
            (":path", [""], .emptyPath),
            (":authority", ["a b", "user@host", "a:b", "a/", "[::1", "a:99999"], .invalidAuthority),
            (":scheme", ["", "1a", "ht tp", "http:", "+"], .invalidScheme),
            (":protocol", ["", "web socket", "a/b"], .invalidProtocol),
        ] {
            for value in wrong { #expect(result([(name, value)]) == .malformed(error), "\(name) \(value)") }
        }
        for status in ["", "20", "2000", "2 0", "abc", "099", "+20"] {
            #expect(result([(":status", status)], as: .response) == .malformed(.invalidStatus), "\(status)")
        }
        for (name, right) in [
            (":method", ["GET", "PROPFIND", "x-1"]), (":path", ["/", "*", "/a?b=c&d", "http://a/b", "/%20"]),
            (":authority", ["", "a", "a:1", "[::1]:80", "1.2.3.4"]), (":scheme", ["http", "coap+tcp", "h2-x.1"]),
        ] {
            for value in right { #expect(result([(name, value)]) == .complete, "\(name) \(value)") }
        }
    }

    @Test("the first fault is told, what follows it is left out, and the table stays right")
    func tableAfterFault() {
        var peer = HPACKHarness()
        let fragment =
            [0x82] + HPACKHarness.literal("a", "1", pattern: 0x40) + HPACKHarness.literal("B", "2", pattern: 0x40)
            + HPACKHarness.literal("", "3") + HPACKHarness.literal("c", "4", pattern: 0x40)
        #expect(peer.decode(fragment) == .malformed(.uppercaseName))
        #expect(peer.fields == [":method: GET", "a: 1"])
        #expect(peer.decode([0xBE, 0xC0]) == .complete)
        #expect(peer.fields == ["c: 4", "a: 1"])
        #expect(peer.decode([0xBF]) == .malformed(.uppercaseName), "an entry's fault is remembered")
        #expect(peer.decode([0x0F, 0x30, 0x01, 0x35]) == .malformed(.uppercaseName), "and its name's")
    }

    @Test("a name is judged by itself when it is taken from an entry whose value was wrong")
    func nameOfFaultyEntry() {
        var peer = HPACKHarness()
        #expect(peer.decode(HPACKHarness.literal("a", " ", pattern: 0x40)) == .malformed(.paddedValue))
        #expect(peer.decode([0x0F, 0x2F, 0x01, 0x35]) == .complete)
        #expect(peer.fields == ["a: 5"])
    }

    // MARK: Cookies

    @Test("the crumbs of a request's cookie become one field, wherever they stand")
    func cookies() {
        var peer = HPACKHarness()
        let a = HPACKHarness.literal("cookie", "a=1", pattern: 0x40)
        let b = HPACKHarness.literal("cookie", "b=2")
        let x = HPACKHarness.literal("x", "y")
        #expect(peer.decode([0x82] + a + b + [0xBE] + x) == .complete)
        #expect(peer.fields == [":method: GET", "cookie: a=1; b=2; a=1", "x: y"])
        #expect(peer.lines == "cookie: a=1; b=2; a=1\r\nx: y\r\n")

        #expect(peer.decode(b + x + b + [0xBE] + x + b) == .complete)
        #expect(peer.fields == ["x: y", "x: y", "cookie: b=2; b=2; a=1; b=2"])
        #expect(peer.lines == "x: y\r\nx: y\r\ncookie: b=2; b=2; a=1; b=2\r\n")
        #expect(peer.block.contains(.cookie))

        #expect(peer.decode(b + x + b, as: .response) == .complete)
        #expect(peer.fields == ["cookie: b=2", "x: y", "cookie: b=2"])
    }

    @Test("an empty crumb adds nothing, so that the joined value does not end in white space")
    func emptyCrumbs() {
        var peer = HPACKHarness()
        let a = HPACKHarness.literal("cookie", "a=1")
        let x = HPACKHarness.literal("x", "y")
        #expect(peer.decode(a + [0xA0] + a + [0xA0] + x + [0xA0]) == .complete)
        #expect(peer.fields == ["cookie: a=1; a=1", "x: y"])
        #expect(peer.decode([0xA0]) == .complete)
        #expect(peer.fields == ["cookie: "])
        #expect(peer.decode([0xA0] + a) == .complete)
        #expect(peer.fields == ["cookie: ; a=1"])
    }

    @Test("crumbs count as one field")
    func cookieCount() {
        var peer = HPACKHarness()
        let crumb = HPACKHarness.literal("cookie", "a=1")
        let x = HPACKHarness.literal("x", "y")
        #expect(peer.decode(crumb + crumb + x + crumb, maxFields: 2) == .complete)
        #expect(peer.decode(crumb + crumb + x + crumb + x, maxFields: 2) == .tooLarge)
    }

    // MARK: The block

    @Test("the lines stand side by side, and what is removed is left out of them")
    func lines() {
        var peer = HPACKHarness()
        #expect(peer.decode([0x82, 0x84] + "abcd".flatMap { HPACKHarness.literal("x-\($0)", "\($0)") }) == .complete)
        #expect(peer.lines == "x-a: a\r\nx-b: b\r\nx-c: c\r\nx-d: d\r\n")
        #expect(peer.block.fieldsEnd == peer.block.bytes.writerIndex)
        peer.block.remove(named: "x-b")
        peer.block.append(name: "x-e", value: "e")
        #expect(peer.lines == "x-a: a\r\nx-c: c\r\nx-d: d\r\nx-e: e\r\n")
    }

    @Test("known names are known, as literals and from either table")
    func knownNames() {
        var peer = HPACKHarness()
        let fragment = HPACKHarness.literal("x-request-id", "1", pattern: 0x40) + [0xBE, 0x0F, 0x10, 0x01, 0x61]
        #expect(peer.decode(fragment) == .complete)
        #expect(peer.block.fields.map(\.name) == [.xRequestID, .xRequestID, .contentType])
        #expect(peer.block.contains(.xRequestID) && peer.block.contains(.contentType) && !peer.block.contains(.cookie))
    }

    // MARK: Limits

    @Test("a block just within the limits is complete, and one over them too large")
    func limits() {
        var peer = HPACKHarness()
        // 14 and 4, and twice 1 and 1 and 4.
        let fragment = [0x82] + HPACKHarness.literal("a", "1") + HPACKHarness.literal("b", "2", pattern: 0x40)
        #expect(peer.decode(fragment, maxBytes: 14 + 12, maxFields: 2) == .complete)
        #expect(peer.decode(fragment, maxBytes: 14 + 11, maxFields: 2) == .tooLarge)
        #expect(peer.fields == [":method: GET", "a: 1"])
        #expect(peer.decode(fragment, maxBytes: 100, maxFields: 1) == .tooLarge)
        #expect(peer.decode(fragment, maxBytes: 13, maxFields: 9) == .tooLarge)
        #expect(peer.fields == [])
        #expect(peer.table == ["b: 2", "b: 2", "b: 2", "b: 2"], "the table stays right")
    }

    @Test("what a few bytes stand for is not copied beyond the limit")
    func bombs() {
        var peer = HPACKHarness()
        let large = HPACKHarness.literal("x", String(repeating: "v", count: 4000), pattern: 0x40)
        #expect(peer.decode(large + [UInt8](repeating: 0xBE, count: 100_000)) == .tooLarge)
        #expect(peer.block.bytes.writerIndex <= 60 << 10)
        #expect(peer.block.bytes.capacity <= 128 << 10)
        #expect(peer.decode([UInt8](repeating: 0xA0, count: 100_000)) == .tooLarge, "empty crumbs")
        #expect(peer.block.fields.count == 1)
        #expect(peer.decode([UInt8](repeating: 0x93, count: 100_000)) == .tooLarge, "empty fields")
        #expect(peer.block.fields.count == 100)
        #expect(peer.block.bytes.capacity <= 128 << 10)
    }

    @Test("a name that a header block cannot hold is too large")
    func longName() {
        var peer = HPACKHarness()
        let name = String(repeating: "n", count: 65_536)
        #expect(peer.decode(HPACKHarness.literal(name, "v"), maxBytes: 1 << 20) == .tooLarge)
        #expect(peer.decode(HPACKHarness.literal(String(name.dropLast()), "v"), maxBytes: 1 << 20) == .complete)
    }
}
