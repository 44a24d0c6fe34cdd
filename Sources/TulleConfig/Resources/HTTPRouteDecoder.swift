import TulleModel

/// Reads `gateway.networking.k8s.io HTTPRoute`: its rules, matches and timeouts; `HTTPRouteFilterDecoder` reads the filters.
enum HTTPRouteDecoder {
    static let root = FieldTable(
        "HTTPRoute", ResourceDecoder.head + [.required("spec", "HTTPRoute.spec", "Which requests go where.")])

    static let spec = FieldTable(
        "HTTPRoute.spec",
        [
            .required("parentRefs", "[parentRefs[]]", "The Services whose requests the route takes."),
            .optional(
                "rules", "[HTTPRoute.spec.rules[]]",
                "What is done with which requests, up to 16 rules. A request that fits none is answered with 404.",
                default: "one rule that matches all"),
            .refused(
                "hostnames",
                "a route attached to a Service takes all requests to it; hostnames mean something under a Gateway, which is "
                    + "not in this version of Tulle"),
            .refused("useDefaultGateways", "Gateways are not in this version of Tulle"),
        ])

    static let rule = FieldTable(
        "HTTPRoute.spec.rules[]",
        [
            .optional("name", "string", "A name for people; it shows in metrics and logs."),
            .optional(
                "matches", "[HTTPRoute.spec.rules[].matches[]]",
                "The requests that the rule is for: any of these, up to 64.",
                default: "the prefix /"),
            .optional(
                "filters", "[filters[]]", "Changes to the request and the response, up to 16, each type once."),
            .optional(
                "backendRefs", "[HTTPRoute.spec.rules[].backendRefs[]]",
                "The Services that requests go to, each its share, up to 16. Without any, and without a redirect, the "
                    + "answer is 500."),
            .optional("timeouts", "HTTPRoute.spec.rules[].timeouts", "How long answers may take."),
            .later("retry"),
            .later("sessionPersistence"),
        ])

    static let match = FieldTable(
        "HTTPRoute.spec.rules[].matches[]",
        [
            .optional("path", "HTTPRoute.spec.rules[].matches[].path", "A test on the path.", default: "the prefix /"),
            .optional(
                "headers", "[HTTPRoute.spec.rules[].matches[].headers[]]", "Tests on headers, all of which must hold."),
            .optional(
                "queryParams", "[HTTPRoute.spec.rules[].matches[].queryParams[]]",
                "Tests on query parameters, all of which must hold."),
            .optional(
                "method", "string", "GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE or PATCH.", default: "any"),
        ])

    static let path = FieldTable(
        "HTTPRoute.spec.rules[].matches[].path",
        [
            .optional(
                "type", "Exact, PathPrefix or RegularExpression",
                "PathPrefix goes by whole segments: /a fits /a/b, not /ab. RegularExpression is RE2 and must match the "
                    + "whole path.", default: "PathPrefix"),
            .optional("value", "string", "What to compare with; case matters.", default: "/"),
        ])

    static let header = FieldTable(
        "HTTPRoute.spec.rules[].matches[].headers[]",
        [
            .optional(
                "type", "Exact or RegularExpression", "RegularExpression is RE2 and must match the whole value.",
                default: "Exact"),
            .required("name", "string", "The header's name; case does not matter."),
            .required("value", "string", "What to compare with; case matters."),
        ])

    static let queryParameter = FieldTable(
        "HTTPRoute.spec.rules[].matches[].queryParams[]",
        [
            .optional(
                "type", "Exact or RegularExpression", "RegularExpression is RE2 and must match the whole value.",
                default: "Exact"),
            .required(
                "name", "string", "The parameter's name; case matters. Of several with the name the first counts."),
            .required("value", "string", "What to compare with; case matters."),
        ])

    static let backend = FieldTable(
        "HTTPRoute.spec.rules[].backendRefs[]",
        RouteReferenceDecoder.backendFields + [
            .optional(
                "filters", "[filters[]]",
                "Changes for requests that go to this backend: RequestHeaderModifier and ResponseHeaderModifier.")
        ])

    static let timeouts = FieldTable(
        "HTTPRoute.spec.rules[].timeouts",
        [
            .optional(
                "request", "duration", "From the request to the end of the answer, with all retries; 0s for no limit.",
                default: "no limit"),
            .optional(
                "backendRequest", "duration", "One try at a backend; not longer than request. 0s for no limit.",
                default: "no limit"),
        ])

