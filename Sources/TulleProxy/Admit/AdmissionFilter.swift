import TulleModel

/// A compiled RBAC filter, or what a route puts in its place.
final class AdmissionFilter: Sendable {
    let name: String
    /// Nil lets all pass.
    let rules: AccessRules?
    /// Only counted.
    let shadowRules: AccessRules?
    let rulesStatPrefix: String
    let shadowRulesStatPrefix: String

    init(_ filter: RBACFilter) throws(RouteError) {
        name = filter.name
        rulesStatPrefix = filter.rulesStatPrefix
        shadowRulesStatPrefix = filter.shadowRulesStatPrefix
        do throws(RouteError) {
            rules = try Self.compile(filter.rules)
            shadowRules = try Self.compile(filter.shadowRules)
        } catch {
            throw RouteError("filter \"\(filter.name)\": \(error)")
        }
    }

    private static func compile(_ rules: RBAC?) throws(RouteError) -> AccessRules? {
        guard let rules else { return nil }
        return try AccessRules(rules)
    }

    var asksForRemoteAddress: Bool {
        rules?.asksForRemoteAddress ?? false || shadowRules?.asksForRemoteAddress ?? false
    }

    /// Compiles what routes override, from what is said nearest to them to what is said farthest.
    static func overrides(_ nearestFirst: [[String: RBACFilter]]) throws(RouteError) -> [AdmissionFilter] {
        var overrides: [AdmissionFilter] = []
        for settings in nearestFirst {
            for (name, filter) in settings.sorted(by: { $0.key < $1.key })
            where !overrides.contains(where: { $0.name == name }) {
                overrides.append(try AdmissionFilter(filter))
            }
        }
        return overrides
    }
}

/// Whether a request or a connection may pass.
enum Admission: Equatable {
    case allowed
    /// - Parameter policy: the one that denies it; nil where none allows it.
    case denied(policy: String?)

    /// Envoy's response code details of a refusal. Log lines may be told apart at their spaces, so that none stands in it.
    static func detail(ofDenialBy policy: String?) -> String {
        let name = String((policy ?? "none").map { $0.isWhitespace ? "_" : $0 })
        return "rbac_access_denied_matched_policy[\(name)]"
    }
}

extension AccessRules {
    /// The decision, given the place of the policy that matched.
    func decide(_ found: Int) -> Admission {
        switch action {
        case .allow: found >= 0 ? .allowed : .denied(policy: nil)
        case .deny: found >= 0 ? .denied(policy: policyNames[found]) : .allowed
        case .log: .allowed
        }
    }
}
