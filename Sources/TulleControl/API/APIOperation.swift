import HTTPTypes

/// Everything that the API can be asked. The router and the OpenAPI description are both made from these cases, so
/// that neither can have what the other lacks.
enum APIOperation: String, CaseIterable, Sendable {
    case health
    case readiness
    case metrics
    case openAPI
    case listResources
    case createResource
    case listResourcesOfKind
    case listResourcesOfNamespace
    case getResource
    case putResource
    case deleteResource
    case apply
    case watchResources
    case listWorkloads
    case getWorkload
    case removeWorkload
    case workloadReady
    case listServices
    case listProxies
    case status
    case stats
    case listTokens
    case createToken
    case revokeToken
    case authority
    case trustBundle
    case deny
    case allow
    case whyAccess

    var method: HTTPRequest.Method {
        switch self {
        case .createResource, .apply, .createToken, .deny, .whyAccess: .post
        case .putResource, .workloadReady: .put
        case .deleteResource, .removeWorkload, .revokeToken, .allow: .delete
        default: .get
        }
    }

    /// With parameters in braces, as OpenAPI and the router both have them.
    var path: String {
        switch self {
        case .health: "/healthz"
        case .readiness: "/readyz"
        case .metrics: "/metrics"
        case .openAPI: "/openapi.json"
        case .listResources, .createResource: "/api/v1/resources"
        case .listResourcesOfKind: "/api/v1/resources/{kind}"
        case .listResourcesOfNamespace: "/api/v1/resources/{kind}/{namespace}"
        case .getResource, .putResource, .deleteResource: "/api/v1/resources/{kind}/{namespace}/{name}"
        case .apply: "/api/v1/apply"
        case .watchResources: "/api/v1/watch"
        case .listWorkloads: "/api/v1/workloads"
        case .getWorkload, .removeWorkload: "/api/v1/workloads/{id}"
        case .workloadReady: "/api/v1/workloads/{id}/ready"
        case .listServices: "/api/v1/services"
        case .listProxies: "/api/v1/proxies"
        case .status: "/api/v1/status"
        case .stats: "/api/v1/stats"
        case .listTokens, .createToken: "/api/v1/tokens"
        case .revokeToken: "/api/v1/tokens/{id}"
        case .authority: "/api/v1/ca"
        case .trustBundle: "/api/v1/ca/bundle"
        case .deny: "/api/v1/ca/denied"
        case .allow: "/api/v1/ca/denied/{subject}"
        case .whyAccess: "/api/v1/authz/why"
        }
    }

    /// The operations whose path has this shape, whatever their method.
    static func atPath(_ path: String) -> [APIOperation] {
        let segments = path.split(separator: "/")
        return allCases.filter { operation in
            let pattern = operation.path.split(separator: "/")
            return pattern.count == segments.count
                && zip(pattern, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
    }
}
