/// HPACK (RFC 7541) as plainly as it can be written: a table that is an array, a Huffman code that is read bit by bit.
struct ReferenceHPACK {
    struct Field: Equatable {
        var name: [UInt8]
        var value: [UInt8]
        var neverIndexed = false
    }

    private struct Broken: Error {}

    private var table: [Field] = []
    private var tableLimit: Int
    private var setting: Int
    private var required: Int?

    init(maxTableBytes: Int) {
        setting = maxTableBytes
        tableLimit = min(4096, maxTableBytes)
    }

    var tableBytes: Int { table.reduce(0) { $0 + $1.name.count + $1.value.count + 32 } }

    mutating func setMaxTableBytes(_ bytes: Int) {
        setting = bytes
        if bytes < tableLimit { required = min(bytes, required ?? bytes) }
    }

    /// The fields of a block; nil when it is none.
    mutating func decode(_ block: [UInt8]) -> [Field]? {
        var rest = block[...]
        return try? fields(&rest)
    }

    private mutating func fields(_ rest: inout ArraySlice<UInt8>) throws -> [Field] {
        var fields: [Field] = []
        while let first = rest.first, first >> 5 == 1 {
            let size = try integer(&rest, bits: 5)
            guard size <= required ?? setting else { throw Broken() }
            required = nil
            tableLimit = size
            evict(room: 0)
        }
        if required != nil, !rest.isEmpty || !fields.isEmpty { throw Broken() }
        while let first = rest.first {
            if first >> 7 == 1 {
                var field = try entry(try integer(&rest, bits: 7))
                field.neverIndexed = false
                fields.append(field)
            } else if first >> 6 == 1 {
                let field = try literal(&rest, bits: 6)
                fields.append(field)
                evict(room: field.name.count + field.value.count + 32)
                if field.name.count + field.value.count + 32 <= tableLimit { table.insert(field, at: 0) }
            } else if first >> 5 == 1 {
                throw Broken()
            } else {
                var field = try literal(&rest, bits: 4)
                field.neverIndexed = first >> 4 == 1
                fields.append(field)
            }
        }
        return fields
    }

    private mutating func evict(room: Int) {
        while !table.isEmpty, tableBytes + room > tableLimit { table.removeLast() }
    }

    private func literal(_ rest: inout ArraySlice<UInt8>, bits: Int) throws -> Field {
        let index = try integer(&rest, bits: bits)
        let name = index == 0 ? try string(&rest) : try entry(index).name
        return Field(name: name, value: try string(&rest))
    }

    private func entry(_ index: Int) throws -> Field {
        if index >= 1, index <= Self.fixed.count { return Self.fixed[index - 1] }
        guard index > Self.fixed.count, index - Self.fixed.count <= table.count else { throw Broken() }
        return table[index - Self.fixed.count - 1]
    }

    /// 28 bits are the most that the decoder takes.
    private func integer(_ rest: inout ArraySlice<UInt8>, bits: Int) throws -> Int {
        guard let first = rest.popFirst() else { throw Broken() }
        let full = 1 << bits - 1
        var value = Int(first) & full
        if value < full { return value }
        for step in 0..<4 {
            guard let next = rest.popFirst() else { throw Broken() }
            value += Int(next & 0x7F) << (7 * step)
            if next < 0x80 { return value }
        }
        throw Broken()
    }

    private func string(_ rest: inout ArraySlice<UInt8>) throws -> [UInt8] {
        guard let first = rest.first else { throw Broken() }
        let length = try integer(&rest, bits: 7)
        guard length <= rest.count else { throw Broken() }
        let bytes = Array(rest.prefix(length))
        rest = rest.dropFirst(length)
        return first >= 0x80 ? try Self.huffmanDecoded(bytes) : bytes
    }

    private static func huffmanDecoded(_ bytes: [UInt8]) throws -> [UInt8] {
        var out: [UInt8] = []
        var node = 0
        var bitsInCode = 0
        var allOnes = true
        for byte in bytes {
            for shift in (0..<8).reversed() {
                let bit = Int(byte >> shift & 1)
                bitsInCode += 1
                allOnes = allOnes && bit == 1
                let next = huffman[node][bit]
                if next >= 0 {
                    node = next
                    continue
                }
                let symbol = -next - 1
                if symbol == 256 { throw Broken() }
                out.append(UInt8(symbol))
                node = 0
                bitsInCode = 0
                allOnes = true
            }
        }
        guard bitsInCode < 8, allOnes else { throw Broken() }
        return out
    }

    /// The code as a tree: each node's two ends are another node, or the complement of a symbol. RFC 7541, Appendix B
    /// is canonical, so that the lengths make it.
    private static let huffman: [[Int]] = {
        var tree = [[0, 0]]
        var code = 0
        for length in 1...30 {
            code <<= 1
            for (symbol, digit) in codeLengths.enumerated() where Int(String(digit), radix: 36) == length {
                var node = 0
                for bit in (0..<length).reversed() {
                    let way = code >> bit & 1
                    if bit == 0 {
                        tree[node][way] = -symbol - 1
                    } else if tree[node][way] == 0 {
                        tree.append([0, 0])
                        tree[node][way] = tree.count - 1
                        node = tree.count - 1
                    } else {
                        node = tree[node][way]
                    }
                }
                code += 1
            }
        }
        return tree
    }()

    private static let codeLengths = """
        dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca\
        d67777777777777777777777878djde6f56565666577666567655677777fbeds\
        kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn\
        qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu
        """

    /// RFC 7541, Appendix A.
    private static let fixed: [Field] = """
        :authority=|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|\
        :status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset=|\
        accept-encoding=gzip, deflate|accept-language=|accept-ranges=|accept=|access-control-allow-origin=|age=|allow=|\
        authorization=|cache-control=|content-disposition=|content-encoding=|content-language=|content-length=|\
        content-location=|content-range=|content-type=|cookie=|date=|etag=|expect=|expires=|from=|host=|if-match=|\
        if-modified-since=|if-none-match=|if-range=|if-unmodified-since=|last-modified=|link=|location=|max-forwards=|\
        proxy-authenticate=|proxy-authorization=|range=|referer=|refresh=|retry-after=|server=|set-cookie=|\
        strict-transport-security=|transfer-encoding=|user-agent=|vary=|via=|www-authenticate=
        """.split(separator: "|").map { line in
            let equals = line.firstIndex(of: "=")!
            return Field(name: Array(line[..<equals].utf8), value: Array(line[line.index(after: equals)...].utf8))
        }
}
