public import TulleModel

/// One running instance of an app, as its sidecar describes it in `node.metadata.TULLE`.
public struct Workload: Hashable, Sendable {
    /// A port of the app and the sidecar's listener in front of it.
    public struct Port: Hashable, Codable, Sendable {
        public var name: String
        /// Where the app listens.
        public var app: Int
        /// Where the sidecar takes the app's requests from others; what EDS gives out.
        public var inbound: Int
        /// `http`, `http2`, `tcp`, or empty for detection.
        public var protocolName: String

        public init(name: String, app: Int, inbound: Int, protocolName: String = "") {
            self.name = name
            self.app = app
            self.inbound = inbound
            self.protocolName = protocolName
        }
    }

    /// Where the sidecar takes its app's own requests.
    public struct Outbound: Hashable, Codable, Sendable {
        public var bind: String
        /// The explicit HTTP proxy; 0 for none.
        public var httpProxy: Int
        /// The listener that REDIRECT points to; 0 for none.
        public var transparent: Int

        public init(bind: String = "127.0.0.1", httpProxy: Int = 0, transparent: Int = 0) {
            self.bind = bind
            self.httpProxy = httpProxy
            self.transparent = transparent
        }
    }

    /// A service that has a port of its own on this workload's localhost.
    public struct Upstream: Hashable, Codable, Sendable {
        public var service: String
        public var namespace: String
        public var port: Int
        public var listen: Int

        public init(service: String, namespace: String, port: Int, listen: Int) {
            self.service = service
            self.namespace = namespace
            self.port = port
            self.listen = listen
        }
    }

    /// Whether a selector of these labels is for it; one without any is for all.
    func has(_ labels: [String: String]) -> Bool { labels.allSatisfy { self.labels[$0.key] == $0.value } }

    /// The SPIFFE ID of its account.
    func spiffeID(in trustDomain: String) -> String { "spiffe://\(trustDomain)/ns/\(namespace)/sa/\(account)" }

    /// The node id, which is also the workload's id in the API.
    public var id: String
    /// The service named at its start; empty for a workload that only calls others.
    public var service: String
    public var namespace: String
    public var account: String
    public var labels: [String: String]
    public var version: String
    /// The address that others reach it at.
    public var address: String
    public var ports: [Port]
    public var outbound: Outbound
    public var upstreams: [Upstream]
    /// `HOST:PORT` of the sidecar's admin endpoint; empty when unknown.
    public var admin: String
    public var pid: Int
    /// Tells one run of an instance from the next.
    public var run: String
    /// On its way out: no new requests should go to it.
    public var exiting: Bool
    /// Whether its app listens: before, no requests should go to it. Who does not say counts as ready.
    public var ready: Bool
    public var locality: Locality
    /// Whether its sidecar has a certificate for its account, and so speaks TLS with others of the mesh.
    public var hasIdentity: Bool
    /// `WORKLOAD_NAME`, for metric labels; the service's name when the node gives none.
    public var workloadName: String

    public init(
        id: String, service: String, namespace: String = "default", account: String = "default",
        labels: [String: String] = [:], version: String = "", address: String = "127.0.0.1", ports: [Port] = [],
        outbound: Outbound = Outbound(), upstreams: [Upstream] = [], admin: String = "", pid: Int = 0,
        run: String = "", exiting: Bool = false, ready: Bool = true, locality: Locality = Locality(),
        hasIdentity: Bool = false, workloadName: String? = nil
    ) {
        self.id = id
        self.service = service
        self.namespace = namespace
        self.account = account
        self.labels = labels
        self.version = version
        self.address = address
        self.ports = ports
        self.outbound = outbound
        self.upstreams = upstreams
        self.admin = admin
        self.pid = pid
        self.run = run
        self.exiting = exiting
        self.ready = ready
        self.locality = locality
        self.hasIdentity = hasIdentity
        self.workloadName = workloadName ?? service
    }
}
