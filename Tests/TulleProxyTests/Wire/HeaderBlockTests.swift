import NIOCore
import Testing

@testable import TulleProxy

@Suite("Header blocks")
struct HeaderBlockTests {
    static func request(_ lines: String, start: String = "GET /p?q HTTP/1.1\r\nHost: a\r\n") -> RequestHead {
        var parser = HTTP1HeadParser()
        var head = RequestHead()
        var bytes = ByteBuffer(string: start + lines + "\r\n")
        #expect(parser.parse(&bytes, into: &head) == .complete)
        return head
    }

    static func written(_ head: RequestHead, absolute: Bool = false) -> String {
        var out = ByteBuffer()
        head.write(to: &out, absolute: absolute)
        return String(buffer: out)
    }

    @Test("an untouched head is written as it came")
    func untouched() {
        let lines = "User-Agent:x \t\r\nAccept: \t*/*\r\nX-Empty:\r\n"
        #expect(Self.written(Self.request(lines)) == "GET /p?q HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n")
    }

    @Test("removed fields are left out and the others keep their order")
    func removal() {
        var head = Self.request("A: 1 \r\nCookie: 2\r\nB: 3\r\ncookie: 4\r\nC: 5 \r\nD: 6\r\n")
        head.block.remove(.cookie)
        head.block.remove(named: "d")
        #expect(!head.block.contains(.cookie))
        #expect(head.block.value(.cookie) == nil)
        #expect(Self.written(head) == "GET /p?q HTTP/1.1\r\nHost: a\r\nA: 1 \r\nB: 3\r\nC: 5 \r\n\r\n")
    }

    @Test("removing one of two fields of a name leaves the other to be found")
    func removalOfOne() {
        var head = Self.request("Via: 1\r\nVia: 2\r\n")
        head.block.remove(at: 1)
        #expect(head.block.value(.via).map(head.block.string) == "2")
        head.block.remove(at: 2)
        #expect(!head.block.contains(.via))
    }

