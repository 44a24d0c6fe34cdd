import TulleModel

/// Reads `gateway.networking.k8s.io TCPRoute`.
enum TCPRouteDecoder {
    static let root = FieldTable(
        "TCPRoute", ResourceDecoder.head + [.required("spec", "TCPRoute.spec", "Where connections go.")])

    static let spec = FieldTable(
        "TCPRoute.spec",
        [
            .required("parentRefs", "[parentRefs[]]", "The Services whose connections the route takes."),
            .required("rules", "[TCPRoute.spec.rules[]]", "Exactly one rule."),
            .refused("useDefaultGateways", "Gateways are not in this version of Tulle"),
        ])

    static let rule = FieldTable(
        "TCPRoute.spec.rules[]",
        [
            .optional("name", "string", "A name for people."),
            .required(
                "backendRefs", "[TCPRoute.spec.rules[].backendRefs[]]",
                "The Services that connections go to, each its share."),
        ])

    static let backend = FieldTable("TCPRoute.spec.rules[].backendRefs[]", RouteReferenceDecoder.backendFields)

    static func decode(_ metadata: ResourceMetadata?, _ root: MappingDecoder) -> TCPRoute? {
        guard let spec = root.mapping("spec", spec) else { return nil }
        let namespace = metadata?.namespace ?? "default"
        let parents = RouteReferenceDecoder.parents(spec, namespace: namespace)
        let rules = spec.list("rules", max: 1, min: 1).compactMap { $0.mapping(rule) }
        guard let rule = rules.first else { return nil }
        let name = rule.string("name", check: NameRules.subdomain) ?? ""
        let backends = rule.list("backendRefs", max: 16, min: 1).compactMap { item in
            item.mapping(backend).flatMap {
                RouteReferenceDecoder.backend($0, namespace: namespace, parents: parents)
            }
        }
        RouteReferenceDecoder.checkWeights(backends, rule["backendRefs"])
        guard let metadata else { return nil }
        return TCPRoute(metadata: metadata, parents: parents, ruleName: name, backends: backends)
    }
}
