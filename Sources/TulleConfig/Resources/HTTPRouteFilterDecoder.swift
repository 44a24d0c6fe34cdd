import TulleModel

/// Reads the `filters` of the rules and backends of an HTTPRoute or a GRPCRoute.
enum HTTPRouteFilterDecoder {
    /// What has the filters, which decides what types there may be.
    enum Owner {
        case rule, backend
        /// A rule of a GRPCRoute, or its backend.
        case grpc
    }

    static let filter = FieldTable(
        "filters[]",
        [
            .required(
                "type", "string",
                "RequestHeaderModifier, ResponseHeaderModifier, RequestRedirect or URLRewrite; the field of that name holds "
                    + "the settings."),
            .optional("requestHeaderModifier", "filters[].requestHeaderModifier", "Changes the request's headers."),
            .optional("responseHeaderModifier", "filters[].requestHeaderModifier", "Changes the response's headers."),
            .optional("requestRedirect", "filters[].requestRedirect", "Answers with a redirect."),
            .optional("urlRewrite", "filters[].urlRewrite", "Changes the host or the path of the request."),
            .later("requestMirror"),
            .later("cors"),
            .later("extensionRef"),
        ])

    static let headerModifier = FieldTable(
        "filters[].requestHeaderModifier",
        [
            .optional("set", "[filters[].requestHeaderModifier.set[]]", "Headers to replace, up to 16."),
            .optional("add", "[filters[].requestHeaderModifier.set[]]", "Headers to add to what is there, up to 16."),
            .optional("remove", "[string]", "Names of headers to take away, up to 16."),
        ])

    static let headerValue = FieldTable(
        "filters[].requestHeaderModifier.set[]",
        [
            .required("name", "string", "The header's name; case does not matter."),
            .required("value", "string", "The header's value, as it is."),
        ])

    static let redirect = FieldTable(
        "filters[].requestRedirect",
        [
            .optional("scheme", "http or https", "The scheme of the Location.", default: "the request's"),
            .optional("hostname", "string", "The host of the Location.", default: "the request's"),
            .optional("path", "filters[].path", "The path of the Location.", default: "the request's"),
            .optional(
                "port", "integer", "The port of the Location.",
                default: "by scheme where that is given, else the request's"),
            .optional("statusCode", "integer", "301, 302, 303, 307 or 308.", default: "302"),
        ])

    static let rewrite = FieldTable(
        "filters[].urlRewrite",
        [
            .optional("hostname", "string", "The Host header that the backend sees.", default: "the request's"),
            .optional("path", "filters[].path", "The path that the backend sees.", default: "the request's"),
        ])

    static let path = FieldTable(
        "filters[].path",
        [
            .required("type", "ReplaceFullPath or ReplacePrefixMatch", "Which of the next two holds."),
            .optional("replaceFullPath", "string", "The whole new path; the query stays."),
            .optional(
                "replacePrefixMatch", "string",
                "What stands in place of the prefix that the rule's match has: with the prefix /a and /x here, /a/b "
                    + "becomes /x/b."),
        ])

    /// Filter types and the key that holds each one's settings.
    private static let settings = [
        "RequestHeaderModifier": "requestHeaderModifier", "ResponseHeaderModifier": "responseHeaderModifier",
        "RequestRedirect": "requestRedirect", "URLRewrite": "urlRewrite",
    ]

    static func filters(_ place: LocatedNode?, of owner: Owner) -> [HTTPRoute.Filter] {
        var seen: [String: Int] = [:]
        var filters: [HTTPRoute.Filter] = []
        for (index, item) in (place?.list(max: 16) ?? []).enumerated() {
            guard let decoder = item.mapping(filter) else { continue }
            let later = "is not in this version of Tulle"
            var refused = ["RequestMirror": later, "CORS": later, "ExtensionRef": later]
            var words = ["RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite"]
            switch owner {
            case .rule: break
            case .backend:
                for word in words[2...] { refused[word] = "is a filter of a rule, not of a backend" }
                words.removeLast(2)
            case .grpc:
                for word in words[2...] + ["CORS"] { refused[word] = "is a filter of an HTTPRoute, not of a GRPCRoute" }
                words.removeLast(2)
            }
            guard let type = decoder["type"]?.choice(words, refused: refused), let key = settings[type] else {
                continue
            }
            if let first = seen.updateValue(index, forKey: type) {
                item.fail("a second filter of type \(type); the first is filters[\(first)]")
            }
            for (other, otherKey) in settings.sorted(by: { $0.key < $1.key }) where otherKey != key {
                decoder[otherKey]?.fail("belongs to a filter of type \(other), not \(type)")
            }
            guard decoder.has(key) else {
                item.report.add(
                    item.node.mark, LocatedNode.join(item.path, key), "required by type \(type) and missing")
                continue
            }
            switch type {
            case "RequestHeaderModifier":
                if let modifier = decoder.mapping(key, headerModifier) {
                    filters.append(.requestHeaders(decodeModifier(modifier, ofRequestBy: owner)))
                }
            case "ResponseHeaderModifier":
                if let modifier = decoder.mapping(key, headerModifier) {
                    filters.append(.responseHeaders(decodeModifier(modifier, ofRequestBy: nil)))
                }
            case "RequestRedirect":
                if let decoder = decoder.mapping(key, redirect) { filters.append(.redirect(decodeRedirect(decoder))) }
            default:
                if let decoder = decoder.mapping(key, rewrite) { filters.append(.rewrite(decodeRewrite(decoder))) }
            }
        }
        if let redirect = seen["RequestRedirect"], let rewrite = seen["URLRewrite"] {
            place?.fail(
                "filters[\(redirect)] redirects and filters[\(rewrite)] rewrites; a rule does one of the two")
        }
        return filters
    }

