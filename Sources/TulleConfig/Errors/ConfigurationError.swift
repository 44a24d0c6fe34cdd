/// Something wrong in a configuration file, said so that its author can mend it: where, what, and what would be right.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's name as the user gave it.
    public var file: String
    /// Nil when the fault lies with the file as a whole.
    public var mark: YAMLMark?
    /// The way to the value, such as `spec.rules[0].matches[1].path`; empty for the document itself.
    public var path: String
    /// Lower case, no full stop, with the value found.
    public var message: String
    /// The nearest right word.
    public var suggestion: String?

    public init(file: String, mark: YAMLMark? = nil, path: String = "", message: String, suggestion: String? = nil) {
        self.file = file
        self.mark = mark
        self.path = path
        self.message = message
        self.suggestion = suggestion
    }

    public var line: Int? { mark?.line }
    public var column: Int? { mark?.column }

    /// `FILE:LINE:COL: PATH: message, did you mean "x"?`
    public var description: String {
        var text = file
        if let mark { text += ":\(mark)" }
        if !text.isEmpty { text += ": " }
        if !path.isEmpty { text += "\(path): " }
        return text + explanation
    }

    /// The message with its suggestion, without the place.
    public var explanation: String {
        guard let suggestion else { return message }
        return "\(message), did you mean \(Self.quoted(suggestion))?"
    }

    /// A user's text in quotes, fit for one line of an error: cut at 80 characters, control characters escaped.
    public static func quoted(_ text: String) -> String {
        "\"\(shortened(text))\""
    }

    /// A user's text fit for one line of an error.
    public static func shortened(_ text: String) -> String {
        var result = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            guard index < 80 else { return result + "…" }
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20 || 0x7F..<0xA0 ~= scalar.value:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
