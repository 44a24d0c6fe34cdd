import TulleModel

/// Reads `tulle.dev/v1alpha1 AuthorizationPolicy`.
enum AuthorizationPolicyDecoder {
    static let root = FieldTable(
        "AuthorizationPolicy",
        ResourceDecoder.head + [.required("spec", "AuthorizationPolicy.spec", "For whom it holds, and what it says.")])

    static let spec = FieldTable(
        "AuthorizationPolicy.spec",
        [
            .optional(
                "selector", "AuthorizationPolicy.spec.selector",
                "The workloads of the policy's own namespace that it is for. Without it and targetRefs it is for all of them."
            ),
            .optional(
                "targetRefs", "[AuthorizationPolicy.spec.targetRefs[]]",
                "The Services whose workloads it is for, up to 16."),
            .optional(
                "action", "ALLOW, DENY or AUDIT",
                "DENY refuses what a rule matches. ALLOW lets it pass, and refuses what no rule of any ALLOW policy of the "
                    + "workload matches. AUDIT only counts it.", default: "ALLOW"),
            .optional(
                "rules", "[AuthorizationPolicy.spec.rules[]]",
                "It matches when one of them does, up to 512. Without any it matches nothing, so that an ALLOW policy refuses all."
            ),
            .optional("dryRun", "boolean", "Only counts what the policy would do.", default: "false"),
            .later("provider"),
        ])

    static let selector = FieldTable(
        "AuthorizationPolicy.spec.selector",
        [.required("matchLabels", "map of strings", "The labels that a workload must have, all of them.")])

    static let target = FieldTable(
        "AuthorizationPolicy.spec.targetRefs[]",
        [
            .optional("group", "\"\"", "Only \"\".", default: "\"\""),
            .required("kind", "Service", "Only Service."),
            .required("name", "string", "The Service's name, in the policy's own namespace."),
            .refused("namespace", "a policy holds for Services of its own namespace"),
            .later("sectionName"),
        ])

    static let rule = FieldTable(
        "AuthorizationPolicy.spec.rules[]",
        [
            .optional(
                "from", "[AuthorizationPolicy.spec.rules[].from[]]", "Who calls: one of them. Without it anybody."),
            .optional("to", "[AuthorizationPolicy.spec.rules[].to[]]", "What for: one of them. Without it anything."),
            .optional("when", "[AuthorizationPolicy.spec.rules[].when[]]", "What must hold besides: all of them."),
        ])

    static let from = FieldTable(
        "AuthorizationPolicy.spec.rules[].from[]",
        [.required("source", "AuthorizationPolicy.spec.rules[].from[].source", "All that is given must fit.")])

    static let source = FieldTable(
        "AuthorizationPolicy.spec.rules[].from[].source",
        choice("principals", "[string]", "Identities of certificates, `TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`.")
            + choice("namespaces", "[string]", "Namespaces of such identities.")
            + choice("ipBlocks", "[string]", "Addresses of the connection's peer, `10.0.0.0/8` or `10.1.2.3`.")
            + [
                .later("requestPrincipals"), .later("notRequestPrincipals"), .later("remoteIpBlocks"),
                .later("notRemoteIpBlocks"),
            ])

    static let to = FieldTable(
        "AuthorizationPolicy.spec.rules[].to[]",
        [.required("operation", "AuthorizationPolicy.spec.rules[].to[].operation", "All that is given must fit.")])

    static let operation = FieldTable(
        "AuthorizationPolicy.spec.rules[].to[].operation",
        choice("hosts", "[string]", "Hosts of requests, without regard to case.")
            + choice("ports", "[string]", "Ports on which the app listens.")
            + choice("methods", "[string]", "Methods of requests.")
            + choice(
                "paths", "[string]",
                "Paths without their query. `{*}` stands for one segment, and `{**}` for any number of them."))

