/// A node that is being decoded, with the way to it. The readers return nil when the value is not what it should be, after
/// they have reported it.
struct LocatedNode {
    let node: YAMLNode
    let path: String
    let report: ConfigurationReport

    func fail(_ message: String, suggestion: String? = nil) {
        report.add(node.mark, path, message, suggestion: suggestion)
    }

    func string() -> String? {
        if let scalar = node.scalar, scalar.kind == .string { return scalar.text }
        switch node.scalar?.kind {
        case .bool, .integer, .float:
            fail("expected a string, found \(node.kindForPeople); put it in quotes")
        default:
            fail("expected a string, found \(node.kindForPeople)")
        }
        return nil
    }

    func bool() -> Bool? {
        if let value = node.scalar?.bool { return value }
        fail("expected true or false, found \(node.kindForPeople)")
        return nil
    }

    func integer(in range: ClosedRange<Int>) -> Int? {
        guard let scalar = node.scalar, scalar.kind == .integer else {
            fail("expected an integer, found \(node.kindForPeople)")
            return nil
        }
        guard let value = scalar.integer.flatMap({ Int(exactly: $0) }), range ~= value else {
            fail("\(ConfigurationError.shortened(scalar.text)) is not in \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    /// One of a few words.
    func choice<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        guard let text = string() else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        failChoice(text, among: Choice.allCases.map(\.rawValue))
        return nil
    }

    /// One of a few words; others that the standard knows are refused with their reason.
    func choice(_ words: [String], refused: [String: String] = [:]) -> String? {
        guard let text = string() else { return nil }
        if words.contains(text) { return text }
        if let reason = refused[text] {
            fail("\(ConfigurationError.quoted(text)) \(reason)")
        } else {
            failChoice(text, among: words)
        }
        return nil
    }

    private func failChoice(_ text: String, among words: [String]) {
        let nearest = NearestKey.suggest(for: text, among: words)
        let list = words.count <= 9 ? "; it is one of \(words.joined(separator: ", "))" : ""
        fail("unknown value \(ConfigurationError.quoted(text))\(list)", suggestion: nearest)
    }

    /// A list; nil when it is none.
    func list(max: Int = .max, min: Int = 0) -> [LocatedNode]? {
        guard let items = node.sequence else {
            fail("expected a list, found \(node.kindForPeople)")
            return nil
        }
        guard items.count <= max else {
            fail("\(items.count) entries, over the limit of \(max)")
            return nil
        }
        guard items.count >= min else {
            fail("expected at least \(min == 1 ? "one entry" : "\(min) entries"), found \(items.count)")
            return nil
        }
        return items.enumerated().map { index, item in
            LocatedNode(node: item, path: "\(path)[\(index)]", report: report)
        }
    }

    /// A mapping from names to texts, such as labels.
    func stringMap(
        checkKey: (String) -> String? = { _ in nil }, checkValue: (String) -> String? = { _ in nil }
    ) -> [String: String]? {
        guard let entries = node.mapping else {
            fail("expected a mapping, found \(node.kindForPeople)")
            return nil
        }
        var result: [String: String] = [:]
        for entry in entries {
            let path = Self.join(path, entry.name)
            if let problem = checkKey(entry.name) { report.add(entry.key.mark, path, problem) }
            let value = LocatedNode(node: entry.value, path: path, report: report)
            guard let text = value.string() else { continue }
            if let problem = checkValue(text) { value.fail(problem) }
            result[entry.name] = text
        }
        return result
    }

    func mapping(_ table: FieldTable) -> MappingDecoder? {
        guard let entries = node.mapping else {
            fail("expected a mapping, found \(node.kindForPeople)")
            return nil
        }
        return MappingDecoder(at: self, entries: entries, table: table)
    }

    /// `path.key`, with keys that are no plain names in brackets: `metadata.labels["app.kubernetes.io/name"]`.
    static func join(_ path: String, _ key: String) -> String {
        let plain =
            !key.isEmpty
            && key.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
        if plain { return path.isEmpty ? key : "\(path).\(key)" }
        return "\(path)[\(ConfigurationError.quoted(key))]"
    }
}
