public import Foundation

/// `GET /api/v1/status`: the control plane in one answer.
public struct StatusView: Codable, Hashable, Sendable {
    public struct Store: Codable, Hashable, Sendable {
        public var path: String
        public var resourceVersion: String
        /// Why the last write failed; absent while all is well.
        public var error: String?

        public init(path: String, resourceVersion: String, error: String?) {
            self.path = path
            self.resourceVersion = resourceVersion
            self.error = error
        }
    }

    /// A file of the watched directory.
    public struct File: Codable, Hashable, Sendable {
        public var path: String
        /// The resources that are in force because of it, as `HTTPRoute default/cart`: those of its last good version
        /// where `errors` is not empty.
        public var resources: [String]
        public var errors: [APIError.Detail]

        public init(path: String, resources: [String], errors: [APIError.Detail]) {
            self.path = path
            self.resources = resources
            self.errors = errors
        }
    }

    public struct Watch: Codable, Hashable, Sendable {
        public var path: String
        public var files: [File]
        /// What is wrong with the directory itself, or with its files as a set.
        public var errors: [APIError.Detail]

        public init(path: String, files: [File], errors: [APIError.Detail]) {
            self.path = path
            self.files = files
            self.errors = errors
        }
    }

    /// A resource that a proxy did not take.
    public struct Refusal: Codable, Hashable, Sendable {
        public var proxy: String
        /// `CDS`, `EDS`, `LDS`, `RDS`, `VHDS`.
        public var type: String
        public var name: String
        /// The users' resources that it was made from, as `HTTPRoute default/cart`.
        public var resources: [String]
        public var reason: String

        public init(proxy: String, type: String, name: String, resources: [String], reason: String) {
            self.proxy = proxy
            self.type = type
            self.name = name
            self.resources = resources
            self.reason = reason
        }
    }

    public var version: String
    public var startedAt: Date
    public var ready: Bool
    /// `HOST:PORT` of the xDS server.
    public var xds: String
    public var store: Store
    /// The watched directory; absent when none is.
    public var watch: Watch?
    /// How many resources there are of each kind.
    public var resources: [String: Int]
    public var services: Int
    public var workloads: Int
    public var proxies: Int
    public var refusals: [Refusal]

    public init(
        version: String, startedAt: Date, ready: Bool, xds: String, store: Store, watch: Watch?,
        resources: [String: Int], services: Int, workloads: Int, proxies: Int, refusals: [Refusal]
    ) {
        self.version = version
        self.startedAt = startedAt
        self.ready = ready
        self.xds = xds
        self.store = store
        self.watch = watch
        self.resources = resources
        self.services = services
        self.workloads = workloads
        self.proxies = proxies
        self.refusals = refusals
    }
}
