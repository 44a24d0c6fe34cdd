import SwiftProtobuf
import TulleConfig
import TulleModel

/// Role-based access control: its filters, their rules, and what routes put in their place.
///
/// What is not honoured refuses the resource whatever its origin: a rule without one of its conditions is another rule.
extension Translation {
    private typealias PermissionMessage = Envoy_Config_Rbac_V3_Permission
    private typealias PrincipalMessage = Envoy_Config_Rbac_V3_Principal

    /// Where rules stand, which decides what they can ask of.
    private enum Place { case http, network }

    // MARK: - Filters

    func rbac(_ name: String, _ message: Envoy_Extensions_Filters_Http_Rbac_V3_RBAC) -> RBACFilter? {
        guard !refusesMatchers(message.hasMatcher, message.hasShadowMatcher) else { return nil }
        let rules = rules("rules", message.hasRules, message.rules, .http)
        let shadowRules = self.rules("shadow_rules", message.hasShadowRules, message.shadowRules, .http)
        return RBACFilter(
            name: name, rules: rules, shadowRules: shadowRules, rulesStatPrefix: message.rulesStatPrefix,
            shadowRulesStatPrefix: message.shadowRulesStatPrefix)
    }

    func networkRBAC(_ name: String, _ message: Envoy_Extensions_Filters_Network_Rbac_V3_RBAC) -> RBACFilter? {
        let named = required("stat_prefix", message.statPrefix)
        guard !refusesMatchers(message.hasMatcher, message.hasShadowMatcher), named else { return nil }
        let rules = rules("rules", message.hasRules, message.rules, .network)
        let shadowRules = self.rules("shadow_rules", message.hasShadowRules, message.shadowRules, .network)
        return RBACFilter(
            name: name, statPrefix: message.statPrefix, rules: rules, shadowRules: shadowRules,
            shadowRulesStatPrefix: message.shadowRulesStatPrefix)
    }

    private func refusesMatchers(_ hasMatcher: Bool, _ hasShadowMatcher: Bool) -> Bool {
        if hasMatcher { fail("matcher", "matcher trees are not evaluated here; use rules") }
        if hasShadowMatcher { fail("shadow_matcher", "matcher trees are not evaluated here; use shadow_rules") }
        return hasMatcher || hasShadowMatcher
    }

    // MARK: - Routes

    /// By the filter's name; a filter that is taken off the routes has no rules.
    func rbacOverrides(_ settings: [String: Google_Protobuf_Any]) -> [String: RBACFilter] {
        var overrides: [String: RBACFilter] = [:]
        for (name, any) in settings.sorted(by: { $0.key < $1.key }) {
            within("typed_per_filter_config", key: name) { overrides[name] = rbacOverride(name, any) }
        }
        return overrides
    }

    private func rbacOverride(_ name: String, _ any: Google_Protobuf_Any) -> RBACFilter? {
        switch unpack(any, at: .routeFilter) {
        case let setting as Envoy_Extensions_Filters_Http_Rbac_V3_RBACPerRoute:
            return setting.hasRbac ? within("rbac") { rbac(name, setting.rbac) } : RBACFilter(name: name)
        case let wrapped as Envoy_Config_Route_V3_FilterConfig:
            if wrapped.disabled { return RBACFilter(name: name) }
            let type = ExtensionPoint.typeName(wrapped.config.typeURL)
            return within("config") {
                guard type != Envoy_Config_Route_V3_FilterConfig.protoMessageName else {
                    fail("one FilterConfig holds another")
                    return nil
                }
                if wrapped.isOptional, !type.isEmpty, !ExtensionPoint.routeFilter.knows(type) {
                    warn("\(ExtensionPoint.routeFilter.refusal(of: type)); left out, since it is optional")
                    return nil
                }
                return rbacOverride(name, wrapped.config)
            }
        default: return nil
        }
    }

    // MARK: - Rules

    private func rules(
        _ field: String, _ given: Bool, _ message: Envoy_Config_Rbac_V3_RBAC, _ place: Place
    ) -> RBAC? {
        guard given else { return nil }
        return within(field) {
            let action: RBAC.Action
            switch message.action {
            case .allow: action = .allow
            case .deny: action = .deny
            case .log: action = .log
            case .UNRECOGNIZED(let value):
                fail("action", "unknown value \(value)")
                return nil
            }
            var policies: [String: RBAC.Policy] = [:]
            for (name, policy) in message.policies.sorted(by: { $0.key < $1.key }) {
                policies[name] = within("policies", key: name) { self.policy(policy, place) }
            }
            return RBAC(action: action, policies: policies)
        }
    }

