public import TulleModel

/// A resource with the document that it was read from, which is kept whole so that its author gets back what they wrote.
public struct ResourceDocument: Sendable {
    public var resource: Resource
    /// The document as accepted: `apiVersion`, `kind` and `metadata` first, the namespace filled in, and without what a
    /// Kubernetes API server adds (`status`, `metadata.uid`, …).
    public var node: YAMLNode
    /// Where it came from.
    public var file: String

    public var key: ResourceKey { resource.key }

    /// One line of JSON, which `ResourceSet.decode` reads back; two documents that differ only in layout give the same.
    public var json: String { YAMLWriter.json(node, indented: false) }

    init(resource: Resource, node: YAMLNode, file: String) {
        self.resource = resource
        self.node = Self.canonical(node, namespace: resource.metadata.namespace)
        self.file = file
    }

    /// The place of a value, or of the nearest that holds it: `["spec", "rules", "0"]`.
    func mark(of path: [String]) -> YAMLMark {
        var current = node
        for step in path {
            if let items = current.sequence, let index = Int(step), items.indices.contains(index) {
                current = items[index]
            } else if let next = current[step] {
                current = next
            } else {
                break
            }
        }
        return current.mark
    }

    private static func canonical(_ node: YAMLNode, namespace: String) -> YAMLNode {
        guard let entries = node.mapping else { return node }
        let first = ["apiVersion", "kind", "metadata"]
        var ordered = first.compactMap { key in entries.first { $0.name == key } }
        ordered += entries.filter { !first.contains($0.name) && $0.name != "status" && !$0.value.isNull }
        for index in ordered.indices where ordered[index].name == "metadata" {
            ordered[index].value = canonicalMetadata(ordered[index].value, namespace: namespace)
        }
        return YAMLNode(.mapping(ordered), mark: node.mark)
    }

    private static func canonicalMetadata(_ node: YAMLNode, namespace: String) -> YAMLNode {
        let entries = node.mapping ?? []
        let ignored = Set(
            ResourceMetadata.fields.fields.filter { $0.standing == .ignored }.map(\.key) + ["name", "namespace"])
        var ordered = entries.filter { $0.name == "name" }
        ordered.append(YAMLEntry("namespace", .string(namespace)))
        ordered += entries.filter { !ignored.contains($0.name) && !$0.value.isNull }
        return YAMLNode(.mapping(ordered), mark: node.mark)
    }
}