    /// - Parameter owner: whose requests are changed; nil for responses.
    private static func decodeModifier(
        _ decoder: MappingDecoder, ofRequestBy owner: Owner?
    ) -> HTTPRoute.HeaderModifier {
        var modifier = HTTPRoute.HeaderModifier()
        var seen: [String: String] = [:]
        func name(_ place: LocatedNode?) -> String? {
            guard let place, let text = place.string() else { return nil }
            if let problem = NameRules.headerName(text) {
                place.fail(problem)
                return nil
            }
            // The framing is the proxies' own, and Host has its own filter.
            switch text.lowercased() {
            case "host" where owner != nil:
                place.fail(
                    owner == .grpc
                        ? "Host cannot be changed by a GRPCRoute" : "Host is changed by a URLRewrite filter's hostname")
                return nil
            case "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade":
                place.fail("\(ConfigurationError.quoted(text)) frames the message and cannot be changed")
                return nil
            default: break
            }
            if let first = seen.updateValue(place.path, forKey: text.lowercased()) {
                place.fail("\(ConfigurationError.quoted(text)) is changed by \(first) too")
            }
            return text
        }
        func headers(_ key: String) -> [HTTPRoute.HeaderModifier.Header] {
            decoder.list(key, max: 16).compactMap { item in
                guard let header = item.mapping(headerValue) else { return nil }
                let value = header.string("value") { NameRules.headerValue($0) }
                guard let name = name(header["name"]), let value else { return nil }
                return HTTPRoute.HeaderModifier.Header(name: name, value: value)
            }
        }
        modifier.set = headers("set")
        modifier.add = headers("add")
        modifier.remove = decoder.list("remove", max: 16).compactMap { name($0) }
        return modifier
    }

    private static func decodeRedirect(_ decoder: MappingDecoder) -> HTTPRoute.Redirect {
        var redirect = HTTPRoute.Redirect()
        redirect.scheme = decoder["scheme"]?.choice(["http", "https"])
        redirect.hostname = decoder.string("hostname", check: NameRules.hostName)
        redirect.path = decoder.mapping("path", path).flatMap(decodePath)
        redirect.port = decoder.port("port")
        if let place = decoder["statusCode"], let code = place.integer(in: 100...599) {
            if [301, 302, 303, 307, 308].contains(code) {
                redirect.statusCode = code
            } else {
                place.fail("\(code) is no redirect; it is one of 301, 302, 303, 307, 308")
            }
        }
        return redirect
    }

    private static func decodeRewrite(_ decoder: MappingDecoder) -> HTTPRoute.Rewrite {
        HTTPRoute.Rewrite(
            hostname: decoder.string("hostname", check: NameRules.hostName),
            path: decoder.mapping("path", path).flatMap(decodePath))
    }

    private static func decodePath(_ decoder: MappingDecoder) -> HTTPRoute.PathModifier? {
        let keys = ["ReplaceFullPath": "replaceFullPath", "ReplacePrefixMatch": "replacePrefixMatch"]
        guard let type = decoder["type"]?.choice(["ReplaceFullPath", "ReplacePrefixMatch"]), let key = keys[type] else {
            return nil
        }
        for other in keys.values where other != key {
            decoder[other]?.fail("does not go with type \(type)")
        }
        guard decoder.has(key) else {
            decoder.place.report.add(
                decoder.place.node.mark, LocatedNode.join(decoder.place.path, key),
                "required by type \(type) and missing")
            return nil
        }
        let text = decoder.string(key) { text in
            // An empty replacement takes the prefix away, as `/` does.
            if text.isEmpty, key == "replacePrefixMatch" { return nil }
            return NameRules.path(text)
        }
        guard let text else { return nil }
        return type == "ReplaceFullPath" ? .fullPath(text) : .prefixMatch(text)
    }
}
