import FoundationEssentials
import TulleConfig

extension MessageReader {
    mutating func scalar(
        _ kind: FieldShape.Kind, _ number: Int, _ node: YAMLNode, _ path: String, _ writer: inout WireWriter
    ) {
        switch kind {
        case .bool:
            guard let value = node.scalar?.bool else {
                return fail(node, path, "expected true or false, found \(node.kindForPeople)")
            }
            writer.varint(number, value ? 1 : 0)
        case .int32:
            guard let value = integer(node, path, Int32.self) else { return }
            writer.varint(number, UInt64(bitPattern: Int64(value)))
        case .int64:
            guard let value = integer(node, path, Int64.self) else { return }
            writer.varint(number, UInt64(bitPattern: value))
        case .uint32:
            guard let value = integer(node, path, UInt32.self) else { return }
            writer.varint(number, UInt64(value))
        case .uint64:
            guard let value = integer(node, path, UInt64.self) else { return }
            writer.varint(number, value)
        case .double:
            guard let value = numeric(node)?.double else {
                return fail(node, path, "expected a number, found \(node.kindForPeople)")
            }
            writer.fixed64(number, value.bitPattern)
        case .string:
            guard let text = string(node, path) else { return }
            writer.delimited(number, text.utf8)
        case .bytes:
            guard let text = string(node, path) else { return }
            let standard = text.replacing("-", with: "+").replacing("_", with: "/")
            let padding = String(repeating: "=", count: standard.hasSuffix("=") ? 0 : (4 - standard.utf8.count % 4) % 4)
            guard let data = Data(base64Encoded: standard + padding) else {
                return fail(node, path, "\(ConfigurationError.quoted(text)) is not base64")
            }
            writer.delimited(number, data)
        case .enumeration(let name):
            guard let value = enumeration(node, name, path) else { return }
            writer.varint(number, UInt64(bitPattern: Int64(value)))
        case .message, .map:
            preconditionFailure("messages and maps are read elsewhere")
        }
    }

    private mutating func string(_ node: YAMLNode, _ path: String) -> String? {
        if let scalar = node.scalar, scalar.kind == .string { return scalar.text }
        let hint = node.scalar == nil ? "" : "; put it in quotes"
        fail(node, path, "expected a string, found \(node.kindForPeople)\(hint)")
        return nil
    }

    /// A scalar read as a number even where it is quoted, as protobuf's JSON mapping has it.
    private func numeric(_ node: YAMLNode) -> YAMLScalar? {
        node.scalar.map { YAMLScalar($0.text, style: .plain) }
    }

    private mutating func integer<Integer: FixedWidthInteger>(
        _ node: YAMLNode, _ path: String, _: Integer.Type
    ) -> Integer? {
        let scalar = numeric(node)
        if let value = scalar?.integer.flatMap(Integer.init(exactly:)) { return value }
        if let value = scalar?.unsigned.flatMap(Integer.init(exactly:)) { return value }
        guard let value = scalar?.double else {
            fail(node, path, "expected an integer, found \(node.kindForPeople)")
            return nil
        }
        if scalar?.kind == .float, let whole = Integer(exactly: value) { return whole }
        if value.rounded() == value {
            fail(node, path, "\(scalar?.text ?? "") is not in \(Integer.min) to \(Integer.max)")
        } else {
            fail(node, path, "expected an integer, found \(node.kindForPeople)")
        }
        return nil
    }

    private mutating func enumeration(_ node: YAMLNode, _ name: String, _ path: String) -> Int? {
        guard let shape = EnumShape.named(name), let scalar = node.scalar else {
            fail(node, path, "expected a name of \(name), found \(node.kindForPeople)")
            return nil
        }
        if let value = shape.values.first(where: { $0.name == scalar.text }) { return value.number }
        if let number = scalar.integer, let value = shape.values.first(where: { $0.number == number }) {
            return value.number
        }
        let names = shape.values.map(\.name)
        fail(
            node, path,
            "unknown value \(ConfigurationError.quoted(scalar.text)); it is one of \(names.joined(separator: ", "))",
            suggestion: NearestKey.suggest(for: scalar.text, among: names))
        return nil
    }
}
