import Testing

@testable import TulleProxy

@Suite("HPACK encoder")
struct HPACKEncoderTests {
    private func read(_ bytes: [UInt8], as kind: BlockKind = .request) -> [String] {
        var peer = HPACKHarness()
        #expect(peer.decode(bytes, as: kind, maxBytes: 1 << 20) == .complete)
        #expect(peer.decoder.tableBytes == 0)
        return peer.fields
    }

    @Test("every status is read back, and the frequent ones take a byte")
    func statuses() {
        for status in 100...999 {
            let bytes = HPACKHarness.written { HPACKEncoder.status(status, to: &$0) }
            #expect(read(bytes, as: .response) == [":status: \(status)"])
            #expect(bytes.count == ([200, 204, 206, 304, 400, 404, 500].contains(status) ? 1 : 5))
        }
    }

    @Test("every method is read back")
    func methods() {
        let other: StaticString = "PROPFIND"
        for method in HTTPMethod.allCases {
            let bytes = HPACKHarness.written { HPACKEncoder.method(method, other.rawBytes, to: &$0) }
            #expect(read(bytes) == [":method: \(method == .other ? "PROPFIND" : "\(method.name)")"])
        }
    }

    @Test("scheme, authority, path and protocol are read back")
    func pseudoFields() {
        func path(_ path: StaticString, _ query: StaticString?) -> [String] {
            read(HPACKHarness.written { HPACKEncoder.path(path.rawBytes, query?.rawBytes, to: &$0) })
        }
        #expect(read(HPACKHarness.written { HPACKEncoder.scheme(https: true, to: &$0) }) == [":scheme: https"])
        #expect(read(HPACKHarness.written { HPACKEncoder.scheme(https: false, to: &$0) }) == [":scheme: http"])
        let (host, proto): (StaticString, StaticString) = ("a.b:80", "websocket")
        #expect(read(HPACKHarness.written { HPACKEncoder.authority(host.rawBytes, to: &$0) }) == [":authority: a.b:80"])
        #expect(read(HPACKHarness.written { HPACKEncoder.proto(proto.rawBytes, to: &$0) }) == [":protocol: websocket"])
        #expect(path("/", nil) == [":path: /"])
        #expect(path("/", "") == [":path: /?"])
        #expect(path("/", "a=b") == [":path: /?a=b"])
        #expect(path("/a/b", nil) == [":path: /a/b"])
        #expect(path("*", nil) == [":path: *"])
    }

    @Test("every known name is read back as itself, in lower case")
    func knownNames() {
        let refused: Set<KnownHeader> = [.connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .te]
        for known in KnownHeader.allCases where known != .other && known != .xEnvoy && !refused.contains(known) {
            for name in ["\(known.lowercased)", "\(known.lowercased)".uppercased()] {
                #expect(read(HPACKHarness.encoded(name, "value")) == ["\(known.lowercased): value"])
            }
        }
    }

    @Test("names of any length are written in lower case, and nothing else is changed in them")
    func lowerCase() {
        let token = (UInt8.min...UInt8.max).filter { ByteClass.token[Int($0)] & 1 != 0 }
        for length in 1...40 {
            for start in token.indices {
                let name = String(decoding: (0..<length).map { token[(start + $0) % token.count] }, as: UTF8.self)
                #expect(read(HPACKHarness.encoded(name, "v")) == ["\(name.lowercased()): v"])
            }
        }
    }

    @Test("credentials and cookies are never indexed, and what came so goes on so")
    func neverIndexed() {
        for name in ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-secret", "accept"] {
            let bytes = Array(name.utf8)
            for asked in [false, true] {
                let known = bytes.withUnsafeBytes { KnownHeader.named($0.baseAddress!, $0.count) }
                let fragment = HPACKHarness.written { writer in
                    bytes.withUnsafeBytes { HPACKEncoder.field(known, $0, $0, neverIndexed: asked, to: &writer) }
                }
                var peer = HPACKHarness()
                #expect(peer.decode(fragment, as: .response) == .complete)
                let never = asked || !["x-secret", "accept"].contains(name)
                #expect(peer.block.fields[0].flags.contains(.neverIndexed) == never, "\(name)")
            }
        }
    }

    @Test("lengths around each further byte are read back, within the bound")
    func lengths() {
        for length in [0, 1, 14, 15, 16, 126, 127, 128, 254, 255, 256, 16_510, 16_511, 16_512, 20_000] {
            let long = String(repeating: "n", count: length)
            for (name, value) in [("x", long), ("accept", long)] + (length > 0 ? [(long, "v"), (long, long)] : []) {
                let bytes = HPACKHarness.encoded(name, value)
                #expect(read(bytes) == ["\(name): \(value)"])
                #expect(bytes.count <= HPACKEncoder.bound(name: name.utf8.count, value: value.utf8.count))
            }
        }
    }
}
