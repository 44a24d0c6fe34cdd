import TulleModel
import TulleXDS

/// What becomes of users' resources at the proxies, as Gateway API conditions.
struct ResourceStatus {
    /// How proxies took what was made of one service and its routes.
    private struct Tally {
        var accepted: Set<String> = []
        var pending: Set<String> = []
        var refused: [String: String] = [:]

        mutating func add(_ delivery: DeliveryStatus.Delivery) {
            switch delivery.outcome {
            case .accepted: accepted.insert(delivery.node)
            case .pending: pending.insert(delivery.node)
            case .rejected(let reason): refused[delivery.node] = "\(delivery.type.shortName): \(reason)"
            }
        }

        mutating func formUnion(_ other: Tally) {
            accepted.formUnion(other.accepted)
            pending.formUnion(other.pending)
            refused.merge(other.refused) { first, _ in first }
        }
    }

    /// The services that resources may name, with their ports.
    private let services: [ServiceName: [Int]]
    private let conflicts: RouteConflicts
    private var tallies: [ServiceName: Tally] = [:]
    /// How each workload's proxy took its inbound listeners, which policies shape.
    private var inbound: [(workload: Workload, tally: Tally)] = []
    private let selectors: [ServiceName: [String: String]]

    /// - Parameters:
    ///   - services: the services of the mesh with their ports.
    ///   - resources: all that are in force.
    ///   - deliveries: everything that proxies were sent, with the namespace of the proxy.
    ///   - workloads: who stands behind the proxies.
    init(
        services: [ServiceName: [Int]], resources: some Sequence<Resource>,
        deliveries: [(delivery: DeliveryStatus.Delivery, namespace: String)], workloads: [Workload] = []
    ) {
        self.services = services
        conflicts = RouteConflicts(resources, services: services)
        selectors = Dictionary(
            resources.compactMap { resource in
                guard case .service(let service) = resource else { return nil }
                return (service.name, service.selector)
            }, uniquingKeysWith: { first, _ in first })
        var listeners: [String: Tally] = [:]
        for (delivery, namespace) in deliveries {
            if delivery.type == .listener, XDSNames.isInboundListener(delivery.name) {
                listeners[delivery.node, default: Tally()].add(delivery)
            }
            guard let service = Self.service(of: delivery.type, delivery.name, namespace: namespace) else { continue }
            tallies[service, default: Tally()].add(delivery)
        }
        inbound = workloads.compactMap { workload in listeners[workload.id].map { (workload, $0) } }
    }

    /// The resource with its conditions.
    func view(_ entry: ResourceSnapshot.Entry) -> JSON {
        ResourceView.json(entry.stored, conditions: conditions(entry))
    }

    func conditions(_ entry: ResourceSnapshot.Entry) -> [Condition] {
        let generation = entry.stored.generation
        let accepted = accepted(entry.resource, generation)
        return [
            accepted,
            resolved(entry.resource, generation),
            accepted.status == .yes
                ? programmed(entry.resource, generation)
                : Condition(
                    type: "Programmed", status: .no, reason: accepted.reason, message: "not sent, since not accepted",
                    observedGeneration: generation),
        ]
    }

    /// Whether the resource has any say. What is wrong by itself was never taken in; a route may be out of force because
    /// of another.
    private func accepted(_ resource: Resource, _ generation: Int64) -> Condition {
        var (status, reason, message) = (Condition.Status.yes, "Accepted", "in force")
        if case .httpRoute(let route) = resource {
            let conflict = conflicts.conflict(of: route)
            if !conflict.lost.isEmpty {
                let places = conflict.lost.map { "port \($0.port) of service \($0.service) belongs to \($0.winner)" }
                message = places.joined(separator: "; ") + ", for a GRPCRoute goes before an HTTPRoute"
                if conflict.isWhole {
                    (status, reason) = (.no, "Conflicted")
                } else {
                    message = "in force, but " + message
                }
            }
        }
        return Condition(
            type: "Accepted", status: status, reason: reason, message: message, observedGeneration: generation)
    }

    /// The service that an xDS resource was made for; nil for what belongs to no single one. Names are Istio's.
    static func service(of type: TypeURL, _ name: String, namespace: String) -> ServiceName? {
        if let (service, _) = XDSNames.parseOutboundCluster(name) { return service }
        if let (service, _) = XDSNames.parseUpstream(name) { return service }
        // A virtual host is ROUTES/HOST; a gRPC client's listener is a host name, both with or without a port.
        let isHost = type == .virtualHost || ((type == .listener || type == .routes) && !name.contains("|"))
        let authority = name.split(separator: "/").last.map(String.init) ?? name
        guard isHost, let (host, _) = XDSNames.splitPort(authority) else { return nil }
        return ServiceName(host: host, from: namespace)
    }

