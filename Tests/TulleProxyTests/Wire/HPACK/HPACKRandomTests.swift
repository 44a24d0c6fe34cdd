import NIOCore
import Testing

@testable import TulleProxy

@Suite("HPACK on random bytes")
struct HPACKRandomTests {
    /// Pieces that a block is made of, right and wrong ones, so that random choices get deep.
    private static let pieces: [[UInt8]] =
        [
            "82", "84", "87", "88", "90", "be", "bf", "c0", "c8", "ff00", "ff1f", "20", "3f30", "3fe11f", "80", "b9",
            "a0",
            "418cf1e3c2e5f23a6ba0ab90f4ff", "408825a849e95ba97d7f8925a849e95bb8e8b4bf", "5886a8eb10649cbf", "7e0161",
            "0f2f0161", "0f110161", "1f0883ffffff", "0081ff0161", "00", "40", "ff", "7f", "0001610161", "400178820000",
        ].map(HPACKHarness.bytes) + [
            HPACKHarness.literal("cookie", "a=b", pattern: 0x40), HPACKHarness.literal("X", "y"),
            HPACKHarness.literal("x", "y\r\nz", pattern: 0x40), HPACKHarness.literal(":path", "/ a", pattern: 0x40),
            HPACKHarness.literal("x-long", String(repeating: "v", count: 900), pattern: 0x40),
        ]

    /// Whatever was decoded has to be within the limits and, as HTTP/1.1, has to be read as the same fields.
    private func check(_ peer: HPACKHarness, _ result: HPACKResult, _ seed: UInt64) {
        if case .broken = result { return }
        if peer.block.bytes.writerIndex > 2 * 2000 + 2 { Issue.record("seed \(seed): over the limit") }
        var out = ByteBuffer()
        peer.block.writeFields(to: &out)
        let ended = Array(out.readableBytesView) + [0x0D, 0x0A]
        var parser = FieldSectionParser(at: 0)
        var block = HeaderBlock()
        let parsed = ended.withUnsafeBytes { bytes in
            block.hold(bytes)
            return parser.parse(
                bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), bytes.count, maxFields: 100, into: &block)
        }
        let described = (WireHarness.describe(peer.block), WireHarness.describe(block))
        if parsed != .complete || described.0 != described.1 {
            Issue.record("seed \(seed): \(described.0) is read as \(described.1)")
        }
        if peer.decoder.tableBytes > 4096 { Issue.record("seed \(seed): the table is too large") }
    }

    @Test("pieces in any order, and changed bytes in them, do no harm")
    func pieces() {
        for seed in UInt64(0)..<12_000 {
            var generator = SeededGenerator(state: seed)
            var peer = HPACKHarness()
            for _ in 0..<4 {
                var fragment: [UInt8] = []
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    fragment += Self.pieces.randomElement(using: &generator)!
                }
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    let index = fragment.indices.randomElement(using: &generator)!
                    fragment[index] = UInt8.random(in: 0...255, using: &generator)
                }
                let kind = [BlockKind.request, .response, .trailers].randomElement(using: &generator)!
                let result = peer.decode(fragment, as: kind, maxBytes: 2000, maxFields: 20)
                check(peer, result, seed)
                if case .broken = result { break }
            }
        }
    }

    @Test("noise does no harm")
    func noise() {
        var peer = HPACKHarness()
        var complete = 0
        for seed in UInt64(0)..<100_000 {
            var generator = SeededGenerator(state: seed)
            if seed % 16 == 0 { peer = HPACKHarness() }
            let fragment = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                UInt8(truncatingIfNeeded: generator.next())
            }
            let result = peer.decode(fragment, maxBytes: 2000, maxFields: 20)
            check(peer, result, seed)
            if result == .complete { complete += 1 }
        }
        #expect(complete > 100, "some noise gets through, or this looks at nothing")
    }

    @Test("what the encoder writes is read back")
    func roundTrips() {
        for seed in UInt64(0)..<3000 {
            var generator = SeededGenerator(state: seed)
            var fragment: [UInt8] = []
            var fields: [String] = []
            for index in 0..<Int.random(in: 0...12, using: &generator) {
                let name = ["accept", "x-\(index)", "content-type", "via"].randomElement(using: &generator)!
                let inner = (0..<Int.random(in: 0...50, using: &generator)).map { _ in
                    Unicode.Scalar(Int.random(in: 0x20...0x7E, using: &generator))!
                }
                let value = "v\(String(String.UnicodeScalarView(inner)))v"
                fragment += HPACKHarness.encoded(name, value)
                fields.append("\(name): \(value)")
            }
            var peer = HPACKHarness()
            #expect(peer.decode(fragment) == .complete)
            #expect(peer.fields == fields, "seed \(seed)")
            #expect(peer.lines == fields.map { "\($0)\r\n" }.joined())
        }
    }
}
