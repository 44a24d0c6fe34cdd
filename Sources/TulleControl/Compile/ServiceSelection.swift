import TulleModel

/// Finds the services that select a workload without walking all of them: each selector is kept under one of its labels,
/// which a workload must have to be selected.
struct ServiceSelection: Sendable {
    private struct Label: Hashable {
        var namespace: String
        var key: String
        var value: String
    }

    private struct Selector {
        var service: ServiceName
        var labels: [String: String]
    }

    private var byLabel: [Label: [Selector]] = [:]

    init(_ services: some Sequence<MeshService>) {
        for service in services {
            guard case .selected(let labels) = service.members, let first = labels.min(by: { $0.key < $1.key }) else {
                continue
            }
            let label = Label(namespace: service.name.namespace, key: first.key, value: first.value)
            byLabel[label, default: []].append(Selector(service: service.name, labels: labels))
        }
    }

    /// In no order.
    func services(of workload: Workload) -> [ServiceName] {
        workload.labels.flatMap { key, value in
            (byLabel[Label(namespace: workload.namespace, key: key, value: value)] ?? []).filter { selector in
                workload.has(selector.labels)
            }
        }.map(\.service)
    }
}
