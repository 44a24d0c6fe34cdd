import Foundation
import TulleConfig
import TulleModel
import TulleXDS
import TulleXDSServer

/// What the control plane says of itself: readiness, status, metrics.
struct ControlReports: Sendable {
    let version: String
    let storePath: String
    let startedAt: Date
    let keeper: ResourceKeeper
    let mesh: LiveMesh
    let watcher: DirectoryWatcher?
    let pushMetrics: PushMetrics
    /// `HOST:PORT` of the xDS server; empty until it listens.
    let xdsAddress: Announcement
    /// `HOST:PORT` of the signing server; empty until it listens.
    let signingAddress: Announcement

    /// What is not there yet of what proxies need; nil when all is.
    func missing() async -> String? {
        if xdsAddress.text.isEmpty { return "the xds server does not listen yet" }
        return signingAddress.text.isEmpty ? "the signing server does not listen yet" : nil
    }

    func resourceStatus() async -> ResourceStatus {
        let entries = mesh.registry.entries
        return ResourceStatus(
            services: await keeper.directory.ports,
            resources: await keeper.snapshot.entries.values.lazy.map(\.resource),
            deliveries: entries.flatMap { entry in
                let namespace = entry.workload?.namespace ?? "default"
                return mesh.deliveries.deliveries(to: entry.node.id).map { ($0, namespace) }
            },
            workloads: entries.compactMap(\.workload))
    }

    func status() async -> StatusView {
        let snapshot = await keeper.snapshot
        let entries = mesh.registry.entries
        let namespaces = Dictionary(
            entries.map { ($0.node.id, $0.workload?.namespace ?? "default") }, uniquingKeysWith: { first, _ in first })
        var kinds: [String: Int] = [:]
        for key in snapshot.entries.keys { kinds[key.kind.rawValue, default: 0] += 1 }
        return StatusView(
            version: version, startedAt: startedAt, ready: await missing() == nil, xds: xdsAddress.text,
            store: StatusView.Store(
                path: storePath, resourceVersion: "\(snapshot.revision)", error: await storeError(snapshot)),
            watch: await watcher?.status(), resources: kinds, services: await mesh.services().count,
            workloads: entries.count { $0.workload != nil }, proxies: entries.count { !$0.isStale },
            refusals: mesh.deliveries.rejections.map { delivery in
                var reason = ""
                if case .rejected(let why) = delivery.outcome { reason = why }
                let service = ResourceStatus.service(
                    of: delivery.type, delivery.name, namespace: namespaces[delivery.node] ?? "default")
                return StatusView.Refusal(
                    proxy: delivery.node, type: delivery.type.shortName, name: delivery.name,
                    resources: service.map { Self.origins($0, snapshot) } ?? [], reason: reason)
            })
    }

    /// Adds the control plane's own figures to a scrape.
    func write(to text: inout PrometheusText) async {
        let snapshot = await keeper.snapshot
        text.family("tulle_control_info", .gauge, "The control plane's version.")
        text.sample("tulle_control_info", [("version", version)], 1)
        text.family("tulle_control_start_time_seconds", .gauge, "When it started, in seconds since 1970.")
        text.sample("tulle_control_start_time_seconds", [], startedAt.timeIntervalSince1970.rounded(.down))
        text.family("tulle_control_store_revision", .gauge, "The store's revision that is in force.")
        text.sample("tulle_control_store_revision", [], Double(snapshot.revision))
        text.family("tulle_control_store_failing", .gauge, "1 while the store cannot be written.")
        text.sample("tulle_control_store_failing", [], await keeper.storeError == nil ? 0 : 1)
        text.family("tulle_control_resources", .gauge, "Resources in force, by kind.")
        for kind in ResourceKind.allCases {
            let count = snapshot.entries.keys.count { $0.kind == kind }
            text.sample("tulle_control_resources", [("kind", kind.rawValue)], Double(count))
        }
        text.family("tulle_control_workloads", .gauge, "Workloads in the mesh.")
        text.sample("tulle_control_workloads", [], Double(mesh.registry.workloads.count))
        text.family("tulle_control_services", .gauge, "Services of the mesh, implicit ones too.")
        text.sample("tulle_control_services", [], Double(await mesh.services().count))
        text.family("tulle_control_refusals", .gauge, "Resources that a connected proxy refuses.")
        text.sample("tulle_control_refusals", [], Double(mesh.deliveries.rejections.count))
        if let watcher {
            text.family("tulle_control_watched_files_wrong", .gauge, "Watched files with errors.")
            text.sample("tulle_control_watched_files_wrong", [], Double(await watcher.wrongFiles))
        }
        text.add(pushMetrics.snapshot())
    }

    private func storeError(_ snapshot: ResourceSnapshot) async -> String? {
        if let error = await keeper.storeError { return error }
        guard let (key, reason) = snapshot.unreadable.min(by: { $0.key < $1.key }) else { return nil }
        return "\(snapshot.unreadable.count) resources cannot be read and are not in force: \(key): \(reason)"
    }

    /// The resources that shape a service's configuration.
    private static func origins(_ service: ServiceName, _ snapshot: ResourceSnapshot) -> [String] {
        snapshot.sorted.map(\.resource).filter { resource in
            var change = Change()
            change.add(resource)
            return change.services.union(change.endpoints).contains(service.description)
        }.map(\.key.description)
    }
}

extension PrometheusText {
    /// Adds the figures of the pushes.
    mutating func add(_ samples: [PushMetrics.Sample]) {
        var last = ""
        for sample in samples {
            let kind: Kind =
                switch sample.kind {
                case .counter: .counter
                case .gauge: .gauge
                case .histogram: .histogram
                }
            if sample.name != last { family(sample.name, kind, sample.help) }
            last = sample.name
            let labels = sample.labels.map { ($0.name, $0.value) }
            guard kind == .histogram else {
                self.sample(sample.name, labels, sample.value)
                continue
            }
            for bucket in sample.buckets {
                self.sample(
                    sample.name + "_bucket", labels + [("le", "\(bucket.upperBound)")], Double(bucket.count))
            }
            self.sample(sample.name + "_bucket", labels + [("le", "+Inf")], Double(sample.count))
            self.sample(sample.name + "_sum", labels, sample.value)
            self.sample(sample.name + "_count", labels, Double(sample.count))
        }
    }
}
