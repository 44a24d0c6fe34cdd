import SwiftProtobuf
import TulleModel
import TulleXDS

/// Compiles the HTTPRoutes of a service's port into Envoy routes, in the order of the Gateway API's precedence.
struct HTTPRouteCompiler {
    let rules: RouteRuleCompiler

    /// What is done with requests to a port. A request that no route matches is answered with 404.
    ///
    /// - Parameter routes: those that hold for the caller, oldest first.
    func routes(_ routes: [HTTPRoute], port: Int) -> [XRoute] {
        var candidates: [Candidate] = []
        for (age, route) in routes.enumerated() {
            for (ruleIndex, rule) in route.rules.enumerated() {
                for (matchIndex, match) in rule.matches.enumerated() where match.method != "CONNECT" {
                    let name = rule.name.isEmpty ? "\(ruleIndex)" : rule.name
                    candidates.append(
                        Candidate(
                            name: "HTTPRoute/\(route.metadata.namespace)/\(route.metadata.name)/\(name)", rule: rule,
                            match: match, order: [age, ruleIndex, matchIndex]))
                }
            }
        }
        candidates.sort { $0.precedes($1) }
        return candidates.flatMap { compile($0, port) }
    }

    /// One match of one rule.
    private struct Candidate {
        var name: String
        var rule: HTTPRoute.Rule
        var match: HTTPRoute.Match
        /// The route's age, then the places of rule and match.
        var order: [Int]

        /// Exact paths, then regular expressions (whose place the Gateway API leaves to us: whoever writes one means
        /// something narrower than a prefix), then the longest prefix; then a method, more headers, more parameters.
        var rank: [Int] {
            let path: (Int, Int) =
                switch match.path {
                case .exact: (0, 0)
                case .regularExpression(let expression): (1, -expression.utf8.count)
                case .prefix(let prefix): (2, -prefix.utf8.count)
                }
            return [
                path.0, path.1, match.method == nil ? 1 : 0, -match.headers.count, -match.queryParameters.count,
            ]
        }

        func precedes(_ other: Candidate) -> Bool {
            let left = rank
            let right = other.rank
            if left != right { return left.lexicographicallyPrecedes(right) }
            return order.lexicographicallyPrecedes(other.order)
        }
    }

    private func compile(_ candidate: Candidate, _ port: Int) -> [XRoute] {
        let rule = candidate.rule
        var route = XRoute()
        route.name = candidate.name
        if let redirect = rule.filters.compactMap(\.redirect).first {
            route.redirect = compile(redirect, of: candidate.match, port: port)
        } else if var action = rules.action(rule.backends, missing: .internalServerError) {
            rules.limit(&action, request: rule.requestTimeout, backendRequest: rule.backendRequestTimeout)
            if let rewrite = rule.filters.compactMap(\.rewrite).first {
                apply(rewrite, to: &action, of: candidate.match)
            }
            route.route = action
        } else {
            // No backend, or none that exists (HTTPRouteRule.backendRefs).
            route.directResponse.status = 500
        }
        RouteRuleCompiler.modify(&route, by: rule.filters)
        return matches(candidate.match).map { match in
            var one = route
            one.match = match
            return one
        }
    }

    /// One match, or two where the recipient has no prefix by segments.
    private func matches(_ match: HTTPRoute.Match) -> [XRouteMatch] {
        var compiled = XRouteMatch()
        if let method = match.method {
            var matcher = XHeaderMatcher()
            matcher.name = ":method"
            matcher.stringMatch = .exactly(method)
            compiled.headers.append(matcher)
        }
        compiled.headers += match.headers.map { RouteRuleCompiler.matcher($0) }
        for parameter in match.queryParameters {
            var matcher = Envoy_Config_Route_V3_QueryParameterMatcher()
            matcher.name = parameter.name
            matcher.stringMatch = RouteRuleCompiler.matcher(parameter.test)
            compiled.queryParameters.append(matcher)
        }
        switch match.path {
        case .exact(let path): compiled.path = path
        case .regularExpression(let expression): compiled.safeRegex = .of(expression)
        case .prefix("/"): compiled.prefix = "/"
        case .prefix(let prefix):
            guard rules.dialect == .grpc else {
                compiled.pathSeparatedPrefix = prefix
                break
            }
            var itself = compiled
            itself.path = prefix
            compiled.prefix = prefix + "/"
            return [itself, compiled]
        }
        return [compiled]
    }

    // MARK: - Filters

    private func apply(_ rewrite: HTTPRoute.Rewrite, to action: inout XRouteAction, of match: HTTPRoute.Match) {
        if let host = rewrite.hostname { action.hostRewriteLiteral = host }
        switch rewrite.path.map({ PathRewrite($0, of: match) }) {
        case .prefix(let prefix): action.prefixRewrite = prefix
        case .expression(let pattern, let substitution):
            action.regexRewrite.pattern = .of(pattern)
            action.regexRewrite.substitution = substitution
        case nil: break
        }
    }

    private func compile(
        _ redirect: HTTPRoute.Redirect, of match: HTTPRoute.Match, port: Int
    ) -> Envoy_Config_Route_V3_RedirectAction {
        var action = Envoy_Config_Route_V3_RedirectAction()
        if let scheme = redirect.scheme { action.schemeRedirect = scheme }
        if let host = redirect.hostname { action.hostRedirect = host }
        if let port = Self.port(of: redirect, listener: port) { action.portRedirect = UInt32(port) }
        switch redirect.path {
        case .fullPath(let path): action.pathRedirect = path
        case .prefixMatch:
            switch redirect.path.map({ PathRewrite($0, of: match) }) {
            case .prefix(let prefix): action.prefixRewrite = prefix
            case .expression(let pattern, let substitution):
                action.regexRewrite.pattern = .of(pattern)
                action.regexRewrite.substitution = substitution
            case nil: break
            }
        case nil: break
        }
        action.responseCode =
            switch redirect.statusCode {
            case 301: .movedPermanently
            case 303: .seeOther
            case 307: .temporaryRedirect
            case 308: .permanentRedirect
            default: .found
            }
        return action
    }

    /// The port that the Location needs to have said (HTTPRequestRedirectFilter.port): Envoy keeps the request's own
    /// where the host stays, and has none where the host is replaced.
    private static func port(of redirect: HTTPRoute.Redirect, listener: Int) -> Int? {
        let usual = ["http": 80, "https": 443][redirect.scheme ?? "http"]
        if let port = redirect.port {
            let redundant = port == usual && (redirect.hostname != nil || listener == port)
            return redundant ? nil : port
        }
        if redirect.scheme != nil {
            // The scheme's own port; a request to 80 or 443 may have none, and Envoy then drops it by itself.
            return redirect.hostname != nil || listener == 80 || listener == 443 ? nil : usual
        }
        return redirect.hostname != nil && listener != usual ? listener : nil
    }
}

extension HTTPRoute.Filter {
    fileprivate var redirect: HTTPRoute.Redirect? { if case .redirect(let redirect) = self { redirect } else { nil } }
    fileprivate var rewrite: HTTPRoute.Rewrite? { if case .rewrite(let rewrite) = self { rewrite } else { nil } }
}