    static let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]

    static func decode(_ metadata: ResourceMetadata?, _ root: MappingDecoder) -> HTTPRoute? {
        guard let spec = root.mapping("spec", spec) else { return nil }
        let namespace = metadata?.namespace ?? "default"
        let parents = RouteReferenceDecoder.parents(spec, namespace: namespace)
        var rules = [HTTPRoute.Rule()]
        if let place = spec["rules"] {
            rules = RouteReferenceDecoder.rules(place, rule, name: { $0.name }, matches: { $0.matches.count }) {
                decodeRule($0, namespace: namespace, parents: parents)
            }
        }
        guard let metadata else { return nil }
        return HTTPRoute(metadata: metadata, parents: parents, rules: rules)
    }

    private static func decodeRule(
        _ decoder: MappingDecoder, namespace: String, parents: [ParentReference]
    ) -> HTTPRoute.Rule {
        var rule = HTTPRoute.Rule(name: decoder.string("name", check: NameRules.subdomain) ?? "")
        if let matches = RouteReferenceDecoder.matches(decoder, match, decode: decodeMatch) { rule.matches = matches }
        rule.filters = HTTPRouteFilterDecoder.filters(decoder["filters"], of: .rule)
        rule.backends = RouteReferenceDecoder.backends(
            decoder, backend, filters: .backend, namespace: namespace, parents: parents)
        checkFilters(of: rule, decoder)
        if let timeouts = decoder.mapping("timeouts", timeouts) {
            rule.requestTimeout = timeouts["request"].flatMap(duration)
            rule.backendRequestTimeout = timeouts["backendRequest"].flatMap(duration)
            if let whole = rule.requestTimeout, let one = rule.backendRequestTimeout, whole != .zero,
                one > whole || one == .zero
            {
                timeouts["backendRequest"]?.fail("a backendRequest timeout cannot be longer than the request timeout")
            }
        }
        return rule
    }

    /// What filters and the rest of a rule have to do with each other.
    private static func checkFilters(of rule: HTTPRoute.Rule, _ decoder: MappingDecoder) {
        for filter in rule.filters {
            let modifier: HTTPRoute.PathModifier?
            switch filter {
            case .redirect(let redirect):
                modifier = redirect.path
                if decoder.has("backendRefs"), !rule.backends.isEmpty {
                    decoder["backendRefs"]?.fail(
                        "a rule with a RequestRedirect filter answers itself and has no backends")
                }
            case .rewrite(let rewrite): modifier = rewrite.path
            case .requestHeaders, .responseHeaders: continue
            }
            guard case .prefixMatch = modifier else { continue }
            var isPrefix = false
            if rule.matches.count == 1, case .prefix = rule.matches[0].path { isPrefix = true }
            if !isPrefix {
                (decoder["matches"] ?? decoder["filters"])?.fail(
                    "replacePrefixMatch needs exactly one match, of path type PathPrefix, in its rule")
            }
        }
    }

    private static func duration(_ place: LocatedNode) -> Duration? {
        guard let text = place.string() else { return nil }
        if let duration = GatewayDuration.parse(text) { return duration }
        place.fail(
            "\(ConfigurationError.quoted(text)) is not a duration; it takes whole numbers with h, m, s or ms, "
                + "such as \"1h30m\", \"10s\" or \"250ms\"")
        return nil
    }

    private static func decodeMatch(_ decoder: MappingDecoder) -> HTTPRoute.Match {
        var match = HTTPRoute.Match()
        if let decoder = decoder.mapping("path", path), let path = decodePath(decoder) { match.path = path }
        match.method = decoder["method"]?.choice(methods)
        match.headers = values(decoder["headers"], header, foldsCase: true, max: 4096)
        match.queryParameters = values(decoder["queryParams"], queryParameter, foldsCase: false, max: 1024)
        return match
    }

    private static func decodePath(_ decoder: MappingDecoder) -> HTTPRoute.Path? {
        let given = decoder["type"]?.choice(["Exact", "PathPrefix", "RegularExpression"])
        if decoder.has("type"), given == nil { return nil }
        switch given ?? "PathPrefix" {
        case "Exact":
            return (decoder.has("value") ? decoder.string("value", check: NameRules.path) : "/").map(
                HTTPRoute.Path.exact)
        case "RegularExpression":
            let expression = decoder.has("value") ? decoder.string("value", check: checkExpression) : "/"
            return expression.map(HTTPRoute.Path.regularExpression)
        default:
            guard var prefix = decoder.has("value") ? decoder.string("value", check: NameRules.path) : "/" else {
                return nil
            }
            // A trailing slash of a prefix is ignored by the Gateway API.
            if prefix.count > 1, prefix.hasSuffix("/") { prefix.removeLast() }
            return .prefix(prefix)
        }
    }

    /// An expression of a path, or of a part of one.
    static func checkExpression(_ text: String) -> String? {
        guard 1...1024 ~= text.utf8.count else {
            return "an expression takes 1 to 1024 bytes, this one has \(text.utf8.count)"
        }
        return RegularExpression.problem(with: text)
    }

    /// The `headers` or `queryParams` of a match.
    static func values(
        _ place: LocatedNode?, _ table: FieldTable, foldsCase: Bool, max: Int
    ) -> [HTTPRoute.ValueMatch] {
        var seen: [String: Int] = [:]
        var values: [HTTPRoute.ValueMatch] = []
        for (index, item) in (place?.list(max: 16) ?? []).enumerated() {
            guard let decoder = item.mapping(table) else { continue }
            let name = decoder.string(
                "name",
                check: foldsCase
                    ? NameRules.headerName
                    : { NameRules.isToken($0) ? nil : "\(ConfigurationError.quoted($0)) is not a parameter's name" })
            if let name, let first = seen.updateValue(index, forKey: foldsCase ? name.lowercased() : name) {
                decoder["name"]?.fail("\(ConfigurationError.quoted(name)) is tested by entry [\(first)] too")
            }
            let type = decoder.has("type") ? decoder["type"]?.choice(["Exact", "RegularExpression"]) : "Exact"
            let isExpression = type == "RegularExpression"
            let value = decoder.string("value") { text in
                NameRules.headerValue(text, max: max)
                    ?? (isExpression ? RegularExpression.problem(with: text) : nil)
            }
            guard let name, let value, type != nil else { continue }
            values.append(
                HTTPRoute.ValueMatch(name: name, test: isExpression ? .regularExpression(value) : .exact(value)))
        }
        return values
    }
}
