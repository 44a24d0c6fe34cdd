/// Writes nodes as YAML or JSON, always in the same way.
public enum YAMLWriter {
    /// Block style, two spaces; ends with a newline.
    public static func yaml(_ node: YAMLNode) -> String {
        var out = ""
        write(node, indent: 0, into: &out)
        if !out.hasSuffix("\n") { out += "\n" }
        return out
    }

    /// Several documents, with `---` between them.
    public static func yaml(documents: [YAMLNode]) -> String {
        documents.map(yaml).joined(separator: "---\n")
    }

    /// JSON, in lines of two-space indentation or in one line without spaces.
    public static func json(_ node: YAMLNode, indented: Bool) -> String {
        var out = ""
        writeJSON(node, indent: indented ? 0 : nil, into: &out)
        return out
    }

    /// Writes a node behind what stands on the line, with its own lines at `indent`.
    private static func write(_ node: YAMLNode, indent: Int, into out: inout String) {
        let margin = String(repeating: " ", count: indent)
        switch node.content {
        case .scalar(let scalar): out += plainOrQuoted(scalar) + "\n"
        case .sequence(let items):
            if items.isEmpty { out += "[]\n" }
            for (index, item) in items.enumerated() {
                if index > 0 { out += margin }
                out += "- "
                write(item, indent: indent + 2, into: &out)
            }
        case .mapping(let entries):
            if entries.isEmpty { out += "{}\n" }
            for (index, entry) in entries.enumerated() {
                if index > 0 { out += margin }
                out += plainOrQuoted(YAMLScalar(entry.name, style: .quoted)) + ":"
                switch entry.value.content {
                case .mapping(let below) where !below.isEmpty:
                    out += "\n" + margin + "  "
                    write(entry.value, indent: indent + 2, into: &out)
                case .sequence(let below) where !below.isEmpty:
                    out += "\n" + margin
                    write(entry.value, indent: indent, into: &out)
                case .scalar, .mapping, .sequence:
                    out += " "
                    write(entry.value, indent: indent + 2, into: &out)
                }
            }
        }
    }

    private static func plainOrQuoted(_ scalar: YAMLScalar) -> String {
        if scalar.kind != .string { return number(scalar) ?? quoted(scalar.text) }
        return readsAsString(scalar.text) ? scalar.text : quoted(scalar.text)
    }

    /// Whether a text without quotes is this string to any reader of YAML, 1.1 ones included.
    private static func readsAsString(_ text: String) -> Bool {
        guard let first = text.utf8.first, YAMLScalar(text, style: .plain).kind == .string else { return false }
        guard !["y", "n", "yes", "no", "on", "off"].contains(text.lowercased()) else { return false }
        guard isLetter(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: "_") else { return false }
        return text.utf8.allSatisfy {
            isLetter($0) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "-_./+()=".utf8.contains($0)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
    }

    /// What JSON calls this scalar; nil for infinities and what is not a number.
    private static func number(_ scalar: YAMLScalar) -> String? {
        switch scalar.kind {
        case .null: return "null"
        case .bool: return scalar.bool == true ? "true" : "false"
        case .integer:
            return scalar.integer.map { String($0) } ?? scalar.unsigned.map { String($0) }
                ?? scalar.double.flatMap { $0.isFinite ? "\($0)" : nil }
        case .float: return scalar.double.flatMap { $0.isFinite ? "\($0)" : nil }
        case .string: return nil
        }
    }

    private static func writeJSON(_ node: YAMLNode, indent: Int?, into out: inout String) {
        func newLine(_ level: Int) {
            if indent != nil { out += "\n" + String(repeating: "  ", count: level) }
        }
        let level = indent ?? 0
        switch node.content {
        case .scalar(let scalar): out += number(scalar) ?? quoted(scalar.text)
        case .sequence(let items):
            out += "["
            for (index, item) in items.enumerated() {
                if index > 0 { out += "," }
                newLine(level + 1)
                writeJSON(item, indent: indent.map { $0 + 1 }, into: &out)
            }
            if !items.isEmpty { newLine(level) }
            out += "]"
        case .mapping(let entries):
            out += "{"
            for (index, entry) in entries.enumerated() {
                if index > 0 { out += "," }
                newLine(level + 1)
                out += quoted(entry.name) + (indent == nil ? ":" : ": ")
                writeJSON(entry.value, indent: indent.map { $0 + 1 }, into: &out)
            }
            if !entries.isEmpty { newLine(level) }
            out += "}"
        }
    }

    /// A JSON string, which is a YAML one too.
    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _
            where scalar.value < 0x20 || 0x7F..<0xA0 ~= scalar.value || scalar.value == 0xFEFF
                || 0x2028...0x2029 ~= scalar.value:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