    static let condition = FieldTable(
        "AuthorizationPolicy.spec.rules[].when[]",
        [
            .required(
                "key", "string",
                "`request.headers[NAME]`, `source.principal`, `source.namespace`, `source.ip`, `destination.port` or "
                    + "`connection.sni`."),
            .optional("values", "[string]", "One of them must fit."),
            .optional("notValues", "[string]", "None of them may fit."),
        ])

    private static func choice(_ key: String, _ type: String, _ meaning: String) -> [FieldTable.Field] {
        [.optional(key, type, meaning), .optional(notKey(key), type, "None of them may fit.")]
    }

    private static func notKey(_ key: String) -> String { "not\(key.prefix(1).uppercased())\(key.dropFirst())" }

    // MARK: - Reading

    static func decode(_ metadata: ResourceMetadata?, _ root: MappingDecoder) -> AuthorizationPolicy? {
        guard let spec = root.mapping("spec", spec) else { return nil }
        let selector =
            spec.mapping("selector", selector)?["matchLabels"]?
            .stringMap(checkKey: NameRules.labelKey, checkValue: NameRules.labelValue) ?? [:]
        let targets = targets(spec, namespace: metadata?.namespace ?? "default")
        if spec.has("selector"), spec.has("targetRefs") {
            spec["targetRefs"]?.fail("selector and targetRefs exclude each other; leave one out")
        }
        let action =
            spec["action"]?.choice(
                AuthorizationPolicy.Action.allCases.map(\.rawValue),
                refused: ["CUSTOM": "is not in this version of Tulle"])
            ?? "ALLOW"
        let rules = spec.list("rules", max: 512).compactMap(decodeRule)
        let isDryRun = spec.bool("dryRun") ?? false
        guard let metadata, let action = AuthorizationPolicy.Action(rawValue: action) else { return nil }
        return AuthorizationPolicy(
            metadata: metadata, selector: selector, targets: targets, action: action, rules: rules, isDryRun: isDryRun)
    }

    private static func targets(_ spec: MappingDecoder, namespace: String) -> [ServiceName] {
        var targets: [ServiceName] = []
        for item in spec.list("targetRefs", max: 16, min: 1) {
            guard let decoder = item.mapping(target) else { continue }
            _ = decoder["kind"]?.choice(
                ["Service"], refused: ["Gateway": "is not in this version of Tulle; use Service"])
            if let group = decoder["group"], let text = group.string(), text != "" && text != "core" {
                group.fail("\(ConfigurationError.quoted(text)) has no Service; a Service's group is \"\"")
            }
            guard let name = decoder.string("name", check: NameRules.label) else { continue }
            targets.append(ServiceName(name, namespace: namespace))
        }
        return targets
    }

    private static func decodeRule(_ place: LocatedNode) -> AuthorizationPolicy.Rule? {
        guard let decoder = place.mapping(rule) else { return nil }
        var result = AuthorizationPolicy.Rule()
        for item in decoder.list("from", max: 512, min: 1) {
            guard let fields = item.mapping(from)?.mapping("source", source) else { continue }
            var from = AuthorizationPolicy.Source()
            from.principals = choice("principals", fields, text)
            from.namespaces = choice("namespaces", fields, text)
            from.ipBlocks = choice("ipBlocks", fields, block)
            notEmpty(from == AuthorizationPolicy.Source(), fields)
            result.sources.append(from)
        }
        for item in decoder.list("to", max: 512, min: 1) {
            guard let fields = item.mapping(to)?.mapping("operation", operation) else { continue }
            var to = AuthorizationPolicy.Operation()
            to.hosts = choice("hosts", fields, text)
            to.ports = choice("ports", fields, port)
            to.methods = choice("methods", fields, text)
            to.paths = choice("paths", fields, path)
            notEmpty(to == AuthorizationPolicy.Operation(), fields)
            result.operations.append(to)
        }
        result.conditions = decoder.list("when", max: 512, min: 1).compactMap(decodeCondition)
        return result
    }

    /// What names nothing would match all, which somebody who wrote it cannot have meant.
    private static func notEmpty(_ isEmpty: Bool, _ fields: MappingDecoder) {
        if isEmpty { fields.place.fail("names nothing; leave it out to match all") }
    }

