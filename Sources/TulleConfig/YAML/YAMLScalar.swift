/// A text in a document and how it was written, which decides whether `5` is a number or a string.
public struct YAMLScalar: Hashable, Sendable {
    /// Plain scalars are interpreted; quoted and block ones are always strings.
    public enum Style: Hashable, Sendable { case plain, quoted }
    public enum Kind: Hashable, Sendable { case null, bool, integer, float, string }

    public var text: String
    public var style: Style

    public init(_ text: String, style: Style) {
        self.text = text
        self.style = style
    }

    /// What the text means by YAML 1.2's core schema (section 10.3.2), of which JSON's is a part.
    /// `yes`, `no`, `on` and `off` are strings.
    public var kind: Kind {
        guard style == .plain else { return .string }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "false", "False", "FALSE": return .bool
        case ".nan", ".NaN", ".NAN": return .float
        default: break
        }
        let bytes = text.utf8
        guard let first = bytes.first, first <= UInt8(ascii: "9") else { return .string }
        if Self.isInteger(bytes) { return .integer }
        return Self.isFloat(bytes) ? .float : .string
    }

    public var bool: Bool? {
        guard kind == .bool else { return nil }
        return text.first == "t" || text.first == "T"
    }

    /// The integer; nil for other kinds and beyond 64 bits.
    public var integer: Int64? {
        guard kind == .integer else { return nil }
        if text.hasPrefix("0o") { return Int64(text.dropFirst(2), radix: 8) }
        if text.hasPrefix("0x") { return Int64(text.dropFirst(2), radix: 16) }
        return Int64(text)
    }

    /// The integer, up to 2^64 - 1; nil for other kinds, for negative ones and beyond 64 bits.
    public var unsigned: UInt64? {
        guard kind == .integer else { return nil }
        if text.hasPrefix("0o") { return UInt64(text.dropFirst(2), radix: 8) }
        if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16) }
        return UInt64(text)
    }

    /// The number, whole or not.
    public var double: Double? {
        switch kind {
        case .integer:
            return integer.map(Double.init) ?? unsigned.map(Double.init) ?? Double(text)
        case .float:
            var digits = text[...]
            let negative = digits.hasPrefix("-")
            if negative || digits.hasPrefix("+") { digits = digits.dropFirst() }
            switch digits {
            case ".inf", ".Inf", ".INF": return negative ? -Double.infinity : Double.infinity
            case ".nan", ".NaN", ".NAN": return .nan
            default: break
            }
            // Swift reads neither `.5` nor `5.`.
            if digits.hasPrefix(".") { digits = "0" + digits }
            if let dot = digits.firstIndex(of: ".") {
                let next = digits.index(after: dot)
                if next == digits.endIndex || !digits[next].isNumber { digits.insert("0", at: next) }
            }
            return Double(digits).map { negative ? -$0 : $0 }
        case .null, .bool, .string: return nil
        }
    }

    /// What an error message calls this scalar.
    public var kindForPeople: String {
        switch kind {
        case .null: "nothing"
        case .bool: "the boolean \(text)"
        case .integer, .float: "the number \(ConfigurationError.shortened(text))"
        case .string: "the string \(ConfigurationError.quoted(text))"
        }
    }

    /// `[-+]?[0-9]+`, `0o[0-7]+` or `0x[0-9a-fA-F]+`.
    private static func isInteger(_ bytes: String.UTF8View) -> Bool {
        var rest = bytes[...]
        if rest.starts(with: "0o".utf8) {
            rest = rest.dropFirst(2)
            return !rest.isEmpty && rest.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "7") ~= $0 }
        }
        if rest.starts(with: "0x".utf8) {
            rest = rest.dropFirst(2)
            return !rest.isEmpty
                && rest.allSatisfy {
                    isDigit($0) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
                        || UInt8(ascii: "A")...UInt8(ascii: "F") ~= $0
                }
        }
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?` or `[-+]?\.(inf|Inf|INF)`.
    private static func isFloat(_ bytes: String.UTF8View) -> Bool {
        var rest = bytes[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if rest.elementsEqual(".inf".utf8) || rest.elementsEqual(".Inf".utf8) || rest.elementsEqual(".INF".utf8) {
            return true
        }
        func takeDigits() -> Bool {
            let after = rest.drop(while: isDigit)
            defer { rest = after }
            return after.startIndex != rest.startIndex
        }
        let whole = takeDigits()
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = takeDigits()
            guard whole || fraction else { return false }
        } else if !whole {
            return false
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard takeDigits() else { return false }
        }
        return rest.isEmpty
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}
