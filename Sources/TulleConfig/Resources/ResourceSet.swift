public import TulleModel

/// The resources of some files, each checked by itself. No two have the same key.
public struct ResourceSet: Sendable {
    /// In the order of the files.
    public private(set) var documents: [ResourceDocument]
    private var positions: [ResourceKey: Int] = [:]

    public init() { documents = [] }

    /// Reads a file of resources: YAML or JSON, several documents, `List`s of resources.
    ///
    /// - Parameters:
    ///   - file: the name that errors give.
    ///   - defaultNamespace: where resources belong that name no namespace.
    /// - Throws: everything that is wrong with the file, so far as it can be told from the file alone;
    ///   `ResourceSet.validate` tells the rest.
    public static func decode(
        _ bytes: [UInt8], file: String, defaultNamespace: String = "default"
    ) throws(ConfigurationErrors) -> ResourceSet {
        let roots: [YAMLNode]
        do throws(ConfigurationError) {
            roots = try YAMLReader.read(bytes, file: file)
        } catch {
            throw ConfigurationErrors(error)
        }
        return try decode(roots, file: file, defaultNamespace: defaultNamespace)
    }

    /// The same for documents that are read already.
    public static func decode(
        _ roots: [YAMLNode], file: String, defaultNamespace: String = "default"
    ) throws(ConfigurationErrors) -> ResourceSet {
        let report = ConfigurationReport(file: file)
        var set = ResourceSet()
        for root in roots where !root.isNull {
            for place in unpacked(LocatedNode(node: root, path: "", report: report)) {
                let before = report.errors.count
                let resource = ResourceDecoder.decode(place, defaultNamespace: defaultNamespace)
                guard let resource, report.errors.count == before else { continue }
                let document = ResourceDocument(resource: resource, node: place.node, file: file)
                if let first = set.positions[document.key] {
                    place.fail("\(document.key) is given twice, first in line \(set.documents[first].node.mark.line)")
                    continue
                }
                set.positions[document.key] = set.documents.count
                set.documents.append(document)
            }
        }
        try report.finish()
        return set
    }

    /// Adds the resources of another file.
    ///
    /// - Throws: an error for each that is here already; then nothing is added.
    public mutating func add(_ other: ResourceSet) throws(ConfigurationErrors) {
        var errors: [ConfigurationError] = []
        for document in other.documents {
            guard let first = self[document.key] else { continue }
            errors.append(
                ConfigurationError(
                    file: document.file, mark: document.node.mark,
                    message: "\(document.key) is given twice, first in \(first.file):\(first.node.mark.line)"))
        }
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
        for document in other.documents {
            positions[document.key] = documents.count
            documents.append(document)
        }
    }

    public subscript(key: ResourceKey) -> ResourceDocument? {
        positions[key].map { documents[$0] }
    }

    /// The items of a `v1 List`, or the document itself.
    private static func unpacked(_ place: LocatedNode) -> [LocatedNode] {
        guard place.node["kind"]?.scalar?.text == "List" else { return [place] }
        let table = FieldTable(
            "List",
            [
                .required("apiVersion", "string", "v1."),
                .required("kind", "string", "List."),
                .ignored("metadata"),
                .required("items", "list", "The resources."),
            ])
        guard let list = place.mapping(table) else { return [] }
        if let version = list.string("apiVersion"), version != "v1" {
            list["apiVersion"]?.fail("unknown version \(ConfigurationError.quoted(version)) of List; it is v1")
        }
        return list.list("items")
    }
}
