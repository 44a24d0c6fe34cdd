import Foundation

/// `GET /api/v1/workloads/{id}`: one running instance of an app.
public struct WorkloadView: Codable, Hashable, Sendable {
    public struct Port: Codable, Hashable, Sendable {
        public var name: String
        /// Where the app listens.
        public var app: Int
        /// Where its sidecar takes requests for it.
        public var inbound: Int
        /// `http`, `tcp`, or empty for detection.
        public var `protocol`: String

        public init(name: String, app: Int, inbound: Int, protocol: String) {
            self.name = name
            self.app = app
            self.inbound = inbound
            self.protocol = `protocol`
        }
    }

    /// Whether its sidecar's stream stands, and its app listens.
    public enum State: String, Codable, Hashable, Sendable, CaseIterable {
        case connected
        /// Connected, but its app does not listen yet: gets no requests.
        case starting
        /// Its stream broke; it is kept for the grace period.
        case lost
        /// On its way out.
        case exiting
    }

    public var id: String
    public var service: String
    public var namespace: String
    public var account: String
    /// The SPIFFE ID that its sidecar has a certificate for; nil for one that has none.
    public var identity: String?
    public var name: String
    public var version: String
    public var labels: [String: String]
    public var address: String
    public var ports: [Port]
    /// `HOST:PORT` of the sidecar's admin endpoint; empty when unknown.
    public var admin: String
    public var pid: Int
    public var run: String
    /// `REGION/ZONE/SUBZONE`; empty when unknown.
    public var locality: String
    public var state: State

    public init(
        id: String, service: String, namespace: String, account: String, identity: String? = nil, name: String,
        version: String, labels: [String: String], address: String, ports: [Port], admin: String, pid: Int, run: String,
        locality: String, state: State
    ) {
        self.id = id
        self.service = service
        self.namespace = namespace
        self.account = account
        self.identity = identity
        self.name = name
        self.version = version
        self.labels = labels
        self.address = address
        self.ports = ports
        self.admin = admin
        self.pid = pid
        self.run = run
        self.locality = locality
        self.state = state
    }
}

/// `GET /api/v1/workloads`
public struct WorkloadList: Codable, Hashable, Sendable {
    public var items: [WorkloadView]
    public init(items: [WorkloadView]) { self.items = items }
}

/// `GET /api/v1/services`: a name of the mesh, with what stands behind it.
public struct ServiceView: Codable, Hashable, Sendable {
    public struct Port: Codable, Hashable, Sendable {
        public var name: String
        public var port: Int
        /// The app's port behind it: a number, or a name that each workload gives its own number.
        public var targetPort: String
        /// `http`, `tcp`, …, or empty for detection.
        public var `protocol`: String

        public init(name: String, port: Int, targetPort: String, protocol: String) {
            self.name = name
            self.port = port
            self.targetPort = targetPort
            self.protocol = `protocol`
        }
    }

    public struct Endpoint: Codable, Hashable, Sendable {
        public enum Health: String, Codable, Hashable, Sendable, CaseIterable {
            case healthy
            /// Its app does not listen yet: gets no requests.
            case starting
            /// The sidecar's stream broke: kept for the grace period.
            case lost
            /// On its way out, or not ready in its EndpointSlice: gets no new requests.
            case draining
        }

        /// The service's port that it serves.
        public var port: Int
        public var address: String
        /// Where it is connected to: the sidecar's inbound listener, or the port of an EndpointSlice.
        public var endpointPort: Int
        public var health: Health
        /// The workload's id; absent for one of an EndpointSlice.
        public var workload: String?
        public var version: String

        public init(
            port: Int, address: String, endpointPort: Int, health: Health, workload: String?, version: String
        ) {
            self.port = port
            self.address = address
            self.endpointPort = endpointPort
            self.health = health
            self.workload = workload
            self.version = version
        }
    }

    public var name: String
    public var namespace: String
    /// No `Service` resource stands for it: its workloads made it by naming it.
    public var implicit: Bool
    public var ports: [Port]
    public var endpoints: [Endpoint]
    /// The routes attached to it, as `HTTPRoute default/cart`.
    public var routes: [String]

    public init(
        name: String, namespace: String, implicit: Bool, ports: [Port], endpoints: [Endpoint], routes: [String]
    ) {
        self.name = name
        self.namespace = namespace
        self.implicit = implicit
        self.ports = ports
        self.endpoints = endpoints
        self.routes = routes
    }
}

/// `GET /api/v1/services`
public struct ServiceList: Codable, Hashable, Sendable {
    public var items: [ServiceView]
    public init(items: [ServiceView]) { self.items = items }
}

/// `GET /api/v1/proxies`: one xDS subscriber and how it took what it was sent.
public struct ProxyView: Codable, Hashable, Sendable {
    /// How a subscriber took a resource.
    public enum Answer: String, Codable, Hashable, Sendable, CaseIterable {
        /// Sent, no answer yet.
        case pending
        case accepted
        case refused
    }

    public struct Resource: Codable, Hashable, Sendable {
        /// `CDS`, `EDS`, `LDS`, `RDS`, `VHDS`.
        public var type: String
        public var name: String
        public var version: String
        public var answer: Answer
        /// Why it was refused, in the proxy's words.
        public var error: String?

        public init(type: String, name: String, version: String, answer: Answer, error: String?) {
            self.type = type
            self.name = name
            self.version = version
            self.answer = answer
            self.error = error
        }
    }

    public var id: String
    /// Its workload's id; absent for one that is no sidecar of Tulle's (an Envoy, a gRPC client).
    public var workload: String?
    /// `tulle-proxy`, `envoy`, `gRPC Python`, …
    public var userAgent: String
    /// `stateOfTheWorld` or `delta`.
    public var flavour: String
    /// Asks for what its requests need instead of the whole mesh.
    public var onDemand: Bool
    /// Where it connects from.
    public var peer: String
    public var resources: [Resource]

    public init(
        id: String, workload: String?, userAgent: String, flavour: String, onDemand: Bool, peer: String,
        resources: [Resource]
    ) {
        self.id = id
        self.workload = workload
        self.userAgent = userAgent
        self.flavour = flavour
        self.onDemand = onDemand
        self.peer = peer
        self.resources = resources
    }
}

/// `GET /api/v1/proxies`
public struct ProxyList: Codable, Hashable, Sendable {
    public var items: [ProxyView]
    public init(items: [ProxyView]) { self.items = items }
}

/// `GET /healthz`, `GET /readyz`, `DELETE /api/v1/workloads/{id}`, `PUT /api/v1/workloads/{id}/ready`
public struct Health: Codable, Hashable, Sendable {
    /// `ok`, or what is missing.
    public var status: String
    public init(status: String) { self.status = status }
}
