import TulleModel

/// Reads `gateway.networking.k8s.io GRPCRoute`.
enum GRPCRouteDecoder {
    static let root = FieldTable(
        "GRPCRoute", ResourceDecoder.head + [.required("spec", "GRPCRoute.spec", "Which requests go where.")])

    static let spec = FieldTable(
        "GRPCRoute.spec",
        [
            .required("parentRefs", "[parentRefs[]]", "The Services whose gRPC requests the route takes."),
            .optional(
                "rules", "[GRPCRoute.spec.rules[]]",
                "What is done with which requests, up to 16 rules. A call that fits none gets the status UNIMPLEMENTED.",
                default: "one rule that matches all"),
            .refused(
                "hostnames",
                "a route attached to a Service takes all requests to it; hostnames mean something under a Gateway, which is "
                    + "not in this version of Tulle"),
            .refused("useDefaultGateways", "Gateways are not in this version of Tulle"),
        ])

    static let rule = FieldTable(
        "GRPCRoute.spec.rules[]",
        [
            .optional("name", "string", "A name for people; it shows in metrics and logs."),
            .optional(
                "matches", "[GRPCRoute.spec.rules[].matches[]]",
                "The requests that the rule is for: any of these, up to 64.", default: "every gRPC request"),
            .optional(
                "filters", "[filters[]]",
                "Changes to the request and the response, up to 16, each type once: RequestHeaderModifier and "
                    + "ResponseHeaderModifier."),
            .optional(
                "backendRefs", "[GRPCRoute.spec.rules[].backendRefs[]]",
                "The Services that requests go to, each its share, up to 16. Without any the status is UNAVAILABLE."),
            .later("sessionPersistence"),
            .refused("timeouts", "a GRPCRoute has none: gRPC clients set a deadline for each call"),
            .later("retry"),
        ])

    static let match = FieldTable(
        "GRPCRoute.spec.rules[].matches[]",
        [
            .optional(
                "method", "GRPCRoute.spec.rules[].matches[].method", "A test on the service and the method.",
                default: "all methods of all services"),
            .optional(
                "headers", "[GRPCRoute.spec.rules[].matches[].headers[]]",
                "Tests on headers (gRPC's metadata), all of which must hold."),
            .refused("path", "a match of an HTTPRoute; a GRPCRoute has method, with service and method in it"),
            .refused("queryParams", "a match of an HTTPRoute; gRPC calls have no query"),
        ])

    static let method = FieldTable(
        "GRPCRoute.spec.rules[].matches[].method",
        [
            .optional(
                "type", "Exact or RegularExpression", "RegularExpression is RE2 and must match the whole name.",
                default: "Exact"),
            .optional(
                "service", "string", "The service's full name, such as shop.v1.Cart; case matters.", default: "any"),
            .optional(
                "method", "string", "The method's name; case matters. One of service and method must be given.",
                default: "any"),
        ])

    static let header = FieldTable(
        "GRPCRoute.spec.rules[].matches[].headers[]", HTTPRouteDecoder.header.fields)

    static let backend = FieldTable(
        "GRPCRoute.spec.rules[].backendRefs[]",
        RouteReferenceDecoder.backendFields + [
            .optional(
                "filters", "[filters[]]",
                "Changes for requests that go to this backend: RequestHeaderModifier and ResponseHeaderModifier.")
        ])

    static func decode(_ metadata: ResourceMetadata?, _ root: MappingDecoder) -> GRPCRoute? {
        guard let spec = root.mapping("spec", spec) else { return nil }
        let namespace = metadata?.namespace ?? "default"
        let parents = RouteReferenceDecoder.parents(spec, namespace: namespace)
        var rules = [GRPCRoute.Rule()]
        if let place = spec["rules"] {
            rules = RouteReferenceDecoder.rules(place, rule, name: { $0.name }, matches: { $0.matches.count }) {
                decodeRule($0, namespace: namespace, parents: parents)
            }
        }
        guard let metadata else { return nil }
        return GRPCRoute(metadata: metadata, parents: parents, rules: rules)
    }

    private static func decodeRule(
        _ decoder: MappingDecoder, namespace: String, parents: [ParentReference]
    ) -> GRPCRoute.Rule {
        var rule = GRPCRoute.Rule(name: decoder.string("name", check: NameRules.subdomain) ?? "")
        if let matches = RouteReferenceDecoder.matches(decoder, match, decode: decodeMatch) { rule.matches = matches }
        rule.filters = HTTPRouteFilterDecoder.filters(decoder["filters"], of: .grpc)
        rule.backends = RouteReferenceDecoder.backends(
            decoder, backend, filters: .grpc, namespace: namespace, parents: parents)
        return rule
    }

    private static func decodeMatch(_ decoder: MappingDecoder) -> GRPCRoute.Match {
        GRPCRoute.Match(
            method: decoder.mapping("method", method).flatMap(decodeMethod),
            headers: HTTPRouteDecoder.values(decoder["headers"], header, foldsCase: true, max: 4096))
    }

    private static func decodeMethod(_ decoder: MappingDecoder) -> GRPCRoute.Method? {
        let type = decoder.has("type") ? decoder["type"]?.choice(["Exact", "RegularExpression"]) : "Exact"
        guard decoder.has("service") || decoder.has("method") else {
            decoder.place.fail("one of service and method is required; leave method out to match every call")
            return nil
        }
        guard let type else { return nil }
        let isExpression = type == "RegularExpression"
        let service = decoder.string(
            "service", check: isExpression ? HTTPRouteDecoder.checkExpression : NameRules.grpcService)
        let method = decoder.string(
            "method", check: isExpression ? HTTPRouteDecoder.checkExpression : NameRules.grpcMethod)
        return isExpression
            ? .regularExpression(service: service, method: method) : .exact(service: service, method: method)
    }
}
