import Testing

@testable import TulleProxy

@Suite("HPACK by another encoder")
struct HPACKPeerTests {
    @Test("its blocks are read as they were made", arguments: HPACKPeerBlocks.connections)
    func connections(connection: HPACKPeerBlocks.Connection) {
        var peer = HPACKHarness()
        for (index, block) in connection.blocks.enumerated() {
            #expect(peer.decode(hex: block.hex) == .complete, "block \(index)")
            #expect(peer.fields == block.fields, "block \(index)")
            #expect(peer.decoder.tableBytes <= 4096)
        }
    }

    @Test("its Huffman codes of all bytes are read, wherever in a word they begin")
    func huffman() {
        for (bytes, code) in HPACKPeerBlocks.huffman {
            #expect(decoded(HPACKHarness.bytes(code)) == HPACKHarness.bytes(bytes))
        }
    }

    @Test("a Huffman coded string is read alike whatever follows it")
    func surroundings() {
        let code = HPACKHarness.bytes(HPACKPeerBlocks.huffman[0].code)
        let bytes = HPACKHarness.bytes(HPACKPeerBlocks.huffman[0].bytes)
        for following in 0...16 {
            for byte in [UInt8(0), 0x55, 0xFF] {
                #expect(decoded(code, following: [UInt8](repeating: byte, count: following)) == bytes)
            }
        }
    }

    private func decoded(_ code: [UInt8], following: [UInt8] = []) -> [UInt8]? {
        let all = code + following
        var length: Int?
        let out = [UInt8](unsafeUninitializedCapacity: HuffmanTable.room(code.count)) { room, count in
            all.withUnsafeBufferPointer {
                length = HuffmanTable.shared.decode(
                    $0.baseAddress!, count: code.count, readable: all.count,
                    to: UnsafeMutableRawPointer(room.baseAddress!))
            }
            count = length ?? 0
        }
        return length == nil ? nil : out
    }
}
