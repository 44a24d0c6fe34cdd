import NIOCore

/// Decodes the field blocks of one direction of an HTTP/2 connection (RFC 7541) into header blocks.
///
/// The pseudo-fields' values stand first in the header block's bytes, each by itself; the fields follow as lines of
/// HTTP/1.1, so that they can be forwarded by copying ranges. A warm decoder with a warm block allocates nothing.
struct HPACKDecoder {
    private var table: HPACKDynamicTable
    /// What our SETTINGS_HEADER_TABLE_SIZE says, once the peer has acknowledged it.
    private var maxTableBytes: Int
    /// The smallest size that our setting has had since the peer's last size update, when the table was over it: the next
    /// block has to start by going down to it (RFC 7541, 4.2).
    private var requiredTableBytes: Int?
    private let huffman = HuffmanTable.shared
    private let staticEntries = HPACKStaticTable.entries

    /// The table's storage is allocated when a peer first inserts into it, and grows with what is in it.
    ///
    /// - Parameter maxTableBytes: what our SETTINGS_HEADER_TABLE_SIZE says. A peer starts with 4,096 bytes, and uses more
    ///   only after a size update. It also does before it has seen a lower setting: start with 4,096 then, and call
    ///   `setMaxTableBytes` when it has acknowledged ours. Lower at once is for peers that know it beforehand.
    init(maxTableBytes: Int) {
        precondition(0...Self.largestTable ~= maxTableBytes)
        self.maxTableBytes = maxTableBytes
        table = HPACKDynamicTable(maxSize: min(maxTableBytes, Self.initialTable))
    }

    /// RFC 9113, 6.5.2.
    private static let initialTable = 4096

    /// Far above what anybody gives a connection, and far below where offsets of 32 bits would end.
    private static let largestTable = 1 << 28

    /// How large the table is, as RFC 7541, 4.1 counts.
    var tableBytes: Int { table.size }

    /// Takes up a setting that the peer has acknowledged. When it is lower than what the peer uses, the next block has to
    /// start with a size update; when it is higher, the peer may send one.
    mutating func setMaxTableBytes(_ bytes: Int) {
        precondition(0...Self.largestTable ~= bytes)
        maxTableBytes = bytes
        if bytes < table.maxSize { requiredTableBytes = min(bytes, requiredTableBytes ?? bytes) }
    }

