import TulleModel
import TulleXDS
import TulleXDSServer

/// The mesh as registry, keeper and push know it now.
struct LiveMesh: MeshDirectory {
    let keeper: ResourceKeeper
    let registry: WorkloadRegistry
    let deliveries: DeliveryStatus
    let trustDomain: String

    /// Everything at this moment, for a compilation or a look.
    func world() async -> World {
        let snapshot = await keeper.snapshot
        return World(
            revision: snapshot.revision, trustDomain: trustDomain, resources: snapshot.entries.values.map(\.resource),
            created: snapshot.entries.mapValues(\.stored.createdRevision),
            workloads: registry.workloads)
    }

    func workloads() async -> [WorkloadView] {
        registry.entries.compactMap { entry in
            entry.workload.map { WorkloadView($0, isLost: entry.isStale, trustDomain: trustDomain) }
        }.sorted { ($0.namespace, $0.service, $0.id) < ($1.namespace, $1.service, $1.id) }
    }

    func removeWorkload(_ id: String) async -> Bool { registry.remove(id) }

    func setWorkloadReady(_ id: String) async -> Bool { registry.setReady(id) }

    func services() async -> [ServiceView] {
        let lost = Set(registry.entries.filter(\.isStale).map(\.node.id))
        return ServiceTable(world: await world(), lost: lost).rows()
    }

    func proxies() async -> [ProxyView] {
        registry.entries.filter { !$0.isStale }.map { entry in
            ProxyView(
                id: entry.node.id, workload: entry.workload?.id, userAgent: entry.node.userAgent,
                flavour: entry.node.flavour == .delta ? "delta" : "stateOfTheWorld", onDemand: entry.node.isOnDemand,
                peer: entry.node.peer,
                resources: deliveries.deliveries(to: entry.node.id).map { delivery in
                    let (answer, error): (ProxyView.Answer, String?) =
                        switch delivery.outcome {
                        case .pending: (.pending, nil)
                        case .accepted: (.accepted, nil)
                        case .rejected(let reason): (.refused, reason)
                        }
                    return ProxyView.Resource(
                        type: delivery.type.shortName, name: delivery.name, version: delivery.version,
                        answer: answer, error: error)
                })
        }
    }
}

extension WorkloadView {
    init(_ workload: Workload, isLost: Bool, trustDomain: String) {
        let locality = [workload.locality.region, workload.locality.zone, workload.locality.subZone]
        self.init(
            id: workload.id, service: workload.service, namespace: workload.namespace, account: workload.account,
            identity: workload.hasIdentity ? workload.spiffeID(in: trustDomain) : nil, name: workload.workloadName,
            version: workload.version, labels: workload.labels,
            address: workload.address,
            ports: workload.ports.map {
                Port(name: $0.name, app: $0.app, inbound: $0.inbound, protocol: $0.protocolName)
            },
            admin: workload.admin, pid: workload.pid, run: workload.run,
            locality: locality.contains { !$0.isEmpty } ? locality.joined(separator: "/") : "",
            state: workload.exiting ? .exiting : isLost ? .lost : workload.ready ? .connected : .starting)
    }
}
