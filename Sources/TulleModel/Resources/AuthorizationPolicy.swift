/// Who may call the workloads it selects, and what for (`tulle.dev/v1alpha1 AuthorizationPolicy`, in Istio's words).
public struct AuthorizationPolicy: Hashable, Sendable {
    public enum Action: String, Hashable, Sendable, CaseIterable {
        /// Once there is such a policy for a workload, only what one of them matches may pass.
        case allow = "ALLOW"
        /// What it matches may not pass, whatever another allows.
        case deny = "DENY"
        /// What it matches is counted.
        case audit = "AUDIT"
    }

    public var metadata: ResourceMetadata
    /// The labels of workloads in the policy's own namespace; empty for all of them.
    public var selector: [String: String]
    /// Services of the policy's own namespace, whose workloads it is for; empty where the selector decides.
    public var targets: [ServiceName]
    public var action: Action
    /// It matches when one of them does; without any it matches nothing.
    public var rules: [Rule]
    /// Only counted, and not enforced.
    public var isDryRun: Bool

    public init(
        metadata: ResourceMetadata, selector: [String: String] = [:], targets: [ServiceName] = [],
        action: Action = .allow, rules: [Rule] = [], isDryRun: Bool = false
    ) {
        self.metadata = metadata
        self.selector = selector
        self.targets = targets
        self.action = action
        self.rules = rules
        self.isDryRun = isDryRun
    }

    /// Matches when one of the sources, one of the operations and all of the conditions do; an empty list matches all.
    public struct Rule: Hashable, Sendable {
        public var sources: [Source]
        public var operations: [Operation]
        public var conditions: [Condition]

        public init(sources: [Source] = [], operations: [Operation] = [], conditions: [Condition] = []) {
            self.sources = sources
            self.operations = operations
            self.conditions = conditions
        }
    }

    /// Texts of which one must fit, and texts of which none may. `*`, `TEXT*` and `*TEXT` stand for many.
    public struct Choice<Value: Hashable & Sendable>: Hashable, Sendable {
        public var values: [Value]
        public var notValues: [Value]

        public init(_ values: [Value] = [], not notValues: [Value] = []) {
            self.values = values
            self.notValues = notValues
        }

        public var isEmpty: Bool { values.isEmpty && notValues.isEmpty }
    }

    /// Who calls.
    public struct Source: Hashable, Sendable {
        /// `TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`.
        public var principals = Choice<String>()
        public var namespaces = Choice<String>()
        public var ipBlocks = Choice<AddressPrefix>()

        public init() {}
    }

    /// What for.
    public struct Operation: Hashable, Sendable {
        public var hosts = Choice<String>()
        /// Where the app listens.
        public var ports = Choice<Int>()
        public var methods = Choice<String>()
        /// With `{*}` for a segment and `{**}` for any number of them.
        public var paths = Choice<String>()

        public init() {}
    }

    public enum Condition: Hashable, Sendable {
        case header(String, Choice<String>)
        case principal(Choice<String>)
        case namespace(Choice<String>)
        case sourceIP(Choice<AddressPrefix>)
        case destinationPort(Choice<Int>)
        case serverName(Choice<String>)
    }
}
