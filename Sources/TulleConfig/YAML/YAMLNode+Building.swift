extension YAMLNode {
    public static func string(_ text: String) -> YAMLNode { YAMLNode(.scalar(YAMLScalar(text, style: .quoted))) }
    public static func integer(_ number: Int) -> YAMLNode { YAMLNode(.scalar(YAMLScalar("\(number)", style: .plain))) }
    public static func bool(_ value: Bool) -> YAMLNode { YAMLNode(.scalar(YAMLScalar("\(value)", style: .plain))) }
    public static func list(_ items: [YAMLNode]) -> YAMLNode { YAMLNode(.sequence(items)) }

    /// A mapping in the order given.
    public static func object(_ fields: KeyValuePairs<String, YAMLNode>) -> YAMLNode {
        YAMLNode(.mapping(fields.map { YAMLEntry($0.key, $0.value) }))
    }

    /// This mapping with a value at the end of a way of keys; mappings that are missing on the way are made, at the end.
    public func setting(_ path: [String], to value: YAMLNode) -> YAMLNode {
        guard let key = path.first else { return value }
        var entries = mapping ?? []
        let rest = Array(path.dropFirst())
        if let index = entries.firstIndex(where: { $0.name == key }) {
            entries[index].value = entries[index].value.setting(rest, to: value)
        } else {
            entries.append(YAMLEntry(key, YAMLNode(.mapping([]), mark: mark).setting(rest, to: value)))
        }
        return YAMLNode(.mapping(entries), mark: mark)
    }
}

extension YAMLEntry {
    public init(_ name: String, _ value: YAMLNode) {
        self.init(key: .string(name), value: value)
    }
}
