import TulleModel

/// Shows the proxy's nouns as JSON: each property by its name in snake case, an enum's case as the name of its content.
/// Made by reflection, so that a new property cannot be forgotten here.
enum ModelDump {
    /// - Parameter value: a value of TulleModel, or something built of such values.
    static func json(_ value: Any) -> JSONText {
        switch value {
        case let text as String: return .string(text)
        case let bool as Bool: return .bool(bool)
        case let number as Int: return .integer(Int64(number))
        case let number as Int64: return .integer(number)
        case let number as UInt32: return .integer(Int64(number))
        case let number as Double: return .number(number)
        case let value as Value: return JSONText(value)
        case let duration as Duration: return .string(seconds(duration))
        case let secret as SecretSource: return .string("\(secret)")
        case let bytes as [UInt8]: return .string(String(decoding: bytes, as: UTF8.self))
        case let address as ConfiguredAddress: return AdminReport.socketAddress(address)
        default: break
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            return mirror.children.first.map { json($0.value) } ?? .null
        case .collection:
            return .list(mirror.children.map { json($0.value) })
        case .set:
            return .list(mirror.children.map { "\($0.value)" }.sorted().map(JSONText.string))
        case .dictionary:
            let pairs = mirror.children.compactMap { child -> (name: String, value: JSONText)? in
                let pair = Array(Mirror(reflecting: child.value).children)
                return pair.count == 2 ? ("\(pair[0].value)", json(pair[1].value)) : nil
            }
            return .object(pairs.sorted { $0.name < $1.name })
        case .enum:
            guard let payload = mirror.children.first else { return .string(snakeCase("\(value)")) }
            return .object([(snakeCase(payload.label ?? ""), json(payload.value))])
        case .tuple where mirror.children.count == 1:
            return mirror.children.first.map { json($0.value) } ?? .null
        default:
            let fields = mirror.children.compactMap { child -> (name: String, value: JSONText)? in
                let shown = json(child.value)
                return isEmpty(shown) ? nil : (snakeCase(child.label ?? ""), shown)
            }
            return .object(fields)
        }
    }

    /// As protobuf's JSON leaves out what is not set.
    private static func isEmpty(_ value: JSONText) -> Bool {
        switch value {
        case .null: true
        case .string(let text): text.isEmpty
        case .list(let values): values.isEmpty
        case .object(let fields): fields.isEmpty
        default: false
        }
    }

    /// `1.5s`, as protobuf writes durations.
    static func seconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = attoseconds / 1_000_000_000
        if nanoseconds == 0 { return "\(seconds)s" }
        var digits = "\(abs(nanoseconds))"
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return (seconds == 0 && nanoseconds < 0 ? "-" : "") + "\(seconds).\(digits)s"
    }

    /// `statPrefix` as `stat_prefix`, and `useHTTP10` as `use_http10`.
    static func snakeCase(_ name: String) -> String {
        let letters = Array(name)
        var result = ""
        for (index, letter) in letters.enumerated() {
            if letter.isUppercase, index > 0 {
                let startsWord = index + 1 < letters.count && letters[index + 1].isLowercase
                if !letters[index - 1].isUppercase || startsWord { result += "_" }
            }
            result += letter.lowercased()
        }
        return result
    }
}
