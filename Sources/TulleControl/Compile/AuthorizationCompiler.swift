import TulleModel
import TulleXDS

/// Compiles the policies for one inbound port to RBAC filters: DENY first, then ALLOW.
///
/// Rules are named `NAMESPACE/POLICY/rule-INDEX`, which is what logs and refusals say.
struct AuthorizationCompiler {
    /// What the filters decide on.
    enum Subject { case requests, connections }

    private typealias Condition = RBAC.Condition

    let policies: [AuthorizationPolicy]
    /// Where the app listens.
    let port: Int

    static let denyFilter = "tulle.authorization.deny"
    static let allowFilter = "tulle.authorization.allow"
    static let auditFilter = "tulle.authorization.audit"
    private static let dryRunPrefix = "dry_run"
    private static let auditPrefix = "audit"

    /// The filters by name, in order. What is only counted stands in shadow rules; an AUDIT policy's matches are counted as
    /// `shadow_denied` under the prefix `audit`.
    func filters(for subject: Subject) -> [RBACFilter] {
        var filters: [RBACFilter] = []
        func of(_ action: AuthorizationPolicy.Action) -> [AuthorizationPolicy] {
            policies.filter { $0.action == action }
        }
        func rules(_ action: RBAC.Action, _ policies: [AuthorizationPolicy]) -> RBAC? {
            policies.isEmpty ? nil : RBAC(action: action, policies: compiled(policies, action, subject))
        }
        let audit = of(.audit)
        if !audit.isEmpty {
            filters.append(
                RBACFilter(
                    name: Self.auditFilter, shadowRules: rules(.deny, audit), shadowRulesStatPrefix: Self.auditPrefix))
        }
        let deny = of(.deny)
        if !deny.isEmpty {
            filters.append(
                RBACFilter(
                    name: Self.denyFilter, rules: rules(.deny, deny.filter { !$0.isDryRun }),
                    shadowRules: rules(.deny, deny.filter(\.isDryRun)), shadowRulesStatPrefix: Self.dryRunPrefix))
        }
        let allow = of(.allow)
        if !allow.isEmpty {
            // What would be if the dry runs held: they and those that hold already.
            let shadow = allow.contains(where: \.isDryRun) ? rules(.allow, allow) : nil
            filters.append(
                RBACFilter(
                    name: Self.allowFilter, rules: rules(.allow, allow.filter { !$0.isDryRun }), shadowRules: shadow,
                    shadowRulesStatPrefix: Self.dryRunPrefix))
        }
        return filters
    }

    private func compiled(
        _ policies: [AuthorizationPolicy], _ action: RBAC.Action, _ subject: Subject
    ) -> [String: RBAC.Policy] {
        var compiled: [String: RBAC.Policy] = [:]
        for policy in policies {
            for (index, rule) in policy.rules.enumerated() {
                let name = "\(policy.metadata.namespace)/\(policy.metadata.name)/rule-\(index)"
                compiled[name] = self.rule(rule, action, subject)
            }
        }
        return compiled
    }

    /// Nil for a rule that nothing on this port can match.
    func rule(_ rule: AuthorizationPolicy.Rule, _ action: RBAC.Action, _ subject: Subject) -> RBAC.Policy? {
        // A connection has no request to ask. A rule that refuses then counts without those parts, and one that allows
        // not at all, so that neither lets pass what its author did not want.
        func asked(_ condition: Condition) -> Condition {
            subject == .requests || condition == .any ? condition : action == .deny ? .any : Self.never
        }
        var permissions: [Condition] = []
        var principals: [Condition] = []
        if !rule.operations.isEmpty {
            permissions.append(
                .oneOf(
                    rule.operations.map { operation in
                        .all([
                            asked(
                                Self.condition(operation.hosts) {
                                    .header(Self.header(":authority", $0, ignoreCase: true))
                                }),
                            asked(Self.condition(operation.methods) { .header(Self.header(":method", $0)) }),
                            asked(Self.condition(operation.paths) { .path(Self.path($0)) }), self.port(operation.ports),
                        ])
                    }))
        }
        if !rule.sources.isEmpty {
            principals.append(
                .oneOf(
                    rule.sources.map { source in
                        .all([
                            Self.condition(source.principals, Self.principal),
                            Self.condition(source.namespaces, Self.namespace),
                            Self.condition(source.ipBlocks) { .address(.directRemote, $0) },
                        ])
                    }))
        }
        for condition in rule.conditions {
            switch condition {
            case .header(let name, let values):
                permissions.append(asked(Self.condition(values) { .header(Self.header(name, $0)) }))
            case .principal(let values): principals.append(Self.condition(values, Self.principal))
            case .namespace(let values): principals.append(Self.condition(values, Self.namespace))
            case .sourceIP(let values):
                principals.append(Self.condition(values) { .address(.directRemote, $0) })
            case .destinationPort(let values): permissions.append(port(values))
            case .serverName(let values):
                permissions.append(Self.condition(values) { .requestedServerName(Self.text($0)) })
            }
        }
        let permission = Self.simplified(.all(permissions))
        let principal = Self.simplified(.all(principals))
        guard permission != Self.never, principal != Self.never else { return nil }
        return RBAC.Policy(permissions: [permission], principals: [principal])
    }

