import Foundation
import TulleModel

/// A JSON document as it came over the wire, with no schema laid on it: what the commands print and look into.
struct Document: Codable, Hashable, Sendable {
    var value: Value

    init(_ value: Value) {
        self.value = value
    }

    /// - Throws: `Failure` when the bytes are not JSON.
    init(json: Data) throws {
        do {
            self = try JSONDecoder().decode(Document.self, from: json)
        } catch {
            throw Failure(.failed, "not JSON: \(String(decoding: json.prefix(200), as: UTF8.self))")
        }
    }

    init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            value = .null
        } else if let flag = try? single.decode(Bool.self) {
            value = .bool(flag)
        } else if let number = try? single.decode(Double.self) {
            value = .number(number)
        } else if let text = try? single.decode(String.self) {
            value = .string(text)
        } else if let list = try? single.decode([Document].self) {
            value = .list(list.map(\.value))
        } else {
            value = .object(try single.decode([String: Document].self).mapValues(\.value))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        switch value {
        case .null: try single.encodeNil()
        case .bool(let flag): try single.encode(flag)
        case .number(let number):
            if let whole = Int64(exactly: number) { try single.encode(whole) } else { try single.encode(number) }
        case .string(let text): try single.encode(text)
        case .list(let values): try single.encode(values.map(Document.init))
        case .object(let fields): try single.encode(fields.mapValues(Document.init))
        }
    }

    /// Indented JSON, keys sorted, ended by a line feed.
    var jsonText: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return "null\n" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    /// Block-style YAML, keys sorted, ended by a line feed.
    var yamlText: String { YAMLText.text(of: value) }

    /// The value at a path of keys, or nil.
    subscript(path: String...) -> Value? {
        var found: Value? = value
        for key in path { found = found?[key] }
        return found
    }
}
