import TulleModel

/// Writes a value as block-style YAML 1.2 that YAML 1.1 readers read the same way.
enum YAMLText {
    /// The document, ended by a line feed.
    static func text(of value: Value) -> String {
        switch value {
        case .object(let fields) where !fields.isEmpty: block(value, indent: 0)
        case .list(let values) where !values.isEmpty: block(value, indent: 0)
        default: scalar(value) + "\n"
        }
    }

    private static func block(_ value: Value, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        switch value {
        case .object(let fields):
            return fields.sorted { $0.key < $1.key }.map { key, value in
                let label = margin + plain(key) + ":"
                return isNested(value)
                    ? label + "\n" + block(value, indent: isList(value) ? indent : indent + 2)
                    : label + " " + scalar(value) + "\n"
            }.joined()
        case .list(let values):
            return values.map { value in
                guard isNested(value) else { return margin + "- " + scalar(value) + "\n" }
                // The first line of the nested block moves up beside its dash.
                return margin + "- " + block(value, indent: indent + 2).dropFirst(indent + 2)
            }.joined()
        default:
            return margin + scalar(value) + "\n"
        }
    }

    private static func isList(_ value: Value) -> Bool {
        if case .list = value { true } else { false }
    }

    private static func isNested(_ value: Value) -> Bool {
        switch value {
        case .object(let fields): !fields.isEmpty
        case .list(let values): !values.isEmpty
        default: false
        }
    }

    private static func scalar(_ value: Value) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let number): Int64(exactly: number).map(String.init) ?? String(number)
        case .string(let text): plain(text)
        case .list: "[]"
        case .object: "{}"
        }
    }

    /// Plain where no reader could take it for anything but this string; quoted as JSON otherwise.
    private static func plain(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let isLetter = { (byte: UInt8) in (97...122).contains(byte | 0x20) }
        let isSafe = { (byte: UInt8) in
            isLetter(byte) || (48...57).contains(byte) || [45, 46, 47, 95].contains(byte)
        }
        guard let first = bytes.first, isLetter(first) || first == 47, bytes.allSatisfy(isSafe),
            !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
        else { return JSONText.quoted(text) }
        return text
    }
}
