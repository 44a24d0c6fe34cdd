/// Addresses of a service, listed by hand (`discovery.k8s.io/v1 EndpointSlice`). The label
/// `kubernetes.io/service-name` names the service, in the slice's own namespace.
public struct EndpointSlice: Hashable, Sendable {
    public enum AddressType: String, Hashable, Sendable, CaseIterable {
        case ipv4 = "IPv4"
        case ipv6 = "IPv6"
        case fqdn = "FQDN"
    }

    /// An address and what is known of it.
    public struct Endpoint: Hashable, Sendable {
        public var addresses: [String]
        /// Whether new requests go there. Nil is taken for yes.
        public var ready: Bool?
        /// Whether it still answers, even when terminating. Nil is taken for `ready`.
        public var serving: Bool?
        public var terminating: Bool?
        public var hostname: String
        public var zone: String
        public var nodeName: String

        public init(
            addresses: [String], ready: Bool? = nil, serving: Bool? = nil, terminating: Bool? = nil,
            hostname: String = "", zone: String = "", nodeName: String = ""
        ) {
            self.addresses = addresses
            self.ready = ready
            self.serving = serving
            self.terminating = terminating
            self.hostname = hostname
            self.zone = zone
            self.nodeName = nodeName
        }
    }

    /// A port that all addresses have, tied to the service's port by its name.
    public struct Port: Hashable, Sendable {
        public var name: String
        public var port: Int
        public var appProtocol: ApplicationProtocol

        public init(name: String = "", port: Int, appProtocol: ApplicationProtocol = .detect) {
            self.name = name
            self.port = port
            self.appProtocol = appProtocol
        }
    }

    public static let serviceLabel = "kubernetes.io/service-name"

    public var metadata: ResourceMetadata
    public var addressType: AddressType
    public var endpoints: [Endpoint]
    public var ports: [Port]

    public init(metadata: ResourceMetadata, addressType: AddressType, endpoints: [Endpoint], ports: [Port]) {
        self.metadata = metadata
        self.addressType = addressType
        self.endpoints = endpoints
        self.ports = ports
    }

    /// The service whose endpoints these are.
    public var service: ServiceName {
        ServiceName(metadata.labels[Self.serviceLabel] ?? "", namespace: metadata.namespace)
    }
}
