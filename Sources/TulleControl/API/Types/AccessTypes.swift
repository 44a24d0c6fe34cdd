/// `POST /api/v1/authz/why`: a call that nobody has made.
public struct AccessQuestion: Codable, Hashable, Sendable {
    /// The caller: a SPIFFE ID, a service (`NAME` or `NAME.NAMESPACE`) whose workloads call, or empty for one without a
    /// certificate.
    public var from: String
    /// The service that is called, `NAME` or `NAME.NAMESPACE`.
    public var to: String
    /// Where its app listens; nil for each of its ports.
    public var port: Int?
    public var method: String?
    public var path: String?
    public var host: String?
    /// The caller's address; nil where it does not matter or is not known.
    public var ip: String?
    public var headers: [String: String]?

    public init(
        from: String, to: String, port: Int? = nil, method: String? = nil, path: String? = nil, host: String? = nil,
        ip: String? = nil, headers: [String: String]? = nil
    ) {
        self.from = from
        self.to = to
        self.port = port
        self.method = method
        self.path = path
        self.host = host
        self.ip = ip
        self.headers = headers
    }
}

/// What would become of it, for each caller, workload and port that it may be about.
public struct AccessAnswer: Codable, Hashable, Sendable {
    public struct Case: Codable, Hashable, Sendable {
        /// The caller's SPIFFE ID; empty for none.
        public var principal: String
        public var verdict: AccessVerdict

        public init(principal: String, verdict: AccessVerdict) {
            self.principal = principal
            self.verdict = verdict
        }
    }

    public var items: [Case]

    public init(items: [Case]) { self.items = items }
}

public struct AccessVerdict: Codable, Hashable, Sendable {
    /// A policy that is for the workload.
    public struct Policy: Codable, Hashable, Sendable {
        /// `NAMESPACE/NAME`
        public var name: String
        public var action: String
        public var dryRun: Bool
        /// The rule that matched; nil when none did.
        public var matched: String?
        /// Which parts of each rule did not match.
        public var misses: [String]

        public init(name: String, action: String, dryRun: Bool, matched: String?, misses: [String]) {
            self.name = name
            self.action = action
            self.dryRun = dryRun
            self.matched = matched
            self.misses = misses
        }
    }

    public var workload: String
    public var port: Int
    public var allowed: Bool
    public var reason: String
    public var policies: [Policy]

    public init(workload: String, port: Int, allowed: Bool, reason: String, policies: [Policy]) {
        self.workload = workload
        self.port = port
        self.allowed = allowed
        self.reason = reason
        self.policies = policies
    }
}
