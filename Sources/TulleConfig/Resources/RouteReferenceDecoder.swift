import TulleModel

/// Reads `parentRefs`, `backendRefs` and the list of `rules`, which routes share.
enum RouteReferenceDecoder {
    static let gatewayGroup = "gateway.networking.k8s.io"

    static let parent = FieldTable(
        "parentRefs[]",
        [
            .optional(
                "group", "\"\"", "The parent's group: \"\" for a Service.",
                default: "gateway.networking.k8s.io, and \"\" where kind is Service"),
            .optional(
                "kind", "Service", "Only Service: the route takes what is sent to it. Gateways come later.",
                default: "Gateway"),
            .required("name", "string", "The Service's name."),
            .optional("namespace", "string", "The Service's namespace.", default: "the route's"),
            .optional("port", "integer", "The one port of the Service to attach to.", default: "all ports"),
            .refused("sectionName", "names a Gateway's listener; for a Service use port"),
        ])

    /// Fields that backends of all kinds of route have.
    static let backendFields: [FieldTable.Field] = [
        .optional("group", "\"\"", "Only \"\".", default: "\"\""),
        .optional("kind", "Service", "Only Service.", default: "Service"),
        .required("name", "string", "The Service's name."),
        .optional(
            "namespace", "string",
            "The Service's namespace: the route's, or that of a Service the route is attached to.",
            default: "the route's"),
        .required("port", "integer", "The Service's port."),
        .optional("weight", "integer", "The share among the rule's backends, 0 to 1000000.", default: "1"),
    ]

    static func parents(_ spec: MappingDecoder, namespace: String) -> [ParentReference] {
        guard let items = spec["parentRefs"]?.list(max: 32, min: 1) else { return [] }
        var parents: [ParentReference] = []
        for item in items {
            guard let decoder = item.mapping(parent) else { continue }
            let kind = decoder.string("kind") ?? "Gateway"
            guard kind == "Service" else {
                let place = decoder["kind"] ?? item
                if kind == "Gateway" {
                    let implied = decoder.has("kind") ? "" : " (kind is Gateway where it is not given)"
                    place.fail("a Gateway as parent\(implied) is not in this version of Tulle; use kind: Service")
                } else {
                    place.fail(
                        "unknown kind \(ConfigurationError.quoted(kind)) of parent; it is Service",
                        suggestion: NearestKey.suggest(for: kind, among: ["Service"]))
                }
                continue
            }
            if let group = decoder["group"], let text = group.string(), text != "" && text != "core" {
                group.fail("\(ConfigurationError.quoted(text)) has no Service; a Service's group is \"\"")
            }
            let name = decoder.string("name", check: NameRules.label)
            let parentNamespace =
                decoder.has("namespace") ? decoder.string("namespace", check: NameRules.label) : namespace
            let port = decoder.port("port")
            guard let name, let parentNamespace else { continue }
            let service = ServiceName(name, namespace: parentNamespace)
            if let first = parents.firstIndex(where: { $0.service == service && ($0.port == port) }) {
                item.fail("the same parent as parentRefs[\(first)]")
            }
            parents.append(ParentReference(service: service, port: port))
        }
        return parents
    }

    /// The rules of a route, with the limits that the Gateway API sets to all kinds.
    ///
    /// - Parameters:
    ///   - name: a rule's name, empty for none.
    ///   - matches: how many matches a rule has.
    static func rules<Rule>(
        _ place: LocatedNode, _ table: FieldTable, name: (Rule) -> String, matches: (Rule) -> Int,
        decode: (MappingDecoder) -> Rule
    ) -> [Rule] {
        var names: [String: Int] = [:]
        var rules: [Rule] = []
        for (index, item) in (place.list(max: 16, min: 1) ?? []).enumerated() {
            guard let decoder = item.mapping(table) else { continue }
            let rule = decode(decoder)
            let name = name(rule)
            if !name.isEmpty, let first = names.updateValue(index, forKey: name) {
                decoder["name"]?.fail("\(ConfigurationError.quoted(name)) is the name of rules[\(first)] too")
            }
            rules.append(rule)
        }
        let count = rules.reduce(0) { $0 + matches($1) }
        if count > 128 { place.fail("\(count) matches in all rules together, over the limit of 128") }
        return rules
    }

    /// The matches of a rule; nil where none are given, so that the kind's own default holds.
    static func matches<Match>(
        _ rule: MappingDecoder, _ table: FieldTable, decode: (MappingDecoder) -> Match
    ) -> [Match]? {
        guard let items = rule["matches"]?.list(max: 64), !items.isEmpty else { return nil }
        return items.compactMap { $0.mapping(table).map(decode) }
    }

    /// The weighted backends of a rule, with the filters that each has.
    static func backends(
        _ rule: MappingDecoder, _ table: FieldTable, filters owner: HTTPRouteFilterDecoder.Owner, namespace: String,
        parents: [ParentReference]
    ) -> [HTTPRoute.Backend] {
        var backends: [HTTPRoute.Backend] = []
        for item in rule.list("backendRefs", max: 16) {
            guard let decoder = item.mapping(table) else { continue }
            let filters = HTTPRouteFilterDecoder.filters(decoder["filters"], of: owner)
            guard let reference = backend(decoder, namespace: namespace, parents: parents) else { continue }
            backends.append(HTTPRoute.Backend(reference, filters: filters))
        }
        checkWeights(backends.map(\.reference), rule["backendRefs"])
        return backends
    }

    static func backend(
        _ decoder: MappingDecoder, namespace: String, parents: [ParentReference]
    ) -> BackendReference? {
        if let kind = decoder["kind"], let text = kind.string(), text != "Service" {
            kind.fail(
                "\(ConfigurationError.quoted(text)) is no kind of backend in this version of Tulle; it is Service",
                suggestion: NearestKey.suggest(for: text, among: ["Service"]))
        }
        if let group = decoder["group"], let text = group.string(), text != "" && text != "core" {
            group.fail("\(ConfigurationError.quoted(text)) has no Service; a Service's group is \"\"")
        }
        let name = decoder.string("name", check: NameRules.label)
        let target = decoder.has("namespace") ? decoder.string("namespace", check: NameRules.label) : namespace
        let port = decoder.port("port")
        let weight = decoder.integer("weight", in: 0...1_000_000) ?? 1
        guard let name, let target else { return nil }
        let service = ServiceName(name, namespace: target)
        if target != namespace, !parents.contains(where: { $0.service == service }) {
            decoder["namespace"]?.fail(
                "\(ConfigurationError.quoted(target)) is another namespace than the route's, "
                    + "\(ConfigurationError.quoted(namespace)), which a ReferenceGrant must allow; that kind is not in this "
                    + "version of Tulle")
            return nil
        }
        guard let port else { return nil }
        return BackendReference(service: service, port: port, weight: weight)
    }

    /// A rule whose weights are all 0 would answer every request with 500, which nobody means.
    static func checkWeights(_ backends: [BackendReference], _ place: LocatedNode?) {
        guard !backends.isEmpty, backends.allSatisfy({ $0.weight == 0 }) else { return }
        place?.fail("the sum of the weights is 0; at least one backend needs a weight of 1 or more")
    }
}
