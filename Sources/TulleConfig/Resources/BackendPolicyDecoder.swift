import TulleModel

/// Reads `tulle.dev/v1alpha1 BackendPolicy`.
enum BackendPolicyDecoder {
    static let root = FieldTable(
        "BackendPolicy",
        ResourceDecoder.head + [.required("spec", "BackendPolicy.spec", "Which Services, and how they are called.")])

    static let spec = FieldTable(
        "BackendPolicy.spec",
        [
            .required(
                "targetRefs", "[BackendPolicy.spec.targetRefs[]]", "The Services that the policy is for, up to 16."),
            .optional(
                "loadBalancing", "BackendPolicy.spec.loadBalancing", "How an endpoint is chosen for each request."),
            .later("circuitBreaker"),
            .later("outlierDetection"),
            .later("healthCheck"),
            .later("connections"),
            .later("retryBudget"),
            .later("retryConstraint"),
            .later("sessionPersistence"),
        ])

    static let target = FieldTable(
        "BackendPolicy.spec.targetRefs[]",
        [
            .optional("group", "\"\"", "Only \"\".", default: "\"\""),
            .required("kind", "Service", "Only Service."),
            .required("name", "string", "The Service's name, in the policy's own namespace."),
            .refused("namespace", "a policy holds for Services of its own namespace"),
            .later("sectionName"),
        ])

    static let loadBalancing = FieldTable(
        "BackendPolicy.spec.loadBalancing",
        [
            .required(
                "policy", "RoundRobin, LeastRequest or Random",
                "RoundRobin takes endpoints in turn; LeastRequest the least busy of a few random ones; Random any. "
                    + "Without a policy LeastRequest is used."),
            .optional("leastRequest", "BackendPolicy.spec.loadBalancing.leastRequest", "Settings of LeastRequest."),
            .later("consistentHash"),
            .later("slowStart"),
            .later("locality"),
        ])

    static let leastRequest = FieldTable(
        "BackendPolicy.spec.loadBalancing.leastRequest",
        [
            .optional(
                "choices", "integer", "How many random endpoints are compared, 2 to 100. Two is enough for nearly all.",
                default: "2")
        ])

    static func decode(_ metadata: ResourceMetadata?, _ root: MappingDecoder) -> BackendPolicy? {
        guard let spec = root.mapping("spec", spec) else { return nil }
        var targets: [ServiceName] = []
        for item in spec.list("targetRefs", max: 16, min: 1) {
            guard let decoder = item.mapping(target) else { continue }
            _ = decoder["kind"]?.choice(
                ["Service"],
                refused: [
                    "HTTPRoute": "is no target in this version of Tulle; use Service",
                    "Gateway": "is not in this version of Tulle; use Service",
                ])
            if let group = decoder["group"], let text = group.string(), text != "" && text != "core" {
                group.fail("\(ConfigurationError.quoted(text)) has no Service; a Service's group is \"\"")
            }
            guard let name = decoder.string("name", check: NameRules.label) else { continue }
            let service = ServiceName(name, namespace: metadata?.namespace ?? "default")
            if let first = targets.firstIndex(of: service) { item.fail("the same target as targetRefs[\(first)]") }
            targets.append(service)
        }
        let balancing = spec.mapping("loadBalancing", loadBalancing).flatMap(decodeBalancing)
        guard let metadata else { return nil }
        return BackendPolicy(metadata: metadata, targets: targets, loadBalancing: balancing)
    }

    private static func decodeBalancing(_ decoder: MappingDecoder) -> BackendPolicy.LoadBalancing? {
        let refused = ["RingHash", "Maglev", "ConsistentHash"].map { ($0, "is not in this version of Tulle") }
        let policy = decoder["policy"]?.choice(
            ["RoundRobin", "LeastRequest", "Random"], refused: Dictionary(uniqueKeysWithValues: refused))
        let choices = decoder.mapping("leastRequest", leastRequest)?.integer("choices", in: 2...100) ?? 2
        if let policy, policy != "LeastRequest", let place = decoder["leastRequest"] {
            place.fail("holds only where policy is LeastRequest, not \(policy)")
        }
        switch policy {
        case "RoundRobin": return .roundRobin
        case "LeastRequest": return .leastRequest(choices: choices)
        case "Random": return .random
        default: return nil
        }
    }
}
