/// One thing that a user tells the mesh.
public enum Resource: Hashable, Sendable {
    case service(Service)
    case endpointSlice(EndpointSlice)
    case httpRoute(HTTPRoute)
    case grpcRoute(GRPCRoute)
    case tcpRoute(TCPRoute)
    case backendPolicy(BackendPolicy)
    case authorizationPolicy(AuthorizationPolicy)
    case meshPolicy(MeshPolicy)

    public var kind: ResourceKind {
        switch self {
        case .service: .service
        case .endpointSlice: .endpointSlice
        case .httpRoute: .httpRoute
        case .grpcRoute: .grpcRoute
        case .tcpRoute: .tcpRoute
        case .backendPolicy: .backendPolicy
        case .authorizationPolicy: .authorizationPolicy
        case .meshPolicy: .meshPolicy
        }
    }

    public var metadata: ResourceMetadata {
        switch self {
        case .service(let service): service.metadata
        case .endpointSlice(let slice): slice.metadata
        case .httpRoute(let route): route.metadata
        case .grpcRoute(let route): route.metadata
        case .tcpRoute(let route): route.metadata
        case .backendPolicy(let policy): policy.metadata
        case .authorizationPolicy(let policy): policy.metadata
        case .meshPolicy(let policy): policy.metadata
        }
    }

    public var key: ResourceKey {
        ResourceKey(kind: kind, namespace: metadata.namespace, name: metadata.name)
    }
}
