/// Reads a mapping by its field table. Unknown, refused and missing keys are reported when it is made.
struct MappingDecoder {
    let place: LocatedNode
    private let values: [String: YAMLNode]

    init(at place: LocatedNode, entries: [YAMLEntry], table: FieldTable) {
        self.place = place
        var values: [String: YAMLNode] = [:]
        for entry in entries {
            let path = LocatedNode.join(place.path, entry.name)
            guard let field = table.field(entry.name) else {
                let nearest = NearestKey.suggest(for: entry.name, among: table.acceptedKeys)
                let known = table.acceptedKeys
                let list = nearest == nil && known.count <= 9 ? "; known are \(known.joined(separator: ", "))" : ""
                place.report.add(entry.key.mark, path, "unknown key\(list)", suggestion: nearest)
                continue
            }
            switch field.standing {
            case .refused(let reason): place.report.add(entry.key.mark, path, reason)
            case .ignored: break
            // As in Kubernetes, null is the same as leaving the key out.
            case .optional, .required: if !entry.value.isNull { values[entry.name] = entry.value }
            }
        }
        for field in table.fields where field.standing == .required && values[field.key] == nil {
            place.report.add(place.node.mark, LocatedNode.join(place.path, field.key), "required and missing")
        }
        self.values = values
    }

    /// The value of a key; nil where it is absent or null.
    subscript(key: String) -> LocatedNode? {
        guard let node = values[key] else { return nil }
        return LocatedNode(node: node, path: LocatedNode.join(place.path, key), report: place.report)
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    func string(_ key: String) -> String? { self[key]?.string() }

    /// A text that a check may object to.
    func string(_ key: String, check: (String) -> String?) -> String? {
        guard let place = self[key], let text = place.string() else { return nil }
        guard let problem = check(text) else { return text }
        place.fail(problem)
        return nil
    }

    func bool(_ key: String) -> Bool? { self[key]?.bool() }
    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? { self[key]?.integer(in: range) }
    func port(_ key: String) -> Int? { integer(key, in: 1...65535) }
    func list(_ key: String, max: Int = .max, min: Int = 0) -> [LocatedNode] {
        self[key]?.list(max: max, min: min) ?? []
    }
    func mapping(_ key: String, _ table: FieldTable) -> MappingDecoder? { self[key]?.mapping(table) }
}
