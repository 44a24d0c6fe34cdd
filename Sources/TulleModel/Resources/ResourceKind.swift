/// The kinds of resource that users may write, each spelled as its standard spells it.
public enum ResourceKind: String, Hashable, Sendable, CaseIterable, Comparable {
    case service = "Service"
    case endpointSlice = "EndpointSlice"
    case httpRoute = "HTTPRoute"
    case grpcRoute = "GRPCRoute"
    case tcpRoute = "TCPRoute"
    case backendPolicy = "BackendPolicy"
    case authorizationPolicy = "AuthorizationPolicy"
    case meshPolicy = "MeshPolicy"

    /// The versions that are read; the first is the one that we write.
    public var apiVersions: [String] {
        switch self {
        case .service: ["v1"]
        case .endpointSlice: ["discovery.k8s.io/v1"]
        case .httpRoute: ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"]
        case .grpcRoute: ["gateway.networking.k8s.io/v1"]
        case .tcpRoute: ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1alpha2"]
        case .backendPolicy, .authorizationPolicy, .meshPolicy: ["tulle.dev/v1alpha1"]
        }
    }

    /// The name in paths of the API and on the command line.
    public var plural: String {
        switch self {
        case .service: "services"
        case .endpointSlice: "endpointslices"
        case .httpRoute: "httproutes"
        case .grpcRoute: "grpcroutes"
        case .tcpRoute: "tcproutes"
        case .backendPolicy: "backendpolicies"
        case .authorizationPolicy: "authorizationpolicies"
        case .meshPolicy: "meshpolicies"
        }
    }

    /// Shorter names that the command line takes.
    public var aliases: [String] {
        switch self {
        case .service: ["svc"]
        case .endpointSlice: ["eps"]
        case .authorizationPolicy: ["ap"]
        case .httpRoute, .grpcRoute, .tcpRoute, .backendPolicy, .meshPolicy: []
        }
    }

    /// The kind that somebody names by kind, plural, singular or alias, in any case.
    public init?(anyName name: String) {
        let name = name.lowercased()
        let found = Self.allCases.first {
            $0.rawValue.lowercased() == name || $0.plural == name || $0.aliases.contains(name)
        }
        guard let found else { return nil }
        self = found
    }

    /// In the order of `allCases`, which is the order in which one depends on another.
    public static func < (left: Self, right: Self) -> Bool { left.order < right.order }

    private var order: Int {
        switch self {
        case .service: 0
        case .endpointSlice: 1
        case .httpRoute: 2
        case .grpcRoute: 3
        case .tcpRoute: 4
        case .backendPolicy: 5
        case .authorizationPolicy: 6
        case .meshPolicy: 7
        }
    }
}
