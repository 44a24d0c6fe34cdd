import TulleModel

extension ResourceMetadata {
    static let fields = FieldTable(
        "metadata",
        [
            .required("name", "string", "The name, unique within its kind and namespace."),
            .optional("namespace", "string", "The namespace that the resource belongs to.", default: "default"),
            .optional("labels", "map of strings", "Words to select and group resources by."),
            .optional("annotations", "map of strings", "Notes; Tulle does not read them."),
            .ignored("creationTimestamp"),
            .ignored("generation"),
            .ignored("managedFields"),
            .ignored("resourceVersion"),
            .ignored("selfLink"),
            .ignored("uid"),
            .refused("generateName", "names are given by their author: use name"),
            .refused("finalizers", "not in this version of Tulle"),
            .refused("ownerReferences", "not in this version of Tulle"),
            .refused("deletionTimestamp", "the resource is being deleted where it comes from"),
        ])

    /// Reads `metadata`. Services need names that are one DNS label, since callers use them as such.
    init?(_ decoder: MappingDecoder?, kind: ResourceKind, defaultNamespace: String) {
        guard let decoder else { return nil }
        let name = decoder.string("name", check: kind == .service ? NameRules.label : NameRules.subdomain)
        let namespace =
            decoder.has("namespace") ? decoder.string("namespace", check: NameRules.label) : defaultNamespace
        let labels =
            decoder["labels"]?.stringMap(checkKey: NameRules.labelKey, checkValue: NameRules.labelValue) ?? [:]
        let annotations = decoder["annotations"]?.stringMap(checkKey: NameRules.labelKey) ?? [:]
        guard let name, let namespace else { return nil }
        self.init(name: name, namespace: namespace, labels: labels, annotations: annotations)
    }
}
