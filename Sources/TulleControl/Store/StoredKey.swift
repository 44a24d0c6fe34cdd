/// What names one resource in the whole mesh: its group, kind, namespace and name (the version is not part of it).
public struct StoredKey: Hashable, Sendable, Codable {
    /// The API group; empty for the core group (`v1 Service`).
    public var group: String
    public var kind: String
    public var namespace: String
    public var name: String

    public init(group: String, kind: String, namespace: String, name: String) {
        self.group = group
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }
}

extension StoredKey: Comparable {
    /// By kind, then namespace, then name: the order in which people look for things in a list.
    public static func < (left: StoredKey, right: StoredKey) -> Bool {
        (left.kind, left.namespace, left.name, left.group) < (right.kind, right.namespace, right.name, right.group)
    }
}

extension StoredKey: CustomStringConvertible {
    /// As messages say it: `HTTPRoute default/cart`.
    public var description: String { "\(kind) \(namespace)/\(name)" }
}
