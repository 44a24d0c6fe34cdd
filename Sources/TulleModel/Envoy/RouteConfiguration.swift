/// Which virtual host and route a request takes (`envoy.config.route.v3.RouteConfiguration`).
public struct RouteConfiguration: Hashable, Sendable {
    public var name: String
    public var virtualHosts: [VirtualHost]
    /// Whether hosts not listed are asked for as they are needed (VHDS).
    public var discoversVirtualHosts: Bool
    public var ignorePortInHostMatching: Bool
    public var mutations: HeaderMutations
    /// Whether the route's header values win over the virtual host's and these, instead of the other way round.
    public var mostSpecificMutationsWin: Bool
    public var rbacOverrides: [String: RBACFilter]

    public init(
        name: String, virtualHosts: [VirtualHost] = [], discoversVirtualHosts: Bool = false,
        ignorePortInHostMatching: Bool = false, mutations: HeaderMutations = HeaderMutations(),
        mostSpecificMutationsWin: Bool = false, rbacOverrides: [String: RBACFilter] = [:]
    ) {
        self.name = name
        self.virtualHosts = virtualHosts
        self.discoversVirtualHosts = discoversVirtualHosts
        self.ignorePortInHostMatching = ignorePortInHostMatching
        self.mutations = mutations
        self.mostSpecificMutationsWin = mostSpecificMutationsWin
        self.rbacOverrides = rbacOverrides
    }
}

/// The routes of a set of host names (`VirtualHost`).
public struct VirtualHost: Hashable, Sendable {
    public var name: String
    /// Exact names, `*.suffix`, `prefix.*` or `*`; matched without regard to case.
    public var domains: [String]
    public var routes: [Route]
    public var mutations: HeaderMutations
    public var retryPolicy: RetryPolicy?
    public var includeRequestAttemptCount: Bool
    public var includeAttemptCountInResponse: Bool
    public var rbacOverrides: [String: RBACFilter]

    public init(
        name: String, domains: [String], routes: [Route] = [], mutations: HeaderMutations = HeaderMutations(),
        retryPolicy: RetryPolicy? = nil, includeRequestAttemptCount: Bool = false,
        includeAttemptCountInResponse: Bool = false, rbacOverrides: [String: RBACFilter] = [:]
    ) {
        self.name = name
        self.domains = domains
        self.routes = routes
        self.mutations = mutations
        self.retryPolicy = retryPolicy
        self.includeRequestAttemptCount = includeRequestAttemptCount
        self.includeAttemptCountInResponse = includeAttemptCountInResponse
        self.rbacOverrides = rbacOverrides
    }
}

/// What is done to the fields of a message on its way.
public struct HeaderMutations: Hashable, Sendable {
    public var requestAdd: [HeaderAddition]
    public var requestRemove: [String]
    public var responseAdd: [HeaderAddition]
    public var responseRemove: [String]

    public init(
        requestAdd: [HeaderAddition] = [], requestRemove: [String] = [], responseAdd: [HeaderAddition] = [],
        responseRemove: [String] = []
    ) {
        self.requestAdd = requestAdd
        self.requestRemove = requestRemove
        self.responseAdd = responseAdd
        self.responseRemove = responseRemove
    }

    public var isEmpty: Bool {
        requestAdd.isEmpty && requestRemove.isEmpty && responseAdd.isEmpty && responseRemove.isEmpty
    }
}

/// One field to set (`HeaderValueOption`); the value may hold format operators such as `%PROTOCOL%`.
public struct HeaderAddition: Hashable, Sendable {
    public enum Action: Hashable, Sendable {
        case appendIfExistsOrAdd, addIfAbsent, overwriteIfExistsOrAdd, overwriteIfExists
    }

    public var name: String
    public var value: String
    public var action: Action
    public var keepEmptyValue: Bool

    public init(name: String, value: String, action: Action = .appendIfExistsOrAdd, keepEmptyValue: Bool = false) {
        self.name = name
        self.value = value
        self.action = action
        self.keepEmptyValue = keepEmptyValue
    }
}
