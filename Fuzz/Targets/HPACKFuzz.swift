import NIOCore

/// Several field blocks on one decoder, with changes of the table's size between them: what is decoded is what a plain
/// decoder says, obeys the rules for fields, and comes back the same through the encoder and over HTTP/1.
enum HPACKFuzz {
    static func run(_ input: FuzzInput) -> Int32 {
        var input = input
        let largest = [0, 100, 4096, 65_536][input.choice() & 3]
        var decoder = HPACKDecoder(maxTableBytes: largest)
        var reference = ReferenceHPACK(maxTableBytes: largest)
        var setting = largest
        var block = HeaderBlock()
        var pseudo = PseudoFields()
        // Each block: a byte of choices, its length, its bytes.
        for _ in 0..<64 where !input.isEmpty {
            let choice = Int(input.byte())
            if choice & 0xC0 == 0xC0 {
                setting = [0, 64, 1000, 4096, 16_384, 1 << 20, 4096, 200][choice & 7]
                decoder.setMaxTableBytes(setting)
                reference.setMaxTableBytes(setting)
                continue
            }
            let kind = BlockKind(rawValue: UInt8(choice & 3)) ?? .request
            let limits = choice & 4 == 0 ? HTTP1Limits() : HTTP1HeadFuzz.small
            let fragment = input.take(choice & 0x20 == 0 ? Int(input.byte()) : input.word())
            block.reset()
            pseudo.reset()
            let result = FieldBlock.decode(fragment, as: kind, with: &decoder, limits, &block, &pseudo)
            let expected = reference.decode(fragment)
            if case .broken(let error) = result {
                check(expected == nil, "broken by \(error), where a plain decoder reads on")
                return 0
            }
            guard let expected else { fatalError("\(result), where a plain decoder finds it broken") }
            check(decoder.tableBytes == reference.tableBytes, "the tables differ")
            check(decoder.tableBytes <= max(4096, setting), "the table is too large")
            if result == .complete {
                let fields = HPACKFields(block, pseudo)
                fields.checkRules(kind, limits)
                fields.checkAgainst(expected, kind)
                fields.checkEncoded(kind, neverIndexed: block)
                if kind == .request { HTTP2ToHTTP1.check(block, pseudo, limits, end: choice & 8 == 0) }
            } else {
                check(HPACKFields(block, pseudo).isCheap(limits), "a block over the limit is kept")
            }
        }
        return 0
    }
}
