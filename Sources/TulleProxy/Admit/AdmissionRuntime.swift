import TulleModel

/// An RBAC filter on one worker: its rules and what it counts.
final class AdmissionRuntime {
    let filter: AdmissionFilter
    private let enforced: AdmissionStats
    private let shadow: AdmissionStats

    /// - Parameter owner: the connection manager's stat prefix, or a network filter's own.
    init(_ filter: AdmissionFilter, owner: String, isHTTP: Bool, stats: WorkerStats) {
        self.filter = filter
        func counters(_ prefix: String, isShadow: Bool) -> AdmissionStats {
            stats.admission(AdmissionStats.Key(owner: owner, isHTTP: isHTTP, prefix: prefix, isShadow: isShadow))
        }
        enforced = counters(filter.rulesStatPrefix, isShadow: false)
        shadow = counters(filter.shadowRulesStatPrefix, isShadow: true)
    }

    /// Decides by the filter's rules, or by those that the route puts in their place, and counts.
    func admit(
        _ subject: borrowing AdmissionSubject, _ block: borrowing HeaderBlock, instead: AdmissionFilter? = nil
    ) -> Admission {
        let filter = instead ?? filter
        if let rules = filter.shadowRules { shadow.count(rules.decide(rules.firstMatch(subject, block))) }
        guard let rules = filter.rules else { return .allowed }
        let decision = rules.decide(rules.firstMatch(subject, block))
        enforced.count(decision)
        return decision
    }
}

extension [AdmissionRuntime] {
    /// Decides on a connection: the first filter that denies it is the last that is asked.
    func admit(_ connection: DownstreamConnection) -> Admission {
        guard !isEmpty else { return .allowed }
        let nothing = RouteSubject(
            method: 0..<0, authority: 0..<0, path: 0..<0, pathEnd: 0, scheme: .http, isConnect: false)
        let subject = AdmissionSubject(connection, nothing, forwardedAddress: nil)
        let block = HeaderBlock()
        for filter in self {
            let decision = filter.admit(subject, block)
            guard case .allowed = decision else { return decision }
        }
        return .allowed
    }
}