    @Test("appended fields come last and are found")
    func appending() {
        var head = Self.request("A: 1\r\n")
        head.block.append(name: "x-request-id", value: "abc" as StaticString)
        head.block.append(name: "X-Copy", value: head.block.value(.host)!)
        head.block.append(name: "age", value: 1234567890123456789 as UInt64)
        head.block.append(name: "zero", value: 0 as UInt64)
        head.block.append(name: "text", value: "h\u{e9}" as String)
        head.block.append(name: Array("list".utf8), value: Array("1,2".utf8))
        head.block.append(name: "made", writing: { $0.writeString("by hand") })
        #expect(head.block.value(.xRequestID).map(head.block.string) == "abc")
        #expect(
            head.block.firstIndex(named: "x-copy").map { head.block.string(head.block.fields[$0].valueRange) } == "a")
        let expected =
            "A: 1\r\nx-request-id: abc\r\nX-Copy: a\r\nage: 1234567890123456789\r\nzero: 0\r\ntext: h\u{e9}\r\n"
            + "list: 1,2\r\nmade: by hand\r\n\r\n"
        #expect(Self.written(head) == "GET /p?q HTTP/1.1\r\nHost: a\r\n" + expected)
        head.block.remove(.age)
        #expect(!Self.written(head).contains("1234567890123456789"))
    }

    @Test("a rewritten host and path replace what came")
    func rewriting() {
        var head = Self.request("A: 1\r\n")
        head.path = head.block.store(Array("/new".utf8))
        head.authority = head.block.store(Array("b:81".utf8))
        head.block.append(name: "x", value: "y" as StaticString)
        #expect(Self.written(head) == "GET /new?q HTTP/1.1\r\nhost: b:81\r\nA: 1\r\nx: y\r\n\r\n")
    }

    @Test("an absolute target becomes a path, and its host the Host")
    func absoluteTargets() {
        func write(_ method: String, _ target: String, absolute: Bool = false) -> String {
            let head = Self.request("", start: "\(method) \(target) HTTP/1.1\r\nHost: other\r\n")
            return Self.written(head, absolute: absolute)
        }
        #expect(write("GET", "http://b/c?d") == "GET /c?d HTTP/1.1\r\nhost: b\r\n\r\n")
        #expect(write("GET", "http://b") == "GET / HTTP/1.1\r\nhost: b\r\n\r\n")
        #expect(write("GET", "http://b?x") == "GET /?x HTTP/1.1\r\nhost: b\r\n\r\n")
        #expect(write("OPTIONS", "http://b") == "OPTIONS * HTTP/1.1\r\nhost: b\r\n\r\n")
        #expect(write("OPTIONS", "http://b/") == "OPTIONS / HTTP/1.1\r\nhost: b\r\n\r\n")
        #expect(write("GET", "https://b/c", absolute: true) == "GET https://b/c HTTP/1.1\r\nhost: b\r\n\r\n")
        #expect(write("CONNECT", "b:443") == "CONNECT b:443 HTTP/1.1\r\nhost: b:443\r\n\r\n")
        #expect(write("BREW", "/x") == "BREW /x HTTP/1.1\r\nHost: other\r\n\r\n")
    }

    @Test("an HTTP/1.0 request without a host goes on as HTTP/1.1 with an empty one")
    func noHost() {
        let head = Self.request("", start: "GET / HTTP/1.0\r\n")
        #expect(Self.written(head) == "GET / HTTP/1.1\r\nhost: \r\n\r\n")
    }

    @Test("hop-by-hop fields and what Connection names are removed")
    func hopByHop() {
        var head = Self.request(
            "Connection: close, X-Private\r\nX-Private: 1\r\nx-private: 2\r\nX-Privat: 3\r\nKeep-Alive: 5\r\n"
                + "Proxy-Connection: x\r\nTE: trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nConnection: A\r\nA: 1\r\n"
                + "Trailer: T\r\nTransfer-Encoding: chunked\r\n")
        #expect(head.nominatesFields)
        head.block.removeHopByHop(nominated: head.nominatesFields)
        #expect(
            Self.written(head)
                == "GET /p?q HTTP/1.1\r\nHost: a\r\nX-Privat: 3\r\nTrailer: T\r\nTransfer-Encoding: chunked\r\n\r\n")
    }

    @Test("an upgrade that is passed on keeps its fields")
    func upgrades() {
        var head = Self.request("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n")
        #expect(head.upgrade)
        head.block.removeHopByHop(nominated: head.nominatesFields, keepingUpgrade: true)
        #expect(
            Self.written(head)
                == "GET /p?q HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nconnection: upgrade\r\n\r\n")
    }

    @Test("a name with an underscore is marked")
    func underscores() {
        let head = Self.request("a_b: 1\r\nc-d: 2\r\n_: 3\r\n")
        #expect(head.block.fields.map { $0.flags.contains(.underscored) } == [false, true, false, true])
    }

    @Test("names are found without regard to case, by any spelling of the look-up")
    func lookup() {
        let head = Self.request("X-Odd: 1\r\nx-odd: 2\r\nX-Od: 3\r\n")
        let block = head.block
        #expect(block.firstIndex(named: "x-odd") == 1)
        #expect(block.firstIndex(named: "x-odd", from: 2) == 2)
        #expect(block.firstIndex(named: Array("x-od".utf8)) == 3)
        #expect(block.firstIndex(named: "x-o") == nil)
        #expect(block.firstIndex(named: "") == nil)
        #expect(block.equals(block.fields[1].nameRange, lowercase: "x-odd"))
    }

    @Test("a response is written with its own reason, or with the registered one")
    func responses() {
        func head(_ text: String) -> ResponseHead {
            var parser = HTTP1HeadParser()
            var head = ResponseHead()
            var bytes = ByteBuffer(string: text)
            #expect(parser.parse(&bytes, into: &head, requestMethod: .get) == .complete)
            return head
        }
        func written(_ head: ResponseHead) -> String {
            var out = ByteBuffer()
            head.write(to: &out)
            return String(buffer: out)
        }
        #expect(written(head("HTTP/1.0 404 Nope\r\nA: b\r\n\r\n")) == "HTTP/1.1 404 Nope\r\nA: b\r\n\r\n")
        #expect(written(head("HTTP/1.1 404\r\n\r\n")) == "HTTP/1.1 404 Not Found\r\n\r\n")
        #expect(written(head("HTTP/1.1 299\r\n\r\n")) == "HTTP/1.1 299 \r\n\r\n")
    }

    @Test("chunks are framed as they are read")
    func chunkFraming() {
        for size in [1, 9, 10, 15, 16, 255, 256, 4095, 4096, 65535, 1 << 20] {
            var out = ByteBuffer()
            out.writeChunkHead(size)
            #expect(String(buffer: out) == String(size, radix: 16) + "\r\n")
            out.writeRepeatingByte(0x61, count: size)
            out.writeChunkEnd()
            out.writeLastChunk(trailers: Self.request("T: u\r\n", start: "GET / HTTP/1.0\r\n").block)
            var decoder = HTTP1BodyDecoder(.chunked)
            var total = 0
            while case .data(let slice) = decoder.next(&out) { total += slice.readableBytes }
            #expect(total == size)
            #expect(decoder.isComplete)
            #expect(decoder.trailers?.firstIndex(named: "t") == 0)
        }
    }

    @Test("status lines are the registry's")
    func statusLines() {
        for status in 100..<1000 {
            guard let line = StatusLine.line(status) else { continue }
            let text = "\(line)"
            #expect(text.hasPrefix("HTTP/1.1 \(status) "))
            #expect(text == "HTTP/1.1 \(status) \(String(decoding: StatusLine.reason(status), as: UTF8.self))\r\n")
        }
        #expect(StatusLine.reason(799).isEmpty)
    }
}
