import Logging
import ServiceLifecycle
import Synchronization
import TulleModel
import TulleXDS
import TulleXDSServer

/// Where push finds the server that in turn asks it for resources.
final class ServerSlot: Sendable {
    /// Set once at the composition, read by each push.
    private let slot = Mutex<ADSServer?>(nil)

    var server: ADSServer? {
        get { slot.withLock { $0 } }
        set { slot.withLock { $0 = newValue } }
    }
}

/// Runs the pushes.
struct PushService: ServiceLifecycle.Service {
    let push: Push<MeshCompiler>

    func run() async throws {
        await cancelWhenGracefulShutdown { await push.run() }
    }
}

/// Writes the known workloads to disk, for the next run.
struct RegistryKeeping: ServiceLifecycle.Service {
    let registry: WorkloadRegistry
    let file: RegistryFile

    func run() async throws {
        await cancelWhenGracefulShutdown { await file.keep(registry) }
    }
}

/// Runs the xDS server.
struct XDSService: ServiceLifecycle.Service {
    let server: ADSServer
    let address: Announcement
    let logger: Logger

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                // Fails when the server does, which says why by itself.
                if let bound = try? await server.boundAddress {
                    address.announce("\(bound)")
                    logger.info("xds on \(bound)")
                }
                try await group.waitForAll()
            }
        } onGracefulShutdown: {
            server.stop()
        }
    }
}

/// Carries what changes, in resources and among workloads, to push, in terms of what it may change for proxies.
struct ChangeFeed: ServiceLifecycle.Service {
    let keeper: ResourceKeeper
    let registry: WorkloadRegistry
    let push: Push<MeshCompiler>

    func run() async throws {
        let events = registry.events()
        let updates = await keeper.updates()
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await update in updates { push.changed(update.change) }
                }
                group.addTask { await follow(events) }
            }
        }
    }

    private func follow(_ events: AsyncStream<WorkloadRegistry.Event>) async {
        // The workloads that the last run knew came without an event.
        var implicit = implicitServices()
        await keeper.setImplicitServices(implicit)
        for await event in events {
            let before = implicit
            implicit = implicitServices()
            // Before the push: whoever saw the new endpoint may also name its service in a route.
            await keeper.setImplicitServices(implicit)
            let resources = await keeper.snapshot.entries.values.map(\.resource)
            push.changed(
                Self.change(event, resources, before: before, after: implicit), isUrgent: event.makesReady)
        }
    }

    private func implicitServices() -> [ServiceName: [Int]] {
        MeshService.implied(by: registry.workloads).mapValues { $0.ports.map(\.port) }
    }

    /// Which services a workload's coming or going concerns: of one that stays, only the endpoints.
    static func change(
        _ event: WorkloadRegistry.Event, _ resources: [Resource], before: [ServiceName: [Int]],
        after: [ServiceName: [Int]]
    ) -> Change {
        var workloads = [event.workload]
        if case .changed(_, let earlier) = event { workloads.append(earlier) }
        var change = Change(nodes: [event.workload.id])
        for workload in workloads {
            let own = ServiceName(workload.service, namespace: workload.namespace)
            if !workload.service.isEmpty { change.endpoints.insert(own.description) }
            for case .service(let service) in resources
            where service.metadata.namespace == workload.namespace && !service.selector.isEmpty
                && workload.has(service.selector)
            {
                change.endpoints.insert(service.name.description)
            }
        }
        for name in Set(before.keys).union(after.keys) where before[name] != after[name] {
            change.services.insert(name.description)
        }
        return change
    }
}
