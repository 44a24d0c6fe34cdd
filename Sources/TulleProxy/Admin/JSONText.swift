import TulleModel

/// A JSON value whose objects keep their order, as people who read admin output expect.
indirect enum JSONText: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case list([JSONText])
    case object([(name: String, value: JSONText)])

    /// Takes a value over; names are sorted, since its objects have no order.
    init(_ value: Value) {
        switch value {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .list(let values): self = .list(values.map(JSONText.init))
        case .object(let fields):
            self = .object(fields.sorted { $0.key < $1.key }.map { ($0.key, JSONText($0.value)) })
        }
    }

    /// The text, indented by one space a level as Envoy does.
    var text: String {
        var text = ""
        write(to: &text, indent: 0)
        return text + "\n"
    }

    private func write(to text: inout String, indent: Int) {
        switch self {
        case .null: text += "null"
        case .bool(let bool): text += bool ? "true" : "false"
        case .integer(let number): text += "\(number)"
        case .number(let number):
            if !number.isFinite {
                text += "null"
            } else if number == number.rounded(), abs(number) < 9_007_199_254_740_992 {
                text += "\(Int64(number))"
            } else {
                text += "\(number)"
            }
        case .string(let string): Self.quote(string, to: &text)
        case .list(let values):
            Self.write("[", "]", values.count, to: &text, indent: indent) { index, text in
                values[index].write(to: &text, indent: indent + 1)
            }
        case .object(let fields):
            Self.write("{", "}", fields.count, to: &text, indent: indent) { index, text in
                Self.quote(fields[index].name, to: &text)
                text += ": "
                fields[index].value.write(to: &text, indent: indent + 1)
            }
        }
    }

    private static func write(
        _ open: String, _ close: String, _ count: Int, to text: inout String, indent: Int,
        element: (Int, inout String) -> Void
    ) {
        text += open
        for index in 0..<count {
            text += index == 0 ? "\n" : ",\n"
            text += String(repeating: " ", count: indent + 1)
            element(index, &text)
        }
        if count > 0 { text += "\n" + String(repeating: " ", count: indent) }
        text += close
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