    // MARK: - Conditions

    private static let never = Condition.not(.any)

    private static func condition<Value>(
        _ choice: AuthorizationPolicy.Choice<Value>, _ test: (Value) -> Condition
    ) -> Condition {
        var all: [Condition] = []
        if !choice.values.isEmpty { all.append(.oneOf(choice.values.map(test))) }
        if !choice.notValues.isEmpty { all.append(.not(.oneOf(choice.notValues.map(test)))) }
        return simplified(.all(all))
    }

    /// Known here: the listener is that of one port of the app's, and has another of its own.
    private func port(_ choice: AuthorizationPolicy.Choice<Int>) -> Condition {
        let fits =
            (choice.values.isEmpty || choice.values.contains(port)) && !choice.notValues.contains(port)
        return fits ? .any : Self.never
    }

    private static func principal(_ text: String) -> Condition {
        // Whoever has a certificate with a name; without one the text is empty.
        if text == "*" { return .authenticated(StringMatcher(.regex(".+"))) }
        let isWhole = text.hasPrefix("*") || text.hasPrefix("spiffe://")
        return .authenticated(self.text(isWhole ? text : "spiffe://\(text)"))
    }

    private static func namespace(_ text: String) -> Condition {
        let name =
            text == "*"
            ? "[^/]+"
            : text.split(separator: "*", omittingEmptySubsequences: false).map { escaped($0) }
                .joined(separator: "[^/]*")
        return .authenticated(StringMatcher(.regex("spiffe://[^/]+/ns/\(name)/sa/.+")))
    }

    private static func header(_ name: String, _ text: String, ignoreCase: Bool = false) -> HeaderMatcher {
        HeaderMatcher(
            name: name, test: text == "*" ? .present(true) : .string(self.text(text, ignoreCase: ignoreCase)))
    }

    private static func path(_ path: String) -> StringMatcher {
        guard path.contains("{") else { return text(path) }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            segment == "{*}" ? "[^/]+" : segment == "{**}" ? ".*" : escaped(segment)
        }
        return StringMatcher(.regex(segments.joined(separator: "/")))
    }

    private static func text(_ text: String, ignoreCase: Bool = false) -> StringMatcher {
        if text == "*" { return StringMatcher(.regex(".+")) }
        if text.hasPrefix("*") { return StringMatcher(.suffix(String(text.dropFirst())), ignoreCase: ignoreCase) }
        if text.hasSuffix("*") { return StringMatcher(.prefix(String(text.dropLast())), ignoreCase: ignoreCase) }
        return StringMatcher(.exact(text), ignoreCase: ignoreCase)
    }

    /// A text that RE2 takes literally.
    private static func escaped(_ text: some StringProtocol) -> String {
        String(text.flatMap { #"\.+*?()|[]{}^$"#.contains($0) ? ["\\", $0] : [$0] })
    }

    /// The same without parts that always or never hold, and without lists of one.
    private static func simplified(_ condition: Condition) -> Condition {
        switch condition {
        case .all(let inner):
            let parts = inner.map(simplified).filter { $0 != .any }
            if parts.contains(never) { return never }
            return parts.isEmpty ? .any : parts.count == 1 ? parts[0] : .all(parts)
        case .oneOf(let inner):
            let parts = inner.map(simplified).filter { $0 != never }
            if parts.contains(.any) { return .any }
            return parts.isEmpty ? never : parts.count == 1 ? parts[0] : .oneOf(parts)
        case .not(let inner):
            let inner = simplified(inner)
            if case .not(let twice) = inner { return twice }
            return .not(inner)
        default: return condition
        }
    }
}
