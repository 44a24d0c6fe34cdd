import TulleModel

/// A JSON object whose string leaves hold operators. A leaf that is one operator keeps its type: numbers are
/// numbers, and what is absent is null; any other text is a string. Keys are sorted, as Envoy sorts them.
struct JSONLogFormat: Sendable {
    private enum Piece {
        case literal([UInt8])
        case value(FormatString.Source, maxLength: Int, isNumber: Bool)
        case text(FormatString)
    }

    /// Deeper nesting than any log needs; bounds the recursion.
    private static let maxDepth = 32

    private var pieces: [Piece] = []

    init(_ value: Value) throws(FormatError) {
        guard case .object = value else { throw FormatError("a JSON log format must be an object") }
        var literal: [UInt8] = []
        try add(value, path: "", depth: 0, &literal)
        literal.append(UInt8(ascii: "\n"))
        pieces.append(.literal(literal))
    }

    private mutating func add(
        _ value: Value, path: String, depth: Int, _ literal: inout [UInt8]
    ) throws(FormatError) {
        guard depth < Self.maxDepth else { throw FormatError("\(path): more than \(Self.maxDepth) levels deep") }
        switch value {
        case .null: literal.append(contentsOf: "null".utf8)
        case .bool(let flag): literal.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let number):
            if let integer = Int64(exactly: number) {
                literal.append(contentsOf: "\(integer)".utf8)
            } else {
                literal.append(contentsOf: (number.isFinite ? "\(number)" : "null").utf8)
            }
        case .string(let text): try add(text: text, path: path, &literal)
        case .list(let values):
            literal.append(UInt8(ascii: "["))
            for (index, element) in values.enumerated() {
                if index > 0 { literal.append(UInt8(ascii: ",")) }
                try add(element, path: "\(path)[\(index)]", depth: depth + 1, &literal)
            }
            literal.append(UInt8(ascii: "]"))
        case .object(let fields):
            literal.append(UInt8(ascii: "{"))
            let keys = fields.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            for (index, key) in keys.enumerated() {
                if index > 0 { literal.append(UInt8(ascii: ",")) }
                literal.append(jsonString: Array(key.utf8))
                literal.append(UInt8(ascii: ":"))
                try add(
                    fields[key] ?? .null, path: path.isEmpty ? key : "\(path).\(key)", depth: depth + 1, &literal)
            }
            literal.append(UInt8(ascii: "}"))
        }
    }

    private mutating func add(text: String, path: String, _ literal: inout [UInt8]) throws(FormatError) {
        let format: FormatString
        do throws(FormatError) {
            format = try FormatString(text)
        } catch {
            throw FormatError("\(path): \(error)")
        }
        if let text = format.literal {
            literal.append(jsonString: text)
            return
        }
        pieces.append(.literal(literal))
        literal = []
        if format.segments.count == 1, case .value(let source, let maxLength) = format.segments[0] {
            var isNumber = false
            if case .field(let field) = source { isNumber = field.isNumber }
            pieces.append(.value(source, maxLength: maxLength, isNumber: isNumber))
        } else {
            pieces.append(.text(format))
        }
    }

    func append(_ context: some FormatContext, to bytes: inout [UInt8]) {
        var value: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .literal(let text): bytes.append(contentsOf: text)
            case .value(let source, let maxLength, let isNumber):
                value.removeAll(keepingCapacity: true)
                if !FormatString.append(source, maxLength: isNumber ? .max : maxLength, context, to: &value) {
                    bytes.append(contentsOf: "null".utf8)
                } else if isNumber, !value.isEmpty, value.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
                    bytes.append(contentsOf: value)
                } else {
                    bytes.append(jsonString: value)
                }
            case .text(let format):
                value.removeAll(keepingCapacity: true)
                format.append(context, absent: "-", to: &value)
                bytes.append(jsonString: value)
            }
        }
    }
}

extension [UInt8] {
    /// Appends a JSON string (RFC 8259, 7). A text that is not UTF-8 is written byte by byte as the code points U+0000 to
    /// U+00FF, as Envoy does: a peer's header cannot make the log unreadable, and nothing of it is lost.
    mutating func append(jsonString text: [UInt8]) {
        append(UInt8(ascii: "\""))
        let isUnicode = text.allSatisfy { $0 < 0x80 } || String(validating: text, as: UTF8.self) != nil
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""): append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F,
                _ where byte >= 0x80 && !isUnicode:
                append(contentsOf: "\\u00".utf8)
                for digit in [byte >> 4, byte & 15] { append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
