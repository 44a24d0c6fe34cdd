import TulleModel

/// A compiled virtual host: its routes and the index over them. Shared by all tables that hold it.
final class VirtualHostTable: Sendable {
    let facts: VirtualHostFacts
    let domains: [String]
    let entries: ContiguousArray<RouteEntry>
    private let index: RouteIndex
    /// Holds what the index points to.
    private let memory = RouteMemory()

    var name: String { facts.name }
    /// Whether it takes every host that no other takes.
    let isCatchAll: Bool

    init(_ host: VirtualHost, in common: RouteTable.Common, clusters: inout ClusterNames) throws(RouteError) {
        let facts = VirtualHostFacts(
            name: host.name, includeRequestAttemptCount: host.includeRequestAttemptCount,
            includeAttemptCountInResponse: host.includeAttemptCountInResponse,
            mostSpecificMutationsWin: common.mostSpecificMutationsWin)
        let hostRequest = try HeaderMutationList.request(host.mutations)
        let hostResponse = try HeaderMutationList.response(host.mutations)
        func ordered(
            _ route: HeaderMutationList?, _ host: HeaderMutationList?, _ all: HeaderMutationList?
        ) -> [HeaderMutationList] {
            let lists = [route, host, all].compactMap { $0 }
            return common.mostSpecificMutationsWin ? lists.reversed() : lists
        }
        var entries: ContiguousArray<RouteEntry> = []
        for (position, route) in host.routes.enumerated() {
            do throws(RouteError) {
                var forward: ForwardRule?
                var redirect: RedirectRule?
                var response: ResponseRule?
                switch route.action {
                case .forward(let action):
                    forward = try ForwardRule(
                        action, tunnelContent: route.tunnelContent, hostRetryPolicy: host.retryPolicy,
                        clusters: &clusters)
                case .redirect(let action): redirect = try RedirectRule(action)
                case .respond(let action): response = try ResponseRule(action)
                }
                let matchedLength: Int? =
                    switch route.match.path {
                    case .exact(let text), .prefix(let text), .separatedPrefix(let text): text.utf8.count
                    case .regex, .connect: nil
                    }
                entries.append(
                    RouteEntry(
                        name: route.name, virtualHost: facts, forward: forward, redirect: redirect,
                        response: response, matchedLength: matchedLength,
                        requestMutations: ordered(
                            try HeaderMutationList.request(route.mutations), hostRequest, common.requestMutations),
                        responseMutations: ordered(
                            try HeaderMutationList.response(route.mutations), hostResponse,
                            common.responseMutations),
                        admissions: try AdmissionFilter.overrides([
                            route.rbacOverrides, host.rbacOverrides, common.rbacOverrides,
                        ])))
            } catch {
                let label = route.name.isEmpty ? "" : " \"\(route.name)\""
                throw RouteError("virtual host \"\(host.name)\": route \(position)\(label): \(error)")
            }
        }
        do throws(RouteError) {
            index = try RouteIndex(host.routes.map(\.match), in: memory)
        } catch {
            throw RouteError("virtual host \"\(host.name)\": \(error)")
        }
        self.facts = facts
        self.entries = entries
        domains = host.domains
        isCatchAll = host.domains.contains("*")
    }

    /// The first route that the request matches, or nil.
    func match(_ subject: RouteSubject, in block: borrowing HeaderBlock) -> RouteEntry? {
        withExtendedLifetime(self) {
            let found = block.withBytes { index.firstMatch(subject, block, $0) }
            return found < 0 ? nil : entries[found]
        }
    }
}
