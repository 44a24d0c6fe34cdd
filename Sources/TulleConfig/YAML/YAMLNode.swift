/// A value of a YAML or JSON document, with the place where it stands.
public struct YAMLNode: Sendable {
    public indirect enum Content: Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        /// Keys are scalars and differ from each other; the order is the file's.
        case mapping([YAMLEntry])
    }

    public var content: Content
    public var mark: YAMLMark

    public init(_ content: Content, mark: YAMLMark = YAMLMark(line: 1, column: 1)) {
        self.content = content
        self.mark = mark
    }

    public var scalar: YAMLScalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
    public var sequence: [YAMLNode]? { if case .sequence(let nodes) = content { nodes } else { nil } }
    public var mapping: [YAMLEntry]? { if case .mapping(let entries) = content { entries } else { nil } }

    /// Whether this is `null`, `~` or nothing at all.
    public var isNull: Bool { scalar?.kind == .null }

    /// The value of a mapping's key; nil where there is no such key, or no mapping.
    public subscript(key: String) -> YAMLNode? {
        mapping?.first { $0.name == key }?.value
    }

    /// What an error message calls this node: "a mapping", "a list", "the number 5", …
    public var kindForPeople: String {
        switch content {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar(let scalar): scalar.kindForPeople
        }
    }
}

/// A key of a mapping and its value.
public struct YAMLEntry: Sendable {
    public var key: YAMLNode
    public var value: YAMLNode

    public init(key: YAMLNode, value: YAMLNode) {
        self.key = key
        self.value = value
    }

    /// The key's text.
    public var name: String { key.scalar?.text ?? "" }
}
