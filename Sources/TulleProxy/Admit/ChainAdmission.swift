import TulleModel

/// Who may pass a filter chain: its compiled RBAC filters, shared by all workers.
struct ChainAdmission: Sendable {
    /// Asked of each connection, in this order; each counts under its own prefix.
    let connections: [(filter: AdmissionFilter, statPrefix: String)]
    /// Asked of each request, in this order.
    let requests: [AdmissionFilter]

    init(_ chain: FilterChain) throws(RouteError) {
        var connections: [(filter: AdmissionFilter, statPrefix: String)] = []
        for filter in chain.rbac { connections.append((try AdmissionFilter(filter), filter.statPrefix)) }
        var requests: [AdmissionFilter] = []
        if case .http(let manager) = chain.filter {
            for case .rbac(let filter) in manager.httpFilters { requests.append(try AdmissionFilter(filter)) }
        }
        self.connections = connections
        self.requests = requests
    }
}
