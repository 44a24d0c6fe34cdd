/// `GET /api/v1/resources…`
public struct ResourceList: Codable, Hashable, Sendable {
    /// The store's revision that the list shows: where a watch goes on from.
    public var resourceVersion: String
    /// Each as its author wrote it, with `metadata.resourceVersion`, `metadata.generation`,
    /// `metadata.creationTimestamp`, the annotation `tulle.dev/source` and `status` added.
    public var items: [JSON]

    public init(resourceVersion: String, items: [JSON]) {
        self.resourceVersion = resourceVersion
        self.items = items
    }
}

/// `POST /api/v1/apply`, `DELETE /api/v1/resources/…`: what became of each resource, in the order given.
public struct ApplyResult: Codable, Hashable, Sendable {
    /// What became of a resource.
    public enum Outcome: String, Codable, Hashable, Sendable, CaseIterable {
        case created, configured, unchanged, deleted
    }

    public struct Item: Codable, Hashable, Sendable {
        public var apiVersion: String
        public var kind: String
        public var namespace: String
        public var name: String
        public var outcome: Outcome
        /// The resource's version after the change; absent in a dry run that would change it.
        public var resourceVersion: String?

        public init(
            apiVersion: String, kind: String, namespace: String, name: String, outcome: Outcome,
            resourceVersion: String? = nil
        ) {
            self.apiVersion = apiVersion
            self.kind = kind
            self.namespace = namespace
            self.name = name
            self.outcome = outcome
            self.resourceVersion = resourceVersion
        }
    }

    public var dryRun: Bool
    /// The store's revision after the change.
    public var resourceVersion: String
    public var items: [Item]

    public init(dryRun: Bool, resourceVersion: String, items: [Item]) {
        self.dryRun = dryRun
        self.resourceVersion = resourceVersion
        self.items = items
    }
}

/// One line of `GET /api/v1/watch`.
public struct WatchEvent: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        /// Nothing changed; says how far the watcher has come, and that the connection lives.
        case bookmark = "BOOKMARK"
        /// The last line: list again and watch from there.
        case error = "ERROR"
    }

    public var type: Kind
    public var resourceVersion: String
    public var object: JSON?
    public var error: APIError?

    public init(type: Kind, resourceVersion: String, object: JSON? = nil, error: APIError? = nil) {
        self.type = type
        self.resourceVersion = resourceVersion
        self.object = object
        self.error = error
    }
}

/// A condition of a resource's status, as the Gateway API writes them.
public struct Condition: Codable, Hashable, Sendable {
    public enum Status: String, Codable, Hashable, Sendable, CaseIterable {
        case yes = "True"
        case no = "False"
        case unknown = "Unknown"
    }

    /// `Accepted`, `ResolvedRefs` or `Programmed`.
    public var type: String
    public var status: Status
    /// One word for programs.
    public var reason: String
    /// One sentence for people.
    public var message: String
    public var observedGeneration: Int64

    public init(type: String, status: Status, reason: String, message: String, observedGeneration: Int64) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.observedGeneration = observedGeneration
    }
}
