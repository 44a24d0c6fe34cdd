import TulleConfig

/// The messages of `google.protobuf` that JSON writes in a way of their own.
extension MessageReader {
    /// Whether the message is one of those; then it has been written.
    mutating func wellKnown(_ name: String, _ node: YAMLNode, _ path: String, _ writer: inout WireWriter) -> Bool {
        switch name {
        case "google.protobuf.Duration": duration(node, path, &writer)
        case "google.protobuf.BoolValue": scalar(.bool, 1, node, path, &writer)
        case "google.protobuf.UInt32Value": scalar(.uint32, 1, node, path, &writer)
        case "google.protobuf.UInt64Value": scalar(.uint64, 1, node, path, &writer)
        case "google.protobuf.DoubleValue": scalar(.double, 1, node, path, &writer)
        case "google.protobuf.Struct":
            if node.mapping == nil { fail(node, path, "expected a mapping, found \(node.kindForPeople)") }
            structure(node, &writer)
        default: return false
        }
        return true
    }

    private mutating func duration(_ node: YAMLNode, _ path: String, _ writer: inout WireWriter) {
        guard let scalar = node.scalar, let (seconds, nanos) = Self.duration(scalar.text) else {
            return fail(node, path, "expected a duration such as 5s or 0.25s, found \(node.kindForPeople)")
        }
        writer.varint(1, UInt64(bitPattern: seconds))
        writer.varint(2, UInt64(bitPattern: Int64(nanos)))
    }

    /// Seconds with up to nine decimals and an `s`, within protobuf's 10,000 years.
    static func duration(_ text: String) -> (seconds: Int64, nanos: Int32)? {
        guard text.utf8.last == UInt8(ascii: "s") else { return nil }
        var digits = text.dropLast()
        let negative = digits.first == "-"
        if negative { digits = digits.dropFirst() }
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        func isNumber(_ text: Substring) -> Bool {
            !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        }
        guard let whole = parts.first, isNumber(whole), let seconds = Int64(whole), seconds <= 315_576_000_000 else {
            return nil
        }
        var nanos: Int32 = 0
        if parts.count == 2 {
            guard isNumber(parts[1]), parts[1].utf8.count <= 9, let fraction = Int32(parts[1]) else { return nil }
            nanos = (parts[1].utf8.count..<9).reduce(fraction) { value, _ in value * 10 }
        }
        return negative ? (-seconds, -nanos) : (seconds, nanos)
    }

    /// `Struct`: field 1 is a map from names to values.
    private func structure(_ node: YAMLNode, _ writer: inout WireWriter) {
        for entry in node.mapping ?? [] {
            var pair = WireWriter()
            pair.delimited(1, entry.name.utf8)
            var value = WireWriter()
            any(entry.value, &value)
            pair.delimited(2, value.bytes)
            writer.delimited(1, pair.bytes)
        }
    }

    /// `Value`: null 1, number 2, string 3, bool 4, struct 5, list 6.
    private func any(_ node: YAMLNode, _ writer: inout WireWriter) {
        var inner = WireWriter()
        switch node.content {
        case .mapping:
            structure(node, &inner)
            writer.delimited(5, inner.bytes)
        case .sequence(let items):
            for item in items {
                var value = WireWriter()
                any(item, &value)
                inner.delimited(1, value.bytes)
            }
            writer.delimited(6, inner.bytes)
        case .scalar(let scalar):
            switch scalar.kind {
            case .null: writer.varint(1, 0)
            case .integer, .float: writer.fixed64(2, (scalar.double ?? 0).bitPattern)
            case .string: writer.delimited(3, scalar.text.utf8)
            case .bool: writer.varint(4, scalar.bool == true ? 1 : 0)
            }
        }
    }
}
