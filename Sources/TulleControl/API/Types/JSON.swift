public import TulleModel

/// A JSON value of any shape, such as a resource as its author wrote it.
public struct JSON: Codable, Hashable, Sendable {
    public var value: Value

    public init(_ value: Value) { self.value = value }

    public subscript(key: String) -> Value? { value[key] }

    public init(from decoder: any Decoder) throws {
        if let fields = try? decoder.container(keyedBy: Key.self) {
            var object: [String: Value] = [:]
            for key in fields.allKeys { object[key.stringValue] = try fields.decode(JSON.self, forKey: key).value }
            value = .object(object)
            return
        }
        if var items = try? decoder.unkeyedContainer() {
            var list: [Value] = []
            while !items.isAtEnd { list.append(try items.decode(JSON.self).value) }
            value = .list(list)
            return
        }
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            value = .null
        } else if let flag = try? single.decode(Bool.self) {
            value = .bool(flag)
        } else if let number = try? single.decode(Double.self) {
            value = .number(number)
        } else {
            value = .string(try single.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch value {
        case .object(let object):
            var fields = encoder.container(keyedBy: Key.self)
            for (key, item) in object { try fields.encode(JSON(item), forKey: Key(key)) }
        case .list(let list):
            var items = encoder.unkeyedContainer()
            for item in list { try items.encode(JSON(item)) }
        case .null:
            var single = encoder.singleValueContainer()
            try single.encodeNil()
        case .bool(let flag):
            var single = encoder.singleValueContainer()
            try single.encode(flag)
        case .number(let number):
            var single = encoder.singleValueContainer()
            // A port is 80, not 80.0.
            if let whole = Int64(exactly: number) { try single.encode(whole) } else { try single.encode(number) }
        case .string(let text):
            var single = encoder.singleValueContainer()
            try single.encode(text)
        }
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { stringValue = String(intValue) }
    }
}
