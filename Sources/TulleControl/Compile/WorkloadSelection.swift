/// Finds workloads by labels without walking all of them: 10,000 services over 10,000 workloads are looked up by the
/// rarest of each selector's labels.
struct WorkloadSelection: Sendable {
    private struct Label: Hashable {
        var namespace: String
        var key: String
        var value: String
    }

    /// Positions, in order.
    private var byLabel: [Label: [Int]] = [:]
    private var byService: [Label: [Int]] = [:]
    private let labels: [[String: String]]

    init(_ workloads: [Workload]) {
        labels = workloads.map(\.labels)
        for (position, workload) in workloads.enumerated() {
            for (key, value) in workload.labels {
                byLabel[Label(namespace: workload.namespace, key: key, value: value), default: []].append(position)
            }
            let name = Label(namespace: workload.namespace, key: "", value: workload.service)
            byService[name, default: []].append(position)
        }
    }

    func positions(namespace: String, service: String) -> [Int] {
        byService[Label(namespace: namespace, key: "", value: service)] ?? []
    }

    /// None for no labels.
    func positions(namespace: String, labels wanted: [String: String]) -> [Int] {
        var rarest: [Int]?
        for (key, value) in wanted {
            let some = byLabel[Label(namespace: namespace, key: key, value: value)] ?? []
            if some.count < rarest?.count ?? .max { rarest = some }
        }
        return (rarest ?? []).filter { position in
            wanted.allSatisfy { labels[position][$0.key] == $0.value }
        }
    }
}
