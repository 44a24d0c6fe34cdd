import Testing

@testable import TulleProxy

@Suite("Known headers and byte classes")
struct KnownHeaderTests {
    private func named(_ name: String) -> KnownHeader {
        var name = name
        return name.withUTF8 { KnownHeader.named($0.baseAddress!, $0.count) }
    }

    @Test("every known header is found by its name in any case, and by no other")
    func lookup() {
        #expect(KnownHeader.allCases.count < 64)
        for header in KnownHeader.allCases where header != .other && header != .xEnvoy {
            let name = "\(header.lowercased)"
            #expect(named(name) == header)
            #expect(named(name.uppercased()) == header)
            #expect(named(name + "x") == .other)
            for index in name.indices {
                var changed = name
                changed.replaceSubrange(index...index, with: "~")
                #expect(named(changed) == .other)
                changed.replaceSubrange(index...index, with: "")
                if !changed.isEmpty, changed != "te" { #expect(named(changed) != header) }
            }
        }
    }

    @Test("Envoy's own headers are one known header")
    func envoy() {
        #expect(named("x-envoy-original-path") == .xEnvoy)
        #expect(named("X-Envoy-Attempt-Count") == .xEnvoy)
        #expect(named("x-envoy-a") == .xEnvoy)
        #expect(named("x-envoyer-thing") == .other)
        #expect(named("x-envoy-") == .other)
    }

    @Test("the tables hold what the RFCs list")
    func tables() {
        let token = Set("!#$%&'*+-.^_`|~0123456789".utf8).union(UInt8(ascii: "a")...UInt8(ascii: "z"))
            .union(UInt8(ascii: "A")...UInt8(ascii: "Z"))
        for byte in UInt8.min...UInt8.max {
            #expect((ByteClass.token[Int(byte)] & 1 != 0) == token.contains(byte))
            #expect((ByteClass.target[Int(byte)] & 1 != 0) == (0x21...0x7E ~= byte && byte != UInt8(ascii: "#")))
        }
        #expect(ByteClass.token[Int(UInt8(ascii: "_"))] & 2 != 0)
    }

    @Test("the first control byte is found at any place among any bytes")
    func controls() {
        var generator = SeededGenerator(state: 1)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...40, using: &generator)).map { _ -> UInt8 in
                let byte = UInt8.random(in: 0...255, using: &generator)
                return Bool.random(using: &generator) || Bool.random(using: &generator) ? byte | 0x20 : byte
            }
            let expected = bytes.firstIndex { $0 < 0x20 || $0 == 0x7F } ?? bytes.count
            let found = bytes.withUnsafeBufferPointer { ByteClass.firstControl($0.baseAddress!, 0, $0.count) }
            #expect(found == expected, "\(bytes)")
        }
    }
}
