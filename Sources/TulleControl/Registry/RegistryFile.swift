import Foundation
public import Logging
import TulleModel

/// The workloads on disk, so that a control plane that is killed and started again knows at once who was there.
///
/// Written whole beside the old file and renamed over it, soon after each change. It is a hint: a workload that does
/// not come back leaves after the grace period, and a damaged file is passed over.
public struct RegistryFile: Sendable {
    /// A workload as the file has it.
    private struct Saved: Codable {
        var id, service, namespace, account, version, address, admin, run, workloadName: String
        var labels: [String: String]
        var ports: [Workload.Port]
        var outbound: Workload.Outbound
        var upstreams: [Workload.Upstream]
        var pid: Int
        var exiting: Bool
        /// Absent in files of versions that knew no unready workloads.
        var ready: Bool?
        /// Absent in files of versions whose sidecars had no certificates.
        var identity: Bool?
        var region, zone, subZone: String
    }

    // Changes within this time are written together; a control plane killed within it forgets the newest workloads,
    // which come back by themselves.
    private static let gather = Duration.milliseconds(100)

    private let path: String
    private let logger: Logger

    public init(path: String, logger: Logger) {
        self.path = path
        self.logger = logger
    }

    /// What the last run knew; empty when there was none.
    public func load() -> [Workload] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        do {
            return try JSONDecoder().decode([Saved].self, from: data).map { saved in
                Workload(
                    id: saved.id, service: saved.service, namespace: saved.namespace, account: saved.account,
                    labels: saved.labels, version: saved.version, address: saved.address, ports: saved.ports,
                    outbound: saved.outbound, upstreams: saved.upstreams, admin: saved.admin, pid: saved.pid,
                    run: saved.run, exiting: saved.exiting, ready: saved.ready ?? true,
                    locality: Locality(region: saved.region, zone: saved.zone, subZone: saved.subZone),
                    hasIdentity: saved.identity ?? false, workloadName: saved.workloadName)
            }
        } catch {
            logger.warning("known workloads are passed over", metadata: ["path": "\(path)", "reason": "\(error)"])
            return []
        }
    }

    /// Writes the workloads now.
    public func save(_ workloads: [Workload]) throws {
        let saved = workloads.map { workload in
            Saved(
                id: workload.id, service: workload.service, namespace: workload.namespace, account: workload.account,
                version: workload.version, address: workload.address, admin: workload.admin, run: workload.run,
                workloadName: workload.workloadName, labels: workload.labels, ports: workload.ports,
                outbound: workload.outbound, upstreams: workload.upstreams, pid: workload.pid,
                exiting: workload.exiting, ready: workload.ready, identity: workload.hasIdentity,
                region: workload.locality.region, zone: workload.locality.zone,
                subZone: workload.locality.subZone)
        }
        try JSONEncoder().encode(saved).write(to: URL(filePath: path), options: .atomic)
    }

    /// Writes the registry's changes until the task is cancelled.
    ///
    /// Before the first subscriber is served, `registry.restore(file.load())` is to be called.
    public func keep(_ registry: WorkloadRegistry) async {
        // Events that come while one is written melt into the next: only the present state is written.
        let events = registry.events()
        var written: UInt64?
        var isFailing = false
        for await _ in events {
            if written == registry.snapshot.revision { continue }
            try? await Task.sleep(for: Self.gather)
            do {
                let (revision, workloads) = registry.snapshot
                try save(workloads)
                written = revision
                isFailing = false
            } catch {
                if !isFailing {
                    logger.warning(
                        "known workloads cannot be written; a restart will learn them from their proxies only",
                        metadata: ["path": "\(path)", "reason": "\(error)"])
                }
                isFailing = true
            }
        }
    }
}
