import Testing

@testable import TulleProxy

@Suite("HPACK decoder")
struct HPACKDecoderTests {
    private func decode(_ hex: String) -> HPACKResult {
        var peer = HPACKHarness()
        return peer.decode(hex: hex)
    }

    @Test("an empty block is complete and holds nothing")
    func empty() {
        var peer = HPACKHarness()
        #expect(peer.decode([]) == .complete)
        #expect(peer.fields == [])
        #expect(peer.block.fieldsEnd == 0)
    }

    @Test("the static table's fields are read by their index")
    func staticTable() {
        for (index, field) in [
            (1, ":authority: "), (2, ":method: GET"), (3, ":method: POST"), (4, ":path: /"), (5, ":path: /index.html"),
            (6, ":scheme: http"), (7, ":scheme: https"), (15, "accept-charset: "),
            (16, "accept-encoding: gzip, deflate"), (31, "content-type: "), (32, "cookie: "),
            (56, "strict-transport-security: "), (58, "user-agent: "), (61, "www-authenticate: "),
        ] {
            var peer = HPACKHarness()
            #expect(peer.decode([0x80 | UInt8(index)]) == .complete)
            #expect(peer.fields == [field])
        }
        for (index, status) in [(8, 200), (9, 204), (10, 206), (11, 304), (12, 400), (13, 404), (14, 500)] {
            var peer = HPACKHarness()
            #expect(peer.decode([0x80 | UInt8(index)], as: .response) == .complete)
            #expect(peer.fields == [":status: \(status)"])
        }
    }

    @Test("an index in neither table is refused, for fields and for names")
    func indexes() {
        for hex in ["80", "be", "ff00", "ffffffff7f", "7f0001", "7f800061", "0f2f0161", "1f2f0161"] {
            #expect(decode(hex) == .broken(.invalidIndex), "\(hex)")
        }
        #expect(decode("bd") == .complete)
    }

    @Test("an integer of more than four further bytes is refused, even when they are zeros")
    func longIntegers() {
        for hex in [
            "ff8080808000", "ffffffffffff", "ff80808080", "3fffffffffff00", "007fffffffffff0f", "00ffffffffffffff",
            "000161ff8080808001", "7f80808080808080808001",
        ] {
            #expect(decode(hex) == .broken(.integerTooLarge), "\(hex)")
        }
        #expect(decode("0001617f808000" + String(repeating: "62", count: 127)) == .complete, "three, two of them zeros")
    }

    @Test("a block that ends within a field is refused wherever it ends")
    func truncated() {
        let whole = HPACKHarness.bytes(
            "418cf1e3c2e5f23a6ba0ab90f4ff" + "408825a849e95ba97d7f8925a849e95bb8e8b4bf" + "0f0d03313032" + "ff00"
                + "3fe11f")
        let ends = Set([14, 34, 40])
        for count in 1..<whole.count - 5 {
            var peer = HPACKHarness()
            let expected: HPACKResult = ends.contains(count) ? .complete : .broken(.truncated)
            #expect(peer.decode(Array(whole[..<count])) == expected, "\(count) bytes")
        }
        #expect(decode("ff") == .broken(.truncated))
        #expect(decode("3fe1") == .broken(.truncated))
    }

    @Test("a Huffman code that does not end as it must is refused")
    func huffman() {
        func value(_ hex: String) -> HPACKResult {
            let code = HPACKHarness.bytes(hex)
            var peer = HPACKHarness()
            return peer.decode([0x00, 0x01, 0x61, 0x80 | UInt8(code.count)] + code)
        }
        #expect(value("") == .complete)
        // `a` is 00011, and `0` is 00000.
        #expect(value("1f") == .complete)
        #expect(value("0000000000") == .complete)
        for wrong in [
            "18", "1e", "1b",  // padding that is not all ones
            "1fff", "ff", "0000000000ff",  // a byte of padding
            "ffffffff", "1fffffffff", "fffffffc00",  // EOS
            "0000000000000000000000ffffffff0000000000000000000000",  // EOS far from the end
            "ffff", "fffe", "ffffff",  // the beginning of a long code
        ] {
            #expect(value(wrong) == .broken(.invalidHuffmanCode), "\(wrong)")
        }
        #expect(decode("0081ff0161") == .broken(.invalidHuffmanCode), "in a name")
    }

    // MARK: Table size

    @Test("a size update is for the block's start, and not above the setting")
    func sizeUpdates() {
        #expect(decode("20") == .complete)
        #expect(decode("203fe11f82") == .complete, "two of them, up to 4,096")
        #expect(decode("3fe21f") == .broken(.tableSizeTooLarge), "4,097")
        #expect(decode("8220") == .broken(.misplacedTableSizeUpdate))
    }

    @Test("a size update evicts at once")
    func sizeUpdateEvicts() {
        var peer = HPACKHarness()
        let three = Self.inserting("a", "1") + Self.inserting("b", "2") + Self.inserting("c", "3")
        #expect(peer.decode(three) == .complete)
        #expect(peer.decoder.tableBytes == 3 * 34)
        #expect(peer.decode(HPACKHarness.bytes("3f30")) == .complete, "79 bytes")
        #expect(peer.table == ["c: 3", "b: 2"])
        #expect(peer.decode(HPACKHarness.bytes("20bf")) == .broken(.invalidIndex))
        #expect(peer.decoder.tableBytes == 0)
    }

