import NIOCore

/// HPACK's two directions, for values.
enum FieldBlock {
    static func written(bound: Int, _ fields: (inout HeadWriter) -> Void) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: bound) { room, count in
            var writer = HeadWriter(UnsafeMutableRawBufferPointer(room))
            fields(&writer)
            count = writer.count
        }
    }

    /// Decodes with a table of its own.
    static func decode(
        _ block: [UInt8], as kind: BlockKind, into fields: inout HeaderBlock, _ pseudo: inout PseudoFields
    ) -> HPACKResult {
        var decoder = HPACKDecoder(maxTableBytes: 4096)
        let limits = HTTP1Limits(maxHeadBytes: 1 << 24, maxFields: 10_000)
        return decode(block, as: kind, with: &decoder, limits, &fields, &pseudo)
    }

    /// The bytes lie alone on the heap, so that a read beyond them is seen.
    static func decode(
        _ block: [UInt8], as kind: BlockKind, with decoder: inout HPACKDecoder, _ limits: HTTP1Limits,
        _ fields: inout HeaderBlock, _ pseudo: inout PseudoFields
    ) -> HPACKResult {
        let alone = UnsafeMutableRawBufferPointer.allocate(byteCount: block.count, alignment: 1)
        defer { alone.deallocate() }
        alone.copyBytes(from: block)
        return decoder.decode(
            UnsafeRawBufferPointer(alone), as: kind, maxBytes: limits.maxHeadBytes, maxFields: limits.maxFields,
            into: &fields, pseudo: &pseudo)
    }
}
