/// Writes protobuf's wire format (protobuf.dev, "Encoding").
///
/// Messages are encoded straight from the configuration tree, because then every field keeps its place, Any needs no
/// registry, and merging two files is appending their bytes, as the format promises.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ field: Int, _ value: UInt64) {
        raw(UInt64(field) << 3)
        raw(value)
    }

    mutating func fixed64(_ field: Int, _ value: UInt64) {
        raw(UInt64(field) << 3 | 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func delimited(_ field: Int, _ content: some Collection<UInt8>) {
        raw(UInt64(field) << 3 | 2)
        raw(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    private mutating func raw(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