    @Test("after a lowered setting the next block starts with a size update, to the lowest that there was")
    func loweredSetting() {
        var peer = HPACKHarness()
        peer.decoder.setMaxTableBytes(100)
        peer.decoder.setMaxTableBytes(2000)
        for (hex, result) in [
            ("82", HPACKResult.broken(.missingTableSizeUpdate)), ("3fb10f82", .broken(.tableSizeTooLarge)),
            ("3f4582", .complete), ("3f453fb10f82", .complete), ("203fb20f82", .broken(.tableSizeTooLarge)),
        ] {
            var copy = peer
            #expect(copy.decode(hex: hex) == result, "\(hex)")
        }
        #expect(peer.decode(hex: "3f4582") == .complete)
        #expect(peer.decode(hex: "82") == .complete, "once is enough")
    }

    @Test("no size update is due when the peer uses no more than the lowered setting")
    func loweredSettingAboveUse() {
        var peer = HPACKHarness()
        #expect(peer.decode(hex: "3f4582") == .complete, "100 bytes")
        peer.decoder.setMaxTableBytes(100)
        #expect(peer.decode(hex: "82") == .complete)
        #expect(peer.decode(hex: "3f46") == .broken(.tableSizeTooLarge))
    }

    @Test("a setting above 4,096 bytes is used only after a size update")
    func raisedSetting() {
        var peer = HPACKHarness(maxTableBytes: 8192)
        let large = String(repeating: "v", count: 2000)
        let two = Self.inserting("a", large) + Self.inserting("b", large) + Self.inserting("c", large)
        #expect(peer.decode(two) == .complete)
        #expect(peer.decoder.tableBytes == 2 * 2033)
        #expect(peer.decode(HPACKHarness.bytes("3fe13f") + two) == .complete)
        #expect(peer.decoder.tableBytes == 4 * 2033)
    }

    // MARK: Eviction

    @Test("an entry larger than the table empties it, and one that just fits stays")
    func largeEntries() {
        var peer = HPACKHarness(maxTableBytes: 100)
        #expect(peer.decode(Self.inserting("a", String(repeating: "v", count: 67))) == .complete)
        #expect(peer.decoder.tableBytes == 100)
        #expect(peer.decode(Self.inserting("a", String(repeating: "v", count: 68))) == .complete)
        #expect(peer.fields.count == 1)
        #expect(peer.decoder.tableBytes == 0)
    }

    @Test("a name may be that of the entry which its own insertion drops (RFC 7541, 4.4)")
    func evictedName() {
        var peer = HPACKHarness(maxTableBytes: 64)
        #expect(peer.decode(Self.inserting("x-name", "1")) == .complete)
        let value = Array("a-longer-value".utf8)
        #expect(peer.decode([0x7E, UInt8(value.count)] + value) == .complete)
        #expect(peer.fields == ["x-name: a-longer-value"])
        #expect(peer.table == ["x-name: a-longer-value"])
    }

    @Test("the table holds what a plain list would, through many insertions and size updates")
    func model() {
        var generator = SeededGenerator(state: 7541)
        var peer = HPACKHarness(maxTableBytes: 4096)
        var list: [(name: String, value: String)] = []
        var limit = 4096
        func evict(to size: Int) {
            while list.reduce(0, { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 }) > size { list.removeLast() }
        }
        for round in 0..<3000 {
            var fragment: [UInt8] = []
            if round % 50 == 49 {
                limit = [0, 40, 300, 1000, 4096].randomElement(using: &generator)!
                fragment += HPACKHarness.written { HPACKInteger.write(limit, mask: 0x1F, pattern: 0x20, to: &$0) }
                evict(to: limit)
            }
            let field: (name: String, value: String)
            let value = String(repeating: "v", count: Int.random(in: 0...200, using: &generator)) + "\(round)"
            if let index = list.indices.randomElement(using: &generator), Bool.random(using: &generator) {
                field = (list[index].name, value)
                fragment += HPACKHarness.written { HPACKInteger.write(62 + index, mask: 0x3F, pattern: 0x40, to: &$0) }
                fragment += HPACKHarness.literal("", value)[2...]
            } else {
                field = ("x-\(round % 97)", value)
                fragment += Self.inserting(field.name, field.value)
            }
            let size = field.name.utf8.count + field.value.utf8.count + 32
            evict(to: max(0, limit - size))
            if size <= limit { list.insert(field, at: 0) }
            #expect(peer.decode(fragment) == .complete)
            #expect(peer.fields == ["\(field.name): \(field.value)"])
            if round % 20 == 0 { #expect(peer.table == list.map { "\($0.name): \($0.value)" }, "round \(round)") }
        }
    }

    static func inserting(_ name: String, _ value: String) -> [UInt8] {
        HPACKHarness.literal(name, value, pattern: 0x40)
    }
}
