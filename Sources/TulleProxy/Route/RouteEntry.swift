/// A compiled route: what is done with the requests that match it. Exactly one of `forward`, `redirect` and `response` is
/// there.
final class RouteEntry: Sendable {
    let name: String
    /// The facts of the virtual host that the route stands in.
    let virtualHost: VirtualHostFacts
    let forward: ForwardRule?
    let redirect: RedirectRule?
    let response: ResponseRule?
    /// How much of the path the route's own path stands for; nil is all of it, without the query.
    let matchedLength: Int?

    /// The mutations of request and response in the order in which they are applied; a weighted cluster's come first, or
    /// last when the most specific win.
    let requestMutations: [HeaderMutationList]
    let responseMutations: [HeaderMutationList]
    /// What takes the place of RBAC filters, by their names.
    let admissions: [AdmissionFilter]

    init(
        name: String, virtualHost: VirtualHostFacts, forward: ForwardRule?, redirect: RedirectRule?,
        response: ResponseRule?, matchedLength: Int?, requestMutations: [HeaderMutationList],
        responseMutations: [HeaderMutationList], admissions: [AdmissionFilter]
    ) {
        self.name = name
        self.virtualHost = virtualHost
        self.forward = forward
        self.redirect = redirect
        self.response = response
        self.matchedLength = matchedLength
        self.requestMutations = requestMutations
        self.responseMutations = responseMutations
        self.admissions = admissions
    }
}

/// What all routes of a virtual host share.
final class VirtualHostFacts: Sendable {
    let name: String
    let includeRequestAttemptCount: Bool
    let includeAttemptCountInResponse: Bool
    /// Whether a weighted cluster's mutations come last.
    let mostSpecificMutationsWin: Bool

    init(
        name: String, includeRequestAttemptCount: Bool, includeAttemptCountInResponse: Bool,
        mostSpecificMutationsWin: Bool
    ) {
        self.name = name
        self.includeRequestAttemptCount = includeRequestAttemptCount
        self.includeAttemptCountInResponse = includeAttemptCountInResponse
        self.mostSpecificMutationsWin = mostSpecificMutationsWin
    }
}
