import TulleModel
import TulleXDS

/// Compiles the GRPCRoutes of a service's port into Envoy routes, in the order of the Gateway API's precedence. A gRPC
/// call is a POST to `/SERVICE/METHOD`.
struct GRPCRouteCompiler {
    let rules: RouteRuleCompiler

    /// What is done with requests to a port. One that no route matches is answered with 404, which is UNIMPLEMENTED to a
    /// gRPC client.
    ///
    /// - Parameter routes: those that hold for the caller, oldest first.
    func routes(_ routes: [GRPCRoute]) -> [XRoute] {
        var candidates: [Candidate] = []
        for (age, route) in routes.enumerated() {
            for (ruleIndex, rule) in route.rules.enumerated() {
                for (matchIndex, match) in rule.matches.enumerated() {
                    let name = rule.name.isEmpty ? "\(ruleIndex)" : rule.name
                    candidates.append(
                        Candidate(
                            name: "GRPCRoute/\(route.metadata.namespace)/\(route.metadata.name)/\(name)", rule: rule,
                            match: match, order: [age, ruleIndex, matchIndex]))
                }
            }
        }
        candidates.sort { $0.precedes($1) }
        return candidates.map(compile)
    }

    /// One match of one rule.
    private struct Candidate {
        var name: String
        var rule: GRPCRoute.Rule
        var match: GRPCRoute.Match
        /// The route's age, then the places of rule and match.
        var order: [Int]

        /// Names, then regular expressions (whose place the Gateway API leaves to us), then every call; then the most
        /// characters of service and of method, and the most headers (GRPCRouteRule.matches).
        var rank: [Int] {
            func length(_ text: String?) -> Int { -(text?.utf8.count ?? 0) }
            let method =
                switch match.method {
                case .exact(let service, let method): [0, length(service), length(method)]
                case .regularExpression(let service, let method): [1, length(service), length(method)]
                case nil: [2, 0, 0]
                }
            return method + [-match.headers.count]
        }

        func precedes(_ other: Candidate) -> Bool {
            let left = rank
            let right = other.rank
            if left != right { return left.lexicographicallyPrecedes(right) }
            return order.lexicographicallyPrecedes(other.order)
        }
    }

    private func compile(_ candidate: Candidate) -> XRoute {
        var route = XRoute()
        route.name = candidate.name
        route.match = match(candidate.match)
        // 503 is UNAVAILABLE to a gRPC client, which is what a backend that does not exist is to be
        // (GRPCRouteRule.backendRefs).
        if var action = rules.action(candidate.rule.backends, missing: .serviceUnavailable) {
            rules.limit(&action)
            route.route = action
        } else {
            route.directResponse.status = 503
        }
        RouteRuleCompiler.modify(&route, by: candidate.rule.filters)
        return route
    }

    private static var isGRPC: XHeaderMatcher {
        var matcher = XHeaderMatcher()
        matcher.name = "content-type"
        matcher.stringMatch.prefix = "application/grpc"
        return matcher
    }

    private func match(_ match: GRPCRoute.Match) -> XRouteMatch {
        var compiled = XRouteMatch()
        switch match.method {
        case nil: compiled.prefix = rules.dialect == .grpc ? "" : "/"
        case .exact(let service?, let method?): compiled.path = "/\(service)/\(method)"
        case .exact(let service?, nil): compiled.prefix = "/\(service)/"
        // The rules for names leave nothing in a method that an expression would read otherwise.
        case .exact(nil, let method): compiled.safeRegex = .of("/[^/]+/\(method ?? "[^/]+")")
        case .regularExpression(let service, let method):
            func part(_ expression: String?) -> String { expression.map { "(?:\($0))" } ?? "[^/]+" }
            compiled.safeRegex = .of("/\(part(service))/\(part(method))")
        }
        compiled.headers = match.headers.map { RouteRuleCompiler.matcher($0) }
        // A gRPC client's requests are all gRPC. A proxy's are by their content-type: gRPC itself, or gRPC-Web on its way to
        // where it is turned into gRPC, which Envoy's own test for gRPC (`grpc: {}`) leaves out.
        if rules.dialect == .proxy { compiled.headers.append(Self.isGRPC) }
        return compiled
    }
}
