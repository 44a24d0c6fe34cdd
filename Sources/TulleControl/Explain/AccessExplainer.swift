import TulleModel

/// Says without traffic whether a call would be let in, and which policy decides that (`tulle authz why`).
///
/// It asks what the workload's own proxy is sent: the policies are compiled as for it and tried in the same order.
struct AccessExplainer {
    let world: World

    /// A call that somebody asks about.
    struct Call {
        /// The SPIFFE ID of the caller; empty for one without a certificate.
        var principal: String
        var address: String?
        var method: String
        var host: String
        var path: String
        var headers: [String: String]
    }

    func explain(_ call: Call, to workload: Workload, _ port: Workload.Port) -> AccessVerdict {
        var verdict = AccessVerdict(workload: workload.id, port: port.app, allowed: true, reason: "", policies: [])
        guard world.serves(port, of: workload) else {
            verdict.allowed = false
            verdict.reason = "it has no certificate, and a MeshPolicy of mode STRICT holds for it: nobody is let in"
            return verdict
        }
        if call.principal.isEmpty, world.mtls(port, of: workload) == .strict {
            verdict.allowed = false
            verdict.reason = "the caller has no certificate, and a MeshPolicy of mode STRICT holds for it"
            return verdict
        }
        let policies = world.authorizations(of: workload)
        let compiler = AuthorizationCompiler(policies: policies, port: port.app)
        let subject: AuthorizationCompiler.Subject = world.speaks(port, of: workload) == .tcp ? .connections : .requests
        let evaluator = ConditionEvaluator(
            principal: call.principal, address: call.address, method: call.method, host: call.host, path: call.path,
            headers: call.headers)
        verdict.policies = policies.map { outcome(of: $0, compiler, subject, evaluator) }
        let enforced = verdict.policies.filter { !$0.dryRun }
        let allows = enforced.filter { $0.action == AuthorizationPolicy.Action.allow.rawValue }
        if let denial = enforced.first(where: {
            $0.action == AuthorizationPolicy.Action.deny.rawValue && $0.matched != nil
        }) {
            verdict.allowed = false
            verdict.reason = "\(denial.name) denies it, \(denial.matched ?? "")"
        } else if allows.isEmpty {
            verdict.reason = "no ALLOW policy is for this workload, so that all that is not denied is let in"
        } else if let allowing = allows.first(where: { $0.matched != nil }) {
            verdict.reason = "\(allowing.name) allows it, \(allowing.matched ?? "")"
        } else {
            verdict.allowed = false
            verdict.reason = "none of its \(allows.count) ALLOW policies matches"
        }
        return verdict
    }

    private func outcome(
        of policy: AuthorizationPolicy, _ compiler: AuthorizationCompiler, _ subject: AuthorizationCompiler.Subject,
        _ evaluator: ConditionEvaluator
    ) -> AccessVerdict.Policy {
        let action: RBAC.Action = policy.action == .allow ? .allow : .deny
        func holds(_ rule: AuthorizationPolicy.Rule) -> Bool {
            compiler.rule(rule, action, subject).map(evaluator.holds) ?? false
        }
        var misses: [String] = []
        var matched: String?
        for (index, rule) in policy.rules.enumerated() {
            if holds(rule) {
                matched = "rule \(index)"
                break
            }
            let parts: [(name: String, rule: AuthorizationPolicy.Rule)] = [
                ("from", .init(sources: rule.sources)), ("to", .init(operations: rule.operations)),
                ("when", .init(conditions: rule.conditions)),
            ]
            misses.append("rule \(index): \(parts.filter { !holds($0.rule) }.map(\.name).joined(separator: " and "))")
        }
        if policy.rules.isEmpty { misses = ["it has no rules"] }
        return AccessVerdict.Policy(
            name: "\(policy.metadata.namespace)/\(policy.metadata.name)", action: policy.action.rawValue,
            dryRun: policy.isDryRun, matched: matched, misses: matched == nil ? misses : [])
    }
}
