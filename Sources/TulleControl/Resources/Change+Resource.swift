import TulleModel

extension Change {
    /// Notes that a resource came (nil before), went (nil after) or changed.
    mutating func add(_ before: Resource?, _ after: Resource?) {
        for resource in [before, after].compactMap(\.self) { add(resource) }
        // What a slice's ports speak decides how its service's callers listen and route; addresses, which change far more
        // often, do not.
        let ports = [before, after].map(Self.protocols)
        guard ports[0] != ports[1] else { return }
        for case .endpointSlice(let slice) in [before, after] { services.insert(slice.service.description) }
    }

    private static func protocols(_ resource: Resource?) -> [EndpointSlice.Port] {
        guard case .endpointSlice(let slice) = resource else { return [] }
        return slice.ports.filter { $0.appProtocol != .detect }
    }

    /// Notes that what a resource is about may be another.
    mutating func add(_ resource: Resource) {
        switch resource {
        case .service(let service): services.insert(service.name.description)
        case .endpointSlice(let slice): endpoints.insert(slice.service.description)
        case .httpRoute(let route): services.formUnion(route.parents.map(\.service.description))
        case .grpcRoute(let route): services.formUnion(route.parents.map(\.service.description))
        case .tcpRoute(let route): services.formUnion(route.parents.map(\.service.description))
        case .backendPolicy(let policy): services.formUnion(policy.targets.map(\.description))
        // Any proxy's own listeners may be another's now; policies change seldom.
        case .authorizationPolicy, .meshPolicy: everything = true
        }
    }
}
