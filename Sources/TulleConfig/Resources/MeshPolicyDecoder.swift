import TulleModel

/// Reads `tulle.dev/v1alpha1 MeshPolicy`.
enum MeshPolicyDecoder {
    static let root = FieldTable(
        "MeshPolicy",
        ResourceDecoder.head + [.required("spec", "MeshPolicy.spec", "For whom it holds, and what it says.")])

    static let spec = FieldTable(
        "MeshPolicy.spec",
        [
            .optional(
                "selector", "MeshPolicy.spec.selector",
                "The workloads of the policy's own namespace that it is for. Without it it is for all of them, and in "
                    + "`\(MeshPolicy.meshNamespace)` for the whole mesh."),
            .optional("mtls", "MeshPolicy.spec.mtls", "Who may connect."),
            .later("egress"),
            .later("authorization"),
        ])

    static let selector = FieldTable(
        "MeshPolicy.spec.selector",
        [.required("matchLabels", "map of strings", "The labels that a workload must have, all of them.")])

    static let mtls = FieldTable(
        "MeshPolicy.spec.mtls",
        [
            .optional(
                "mode", "PERMISSIVE or STRICT",
                "STRICT lets in only who has a certificate of the mesh. PERMISSIVE lets in anybody, in plain text."),
            .optional(
                "ports", "map of strings",
                "The mode of single ports, by the number on which the app listens; only with a selector."),
        ])

    private static let modes = MeshPolicy.MTLSMode.allCases.map(\.rawValue)

    static func decode(_ metadata: ResourceMetadata?, _ root: MappingDecoder) -> MeshPolicy? {
        guard let spec = root.mapping("spec", spec) else { return nil }
        let labels =
            spec.mapping("selector", selector)?["matchLabels"]?
            .stringMap(checkKey: NameRules.labelKey, checkValue: NameRules.labelValue) ?? [:]
        var mode: MeshPolicy.MTLSMode?
        var ports: [Int: MeshPolicy.MTLSMode] = [:]
        if let mtls = spec.mapping("mtls", mtls) {
            mode = mtls["mode"]?
                .choice(modes, refused: ["DISABLE": "is not in this version of Tulle; PERMISSIVE takes plain text too"])
                .flatMap { MeshPolicy.MTLSMode(rawValue: $0) }
            let given = mtls["ports"]?.stringMap(
                checkKey: { port(of: $0) == nil ? "expected a port, 1 to 65535, found \"\($0)\"" : nil },
                checkValue: {
                    modes.contains($0) ? nil : "expected \(modes.joined(separator: " or ")), found \"\($0)\""
                })
            for (key, value) in given ?? [:] {
                if let port = port(of: key) { ports[port] = MeshPolicy.MTLSMode(rawValue: value) }
            }
            if !ports.isEmpty, labels.isEmpty {
                mtls["ports"]?.fail("needs a selector: which workloads' ports are meant?")
            }
        }
        guard let metadata else { return nil }
        return MeshPolicy(metadata: metadata, selector: labels, mtls: mode, portMTLS: ports)
    }

    private static func port(of text: String) -> Int? {
        guard let number = Int(text), 1...65_535 ~= number, String(number) == text else { return nil }
        return number
    }
}
