public import TulleModel

extension YAMLNode {
    /// The node without its marks, as JSON has it. Whole numbers beyond 2^53 lose their last digits, as in any JSON.
    public var value: Value {
        switch content {
        case .mapping(let entries):
            return .object(
                Dictionary(entries.map { ($0.name, $0.value.value) }, uniquingKeysWith: { first, _ in first }))
        case .sequence(let nodes): return .list(nodes.map(\.value))
        case .scalar(let scalar):
            switch scalar.kind {
            case .null: return .null
            case .bool: return .bool(scalar.bool ?? false)
            case .integer, .float: return .number(scalar.double ?? 0)
            case .string: return .string(scalar.text)
            }
        }
    }
}