    private func policy(_ message: Envoy_Config_Rbac_V3_Policy, _ place: Place) -> RBAC.Policy {
        if message.permissions.isEmpty { fail("permissions is required: at least one; any: true permits all") }
        if message.principals.isEmpty { fail("principals is required: at least one; any: true stands for all") }
        if message.hasCondition { fail("condition", "CEL is not evaluated here") }
        if message.hasCheckedCondition { fail("checked_condition", "CEL is not evaluated here") }
        return RBAC.Policy(
            permissions: each("permissions", message.permissions) { permission($0, place) },
            principals: each("principals", message.principals) { principal($0, place) })
    }

    private func permission(_ message: PermissionMessage, _ place: Place) -> RBAC.Condition? {
        switch message.rule {
        case nil:
            fail(
                "one of and_rules, or_rules, any, header, url_path, destination_ip, destination_port, "
                    + "destination_port_range, not_rule and requested_server_name is required; Tulle has no others")
            return nil
        case .andRules(let set):
            return list("and_rules", "rules", set.rules) { permission($0, place) }.map { .all($0) }
        case .orRules(let set):
            return list("or_rules", "rules", set.rules) { permission($0, place) }.map { .oneOf($0) }
        case .any(let any): return constant(any)
        case .header(let matcher): return header(matcher, place)
        case .urlPath(let matcher): return path(matcher, place)
        case .destinationIp(let range):
            return within("destination_ip") { prefix(range) }.map { .address(.destination, $0) }
        case .destinationPort(let port):
            return number("destination_port", true, port, in: 0...65535).map { .destinationPort($0) }
        case .destinationPortRange(let range):
            guard range.start >= 0, range.start < range.end, range.end <= 65536 else {
                fail(
                    "destination_port_range",
                    "\(range.start) to \(range.end) is no range of ports: from start, at least 0, up to but without "
                        + "end, at most 65536")
                return nil
            }
            return .destinationPortRange(Int(range.start), Int(range.end))
        case .notRule(let inner): return within("not_rule") { permission(inner, place) }.map { .not($0) }
        case .requestedServerName(let matcher):
            return stringMatcher("requested_server_name", matcher).map { .requestedServerName($0) }
        }
    }

    private func principal(_ message: PrincipalMessage, _ place: Place) -> RBAC.Condition? {
        switch message.identifier {
        case nil:
            fail(
                "one of and_ids, or_ids, any, authenticated, source_ip, direct_remote_ip, remote_ip, header, url_path "
                    + "and not_id is required; Tulle has no others")
            return nil
        case .andIds(let set): return list("and_ids", "ids", set.ids) { principal($0, place) }.map { .all($0) }
        case .orIds(let set): return list("or_ids", "ids", set.ids) { principal($0, place) }.map { .oneOf($0) }
        case .any(let any): return constant(any)
        case .authenticated(let authenticated):
            guard authenticated.hasPrincipalName else { return .authenticated(nil) }
            return within("authenticated") {
                stringMatcher("principal_name", authenticated.principalName).map { .authenticated($0) }
            }
        case .sourceIp(let range):
            return within("source_ip") { prefix(range) }.map { .address(.directRemote, $0) }
        case .directRemoteIp(let range):
            return within("direct_remote_ip") { prefix(range) }.map { .address(.directRemote, $0) }
        case .remoteIp(let range):
            // Without a request there is nothing but the connection to tell.
            return within("remote_ip") { prefix(range) }.map { .address(place == .http ? .remote : .directRemote, $0) }
        case .header(let matcher): return header(matcher, place)
        case .urlPath(let matcher): return path(matcher, place)
        case .notID(let inner): return within("not_id") { principal(inner, place) }.map { .not($0) }
        }
    }

    // MARK: - Conditions

    private func list<Element>(
        _ field: String, _ elements: String, _ messages: [Element], _ body: (Element) -> RBAC.Condition?
    ) -> [RBAC.Condition]? {
        within(field) {
            guard !messages.isEmpty else {
                fail("\(elements) is required: at least one")
                return nil
            }
            let conditions = each(elements, messages, body)
            return conditions.count == messages.count ? conditions : nil
        }
    }

    private func constant(_ any: Bool) -> RBAC.Condition? {
        guard any else {
            fail("any", "must be true")
            return nil
        }
        return .any
    }

    private func header(_ matcher: Envoy_Config_Route_V3_HeaderMatcher, _ place: Place) -> RBAC.Condition? {
        guard asksARequest("header", place) else { return nil }
        return within("header") { headerMatcher(matcher) }.map { .header($0) }
    }

    private func path(_ matcher: Envoy_Type_Matcher_V3_PathMatcher, _ place: Place) -> RBAC.Condition? {
        guard asksARequest("url_path", place) else { return nil }
        return within("url_path") {
            guard case .path(let path) = matcher.rule else {
                fail("path is required")
                return nil
            }
            return stringMatcher("path", path).map { .path($0) }
        }
    }

    private func asksARequest(_ field: String, _ place: Place) -> Bool {
        if place == .network { fail(field, "a connection has no request to ask; use the HTTP filter") }
        return place == .http
    }
}
