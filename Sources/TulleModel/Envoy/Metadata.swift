/// A JSON-like value: node metadata, resource metadata, JSON log formats.
public indirect enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case list([Value])
    case object([String: Value])

    public subscript(key: String) -> Value? {
        if case .object(let fields) = self { fields[key] } else { nil }
    }

    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var number: Double? { if case .number(let number) = self { number } else { nil } }
    public var list: [Value]? { if case .list(let values) = self { values } else { nil } }
}

/// What authors attach to a resource for filters and telemetry, by filter name (`core.v3.Metadata`).
public typealias Metadata = [String: Value]
