/// Who may do what (`envoy.config.rbac.v3.RBAC`).
public struct RBAC: Hashable, Sendable {
    public enum Action: Hashable, Sendable {
        /// Only what a policy matches may pass.
        case allow
        /// What a policy matches may not pass.
        case deny
        /// All may pass.
        case log
    }

    public var action: Action
    /// By name. They are tried in the order of their names.
    public var policies: [String: Policy]

    public init(action: Action = .allow, policies: [String: Policy] = [:]) {
        self.action = action
        self.policies = policies
    }

    /// Matches when one of the permissions does, and one of the principals.
    public struct Policy: Hashable, Sendable {
        public var permissions: [Condition]
        public var principals: [Condition]

        public init(permissions: [Condition], principals: [Condition]) {
            self.permissions = permissions
            self.principals = principals
        }
    }

    /// A test on a request or a connection: a `Permission` or a `Principal`, whose kinds overlap.
    public indirect enum Condition: Hashable, Sendable {
        case any
        case all([Condition])
        case oneOf([Condition])
        case not(Condition)
        case header(HeaderMatcher)
        /// The path without its query.
        case path(StringMatcher)
        case address(AddressOrigin, AddressPrefix)
        case destinationPort(Int)
        /// From the first, up to but without the second.
        case destinationPortRange(Int, Int)
        case requestedServerName(StringMatcher)
        /// One of the names in the peer's certificate; nil takes everybody who speaks TLS.
        case authenticated(StringMatcher?)
    }

    public enum AddressOrigin: Hashable, BitwiseCopyable, Sendable {
        /// Where the client wanted to go.
        case destination
        /// The peer of the connection.
        case directRemote
        /// The client that `x-forwarded-for` tells of.
        case remote
    }
}

/// Decides on requests (`envoy.filters.http.rbac`) or on connections (`envoy.filters.network.rbac`).
public struct RBACFilter: Hashable, Sendable {
    /// The filter's name, by which routes override it.
    public var name: String
    /// Of a network filter.
    public var statPrefix: String
    /// Nil lets all pass.
    public var rules: RBAC?
    /// Only counted.
    public var shadowRules: RBAC?
    public var rulesStatPrefix: String
    public var shadowRulesStatPrefix: String

    public init(
        name: String, statPrefix: String = "", rules: RBAC? = nil, shadowRules: RBAC? = nil,
        rulesStatPrefix: String = "", shadowRulesStatPrefix: String = ""
    ) {
        self.name = name
        self.statPrefix = statPrefix
        self.rules = rules
        self.shadowRules = shadowRules
        self.rulesStatPrefix = rulesStatPrefix
        self.shadowRulesStatPrefix = shadowRulesStatPrefix
    }
}
