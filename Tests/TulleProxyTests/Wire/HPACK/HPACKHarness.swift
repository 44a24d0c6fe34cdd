import NIOCore

@testable import TulleProxy

/// One direction of a connection: a decoder, and the block it decodes into, told as text that can be compared.
struct HPACKHarness {
    var decoder: HPACKDecoder
    var block = HeaderBlock()
    var pseudo = PseudoFields()

    init(maxTableBytes: Int = 4096) {
        decoder = HPACKDecoder(maxTableBytes: maxTableBytes)
    }

    mutating func decode(
        _ fragment: [UInt8], as kind: BlockKind = .request, maxBytes: Int = 60 << 10, maxFields: Int = 100
    ) -> HPACKResult {
        block.reset()
        pseudo.reset()
        return fragment.withUnsafeBytes {
            decoder.decode($0, as: kind, maxBytes: maxBytes, maxFields: maxFields, into: &block, pseudo: &pseudo)
        }
    }

    mutating func decode(hex: String, as kind: BlockKind = .request) -> HPACKResult {
        decode(Self.bytes(hex), as: kind)
    }

    /// The fields of the last block as `name: value`, pseudo-fields first.
    var fields: [String] {
        let heads: [(String, Range<Int>?)] = [
            (":method", pseudo.method), (":scheme", pseudo.scheme), (":authority", pseudo.authority),
            (":path", pseudo.path), (":status", pseudo.status), (":protocol", pseudo.proto),
        ]
        return heads.compactMap { name, range in range.map { "\(name): \(block.string($0))" } }
            + block.fields.filter { !$0.isRemoved }
            .map { "\(block.string($0.nameRange)): \(block.string($0.valueRange))" }
    }

    /// The lines that would be forwarded over HTTP/1.1.
    var lines: String {
        var out = ByteBuffer()
        block.writeFields(to: &out)
        return String(buffer: out)
    }

    /// The dynamic table, the newest first. Read with a copy of the decoder, one indexed field a block.
    var table: [String] {
        var fields: [String] = []
        while true {
            var probe = self
            let bytes = Self.written { HPACKInteger.write(62 + fields.count, mask: 0x7F, pattern: 0x80, to: &$0) }
            switch probe.decode(bytes) {
            case .complete: break
            case .malformed(.pseudoFieldOfOtherKind): _ = probe.decode(bytes, as: .response)
            default: return fields
            }
            fields.append(probe.fields.joined())
        }
    }

    static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.filter { $0 != " " }.map { UInt8($0.hexDigitValue!) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func written(room: Int = 1 << 18, _ body: (inout HeadWriter) -> Void) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            var writer = HeadWriter(UnsafeMutableRawBufferPointer(buffer))
            body(&writer)
            count = writer.count
        }
    }

    /// A literal without indexing, with a literal name and no Huffman codes.
    static func literal(_ name: [UInt8], _ value: [UInt8], pattern: UInt8 = 0) -> [UInt8] {
        written { writer in
            writer.append(byte: pattern)
            for string in [name, value] {
                HPACKInteger.write(string.count, mask: 0x7F, pattern: 0, to: &writer)
                string.withUnsafeBytes { writer.append($0) }
            }
        }
    }

    static func literal(_ name: String, _ value: String, pattern: UInt8 = 0) -> [UInt8] {
        literal(Array(name.utf8), Array(value.utf8), pattern: pattern)
    }

    /// A field as the encoder writes it.
    static func encoded(_ name: String, _ value: String) -> [UInt8] {
        let name = Array(name.utf8)
        let value = Array(value.utf8)
        return written { writer in
            name.withUnsafeBytes { name in
                value.withUnsafeBytes { value in
                    let known = name.baseAddress.map { KnownHeader.named($0, name.count) } ?? .other
                    HPACKEncoder.field(known, name, value, to: &writer)
                }
            }
        }
    }
}