    private static func decodeCondition(_ place: LocatedNode) -> AuthorizationPolicy.Condition? {
        guard let decoder = place.mapping(condition), let key = decoder.string("key") else { return nil }
        if !decoder.has("values"), !decoder.has("notValues") { place.fail("values or notValues is required") }
        func values<Value>(_ read: (LocatedNode) -> Value?) -> AuthorizationPolicy.Choice<Value> {
            AuthorizationPolicy.Choice(
                decoder.list("values", max: 512, min: 1).compactMap(read),
                not: decoder.list("notValues", max: 512, min: 1).compactMap(read))
        }
        switch key {
        case "source.principal": return .principal(values(text))
        case "source.namespace": return .namespace(values(text))
        case "source.ip": return .sourceIP(values(block))
        case "destination.port": return .destinationPort(values(port))
        case "connection.sni": return .serverName(values(text))
        default:
            if key.hasPrefix("request.headers["), key.hasSuffix("]") {
                let name = String(key.dropFirst("request.headers[".count).dropLast())
                if let problem = NameRules.headerName(name) { decoder["key"]?.fail(problem) }
                return .header(name, values(text))
            }
            decoder["key"]?.fail(
                "unknown key \(ConfigurationError.quoted(key)); it is request.headers[NAME], source.principal, "
                    + "source.namespace, source.ip, destination.port or connection.sni")
            return nil
        }
    }

    private static func choice<Value>(
        _ key: String, _ fields: MappingDecoder, _ read: (LocatedNode) -> Value?
    ) -> AuthorizationPolicy.Choice<Value> {
        AuthorizationPolicy.Choice(
            fields.list(key, max: 512, min: 1).compactMap(read),
            not: fields.list(notKey(key), max: 512, min: 1).compactMap(read))
    }

    // MARK: - Values

    private static func text(_ place: LocatedNode) -> String? {
        guard let text = place.string() else { return nil }
        guard !text.isEmpty, !text.dropFirst().dropLast().contains("*"), !(text.count == 2 && text == "**") else {
            place.fail(
                "\(ConfigurationError.quoted(text)) is no pattern: \"*\" stands alone, at the beginning or at the end")
            return nil
        }
        if text.count > 1, text.hasPrefix("*"), text.hasSuffix("*") {
            place.fail("\(ConfigurationError.quoted(text)) has a \"*\" at both ends; one may be there")
            return nil
        }
        return text
    }

    private static func path(_ place: LocatedNode) -> String? {
        guard let path = place.string() else { return nil }
        guard path.contains("{") else { return text(place) }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.hasPrefix("/"),
            segments.allSatisfy({ $0 == "{*}" || $0 == "{**}" || !$0.contains { "{}*".contains($0) } }),
            segments.count(where: { $0 == "{**}" }) <= 1
        else {
            place.fail(
                "\(ConfigurationError.quoted(path)) is no template: it begins with /, and each of its segments is plain, "
                    + "{*} or, once, {**}")
            return nil
        }
        return path
    }

    private static func port(_ place: LocatedNode) -> Int? {
        guard let text = place.node.scalar?.text, let port = Int(text), 1...65535 ~= port else {
            place.fail("expected a port of 1 to 65535, found \(place.node.kindForPeople)")
            return nil
        }
        return port
    }

    private static func block(_ place: LocatedNode) -> AddressPrefix? {
        guard let text = place.string() else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let most = IPAddress.isIPv4(parts[0]) ? 32 : IPAddress.isIPv6(parts[0]) ? 128 : -1
        let length = parts.count == 1 ? most : Int(parts[1]) ?? -1
        guard most > 0, parts.count <= 2, 0...most ~= length else {
            place.fail(
                "\(ConfigurationError.quoted(text)) is neither an IP address nor a block of them such as 10.0.0.0/8")
            return nil
        }
        return AddressPrefix(address: parts[0], length: length)
    }
}