    /// Decodes a whole field block, its fragments already joined, into a block that has been reset.
    ///
    /// When a message is malformed or too large, no field from there on is kept in the block. When the result is
    /// `.broken`, nothing more can be decoded on the connection.
    ///
    /// - Parameters:
    ///   - maxBytes: the most bytes that the fields may have together, each counted as its line in HTTP/1.1: the name, the
    ///     value and 4. So one limit means the same for both protocols; SETTINGS_MAX_HEADER_LIST_SIZE counts 28 more
    ///     a field. Pseudo-fields count as well.
    ///   - maxFields: the most fields, without pseudo-fields; a cookie sent in pieces is one.
    mutating func decode(
        _ fragment: UnsafeRawBufferPointer, as kind: BlockKind, maxBytes: Int, maxFields: Int,
        into block: inout HeaderBlock, pseudo: inout PseudoFields
    ) -> HPACKResult {
        guard let base = fragment.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return .complete }
        let end = fragment.count
        var section = FieldSection(kind, maxBytes: maxBytes, maxFields: maxFields)
        var at = 0
        while at < end, base[at] & 0xE0 == 0x20 {
            if let error = resize(base, &at, end) { return .broken(error) }
        }
        if requiredTableBytes != nil, end > 0 { return .broken(.missingTableSizeUpdate) }
        while at < end {
            let first = base[at]
            let error: HPACKError? =
                if first >= 0x80 {
                    indexed(base, &at, end, &section, &block, &pseudo)
                } else if first & 0xE0 == 0x20 {
                    .misplacedTableSizeUpdate
                } else {
                    literal(base, &at, end, &section, &block, &pseudo)
                }
            if let error { return .broken(error) }
        }
        section.finish(&block)
        return section.result
    }

    // MARK: Representations

    private mutating func resize(_ base: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int) -> HPACKError? {
        let size = HPACKInteger.read(base, &at, end, mask: 0x1F)
        guard size >= 0 else { return HPACKInteger.error(size) }
        guard size <= requiredTableBytes ?? maxTableBytes else { return .tableSizeTooLarge }
        requiredTableBytes = nil
        table.resize(to: size)
        return nil
    }

    @inline(__always)
    private func indexed(
        _ base: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int, _ section: inout FieldSection,
        _ block: inout HeaderBlock, _ pseudo: inout PseudoFields
    ) -> HPACKError? {
        let index = HPACKInteger.read(base, &at, end, mask: 0x7F)
        guard index >= 0 else { return HPACKInteger.error(index) }
        guard let entry = entry(at: index) else { return .invalidIndex }
        let place = section.place(entry)
        if case .nowhere = place { return nil }
        withLine(index, entry) { line in
            let start = block.bytes.writerIndex
            switch place {
            case .nowhere: break
            case .pseudo:
                let value = Int(entry.nameLength) &+ 2
                block.hold(UnsafeRawBufferPointer(rebasing: line[value..<value &+ Int(entry.valueLength)]))
                pseudo.set(entry.traits.kind, start..<start &+ Int(entry.valueLength))
            case .line:
                block.hold(line)
                block.addParsed(Self.field(entry, at: start, neverIndexed: false))
            case .crumb:
                block.hold(UnsafeRawBufferPointer(rebasing: line[(Int(entry.nameLength) &+ 2)...]))
                block.extendLastParsed(by: Int(entry.valueLength))
            }
        }
        return nil
    }

    private mutating func literal(
        _ base: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int, _ section: inout FieldSection,
        _ block: inout HeaderBlock, _ pseudo: inout PseudoFields
    ) -> HPACKError? {
        let first = base[at]
        let inserts = first & 0x40 != 0
        let index = HPACKInteger.read(base, &at, end, mask: inserts ? 0x3F : 0x0F)
        guard index >= 0 else { return HPACKInteger.error(index) }
        var named: HPACKEntry?
        var name = HPACKString()
        if index > 0 {
            guard let entry = entry(at: index) else { return .invalidIndex }
            named = entry
        } else if let error = name.read(base, &at, end) {
            return error
        }
        var value = HPACKString()
        if let error = value.read(base, &at, end) { return error }
        // Nothing of it will be kept, and nothing of it can be wrong.
        if !inserts, !section.isOpen, !name.isHuffman, !value.isHuffman { return nil }

        var error: HPACKError?
        var place = FieldSection.Place.nowhere
        var entry = HPACKEntry(start: 0, nameLength: 0, valueLength: 0, traits: FieldTraits())
        let start = block.bytes.writerIndex
        block.hold(room: (named.map { Int($0.nameLength) } ?? name.room) &+ value.room &+ 4) { room in
            // NIO gives at least what was asked for, and that was more than nothing.
            let out = room.baseAddress!
            let nameLength: Int
            if let named {
                nameLength = Int(named.nameLength)
                withLine(index, named) { out.copyMemory(from: $0.baseAddress!, byteCount: nameLength) }
                entry.traits = named.traits
            } else {
                guard let length = name.write(base, end, huffman, to: out) else {
                    error = .invalidHuffmanCode
                    return 0
                }
                nameLength = length
                entry.traits = FieldTraits(name: UnsafeRawBufferPointer(start: out, count: length))
            }
            out.storeBytes(of: (0x3A20 as UInt16).bigEndian, toByteOffset: nameLength, as: UInt16.self)
            let behind = out + nameLength + 2
            guard let valueLength = value.write(base, end, huffman, to: behind) else {
                error = .invalidHuffmanCode
                return 0
            }
            behind.storeBytes(of: (0x0D0A as UInt16).bigEndian, toByteOffset: valueLength, as: UInt16.self)
            entry.nameLength = UInt32(truncatingIfNeeded: nameLength)
            entry.valueLength = UInt32(truncatingIfNeeded: valueLength)
            entry.traits.judge(value: UnsafeRawBufferPointer(start: behind, count: valueLength))
            if inserts { table.insert(entry, line: UnsafeRawBufferPointer(start: out, count: entry.lineLength)) }
            place = section.place(entry)
            switch place {
            case .nowhere: return 0
            case .line: return entry.lineLength
            case .pseudo:
                out.copyMemory(from: behind, byteCount: valueLength)
                return valueLength
            case .crumb:
                out.copyMemory(from: behind, byteCount: valueLength &+ 2)
                return valueLength &+ 2
            }
        }
        switch place {
        case .nowhere: break
        case .pseudo: pseudo.set(entry.traits.kind, start..<start &+ Int(entry.valueLength))
        case .line: block.addParsed(Self.field(entry, at: start, neverIndexed: first & 0xF0 == 0x10))
        case .crumb: block.extendLastParsed(by: Int(entry.valueLength))
        }
        return error
    }

    // MARK: The index space

    /// The entry of either table; nil for 0, and beyond both (RFC 7541, 2.3.3).
    @inline(__always)
    private func entry(at index: Int) -> HPACKEntry? {
        if index > HPACKStaticTable.count { return table.entry(at: index &- HPACKStaticTable.count &- 1) }
        return index > 0 ? staticEntries[index &- 1] : nil
    }

    @inline(__always)
    private func withLine(_ index: Int, _ entry: HPACKEntry, _ body: (UnsafeRawBufferPointer) -> Void) {
        if index > HPACKStaticTable.count { return table.withLine(entry, body) }
        let start = Int(entry.start)
        body(UnsafeRawBufferPointer(rebasing: HPACKStaticTable.lines.rawBytes[start..<start &+ entry.lineLength]))
    }

    @inline(__always)
    private static func field(_ entry: HPACKEntry, at start: Int, neverIndexed: Bool) -> HeaderBlock.Field {
        var flags: HeaderBlock.Field.Flags = entry.traits.underscored ? .underscored : []
        if neverIndexed { flags.insert(.neverIndexed) }
        return HeaderBlock.Field(
            nameStart: UInt32(truncatingIfNeeded: start), nameLength: UInt16(truncatingIfNeeded: entry.nameLength),
            name: entry.traits.name, flags: flags,
            valueStart: UInt32(truncatingIfNeeded: start &+ Int(entry.nameLength) &+ 2), valueLength: entry.valueLength)
    }
}