    private func resolved(_ resource: Resource, _ generation: Int64) -> Condition {
        var missing: [String] = []
        for (service, port) in Self.references(resource) {
            guard let ports = services[service] else {
                missing.append("service \(service) does not exist")
                continue
            }
            if let port, !ports.contains(port) { missing.append("service \(service) has no port \(port)") }
        }
        return Condition(
            type: "ResolvedRefs", status: missing.isEmpty ? .yes : .no,
            reason: missing.isEmpty ? "ResolvedRefs" : "BackendNotFound",
            message: missing.isEmpty ? "everything that it names exists" : missing.joined(separator: "; "),
            observedGeneration: generation)
    }

    private func programmed(_ resource: Resource, _ generation: Int64) -> Condition {
        var total = Tally()
        for service in Self.subjects(resource) { total.formUnion(tallies[service] ?? Tally()) }
        if case .authorizationPolicy(let policy) = resource {
            for (workload, tally) in inbound where holds(policy, for: workload) { total.formUnion(tally) }
        }
        if case .meshPolicy(let policy) = resource {
            for (workload, tally) in inbound where policy.holds(for: workload) { total.formUnion(tally) }
        }
        let pending = total.pending.subtracting(total.refused.keys)
        let accepted = total.accepted.subtracting(pending).subtracting(total.refused.keys)
        let (status, reason, message): (Condition.Status, String, String)
        if let (proxy, why) = total.refused.min(by: { $0.key < $1.key }) {
            let count = total.refused.count
            (status, reason) = (.no, "Refused")
            message = "refused by \(count) of \(count + accepted.count + pending.count) proxies: \(proxy): \(why)"
        } else if !pending.isEmpty {
            (status, reason) = (.unknown, "Pending")
            message = "sent to \(pending.count) of \(accepted.count + pending.count) proxies that have not answered yet"
        } else if accepted.isEmpty {
            (status, reason, message) = (.unknown, "NotAskedFor", "no connected proxy has asked for it")
        } else {
            (status, reason, message) = (.yes, "Programmed", "accepted by \(accepted.count) proxies")
        }
        return Condition(
            type: "Programmed", status: status, reason: reason, message: message, observedGeneration: generation)
    }

    private func holds(_ policy: AuthorizationPolicy, for workload: Workload) -> Bool {
        guard policy.metadata.namespace == workload.namespace, workload.has(policy.selector) else { return false }
        return policy.targets.isEmpty
            || policy.targets.contains { target in
                // A service that no resource describes is that of the workloads that name it.
                selectors[target].map { !$0.isEmpty && workload.has($0) } ?? (target.name == workload.service)
            }
    }

    /// The services whose configuration the resource shapes.
    private static func subjects(_ resource: Resource) -> [ServiceName] {
        switch resource {
        case .service(let service): [service.name]
        case .endpointSlice(let slice): [slice.service]
        case .httpRoute(let route): route.parents.map(\.service)
        case .grpcRoute(let route): route.parents.map(\.service)
        case .tcpRoute(let route): route.parents.map(\.service)
        case .backendPolicy(let policy): policy.targets
        case .authorizationPolicy, .meshPolicy: []
        }
    }

    /// Services and ports that the resource names.
    private static func references(_ resource: Resource) -> [(ServiceName, Int?)] {
        switch resource {
        case .service, .meshPolicy: []
        case .endpointSlice(let slice): [(slice.service, nil)]
        case .httpRoute(let route):
            route.parents.map { ($0.service, $0.port) }
                + route.rules.flatMap(\.backends).map { ($0.reference.service, $0.reference.port) }
        case .grpcRoute(let route):
            route.parents.map { ($0.service, $0.port) }
                + route.rules.flatMap(\.backends).map { ($0.reference.service, $0.reference.port) }
        case .tcpRoute(let route):
            route.parents.map { ($0.service, $0.port) } + route.backends.map { ($0.service, $0.port) }
        case .backendPolicy(let policy): policy.targets.map { ($0, nil) }
        case .authorizationPolicy(let policy): policy.targets.map { ($0, nil) }
        }
    }
}
