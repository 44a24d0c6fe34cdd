internal import Synchronization
public import TulleXDS
public import TulleXDSServer

/// Takes changes to the mesh to every proxy that they concern: gathers them for a moment, makes one new world of them,
/// and has the discovery server look again at the types that may differ.
///
/// It is the server's source of resources: it asks the compiler, and remembers what it said for as long as no change
/// touches it.
public final class Push<Compiler: ResourceCompiler>: Sendable {
    private struct Waiting {
        var change = Change()
        var debounce: Debounce
    }

    private struct Present {
        var world: Compiler.World?
        var revision: UInt64 = 0
        var memory = CompiledMemory()
    }

    private let compiler: Compiler
    private let makeWorld: @Sendable () async -> Compiler.World
    private let notify: @Sendable (_ scope: @Sendable (ConnectedNode) -> PushScope, ContinuousClock.Instant) -> Void
    private let metrics: PushMetrics
    // Protects the changes that wait; taken by whoever changes something, and by `run`.
    private let waiting: Mutex<Waiting>
    // Protects the world and what was compiled of it; taken by the subscribers' tasks, and by `run` to replace it.
    private let present = Mutex(Present())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - compiler: makes the resources.
    ///   - metrics: counts; hand it to the server as an observer as well.
    ///   - debounce: how long to gather changes.
    ///   - makeWorld: takes a snapshot of the resources and the registry as they are now; called once a push.
    ///   - notify: has the server push; usually `server.push(since:scope:)`.
    public init(
        compiler: Compiler, metrics: PushMetrics = PushMetrics(), debounce: Debounce = Debounce(),
        makeWorld: @escaping @Sendable () async -> Compiler.World,
        notify:
            @escaping @Sendable (
                _ scope: @Sendable (ConnectedNode) -> PushScope, _ since: ContinuousClock.Instant
            ) -> Void
    ) {
        self.compiler = compiler
        self.metrics = metrics
        self.makeWorld = makeWorld
        self.notify = notify
        waiting = Mutex(Waiting(debounce: debounce))
        (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Something changed; it is pushed soon, and an urgent change sooner. Callable from anywhere; returns at once.
    public func changed(_ change: Change, isUrgent: Bool = false) {
        if change.isEmpty { return }
        waiting.withLock { waiting in
            waiting.change.formUnion(change)
            waiting.debounce.changed(at: .now, isUrgent: isUrgent)
        }
        signal.yield()
    }

    /// Pushes changes as they come, until the task is cancelled.
    public func run() async {
        for await _ in signals {
            while let deadline = waiting.withLock({ $0.debounce.deadline }), !Task.isCancelled {
                if deadline > .now {
                    // Nothing is lost when this ends early: the deadline is looked at again.
                    try? await Task.sleep(until: deadline, tolerance: .milliseconds(1), clock: .continuous)
                } else {
                    await pushNow()
                }
            }
        }
    }

    private func pushNow() async {
        let (change, since) = waiting.withLock { waiting in
            defer {
                waiting.change = Change()
                waiting.debounce.pushed(at: .now)
            }
            return (waiting.change, waiting.debounce.first ?? .now)
        }
        let world = await makeWorld()
        present.withLock { present in
            present.world = world
            present.revision += 1
            present.memory.forget(after: change, by: compiler)
        }
        metrics.update { $0.rounds += 1 }
        notify({ [compiler] node in compiler.types(affectedBy: change, for: node) }, since)
    }

    /// The present world, made if this is the first time that someone asks.
    private func presentWorld() async -> (world: Compiler.World, revision: UInt64) {
        if let (world, revision) = present.withLock({ present in present.world.map { ($0, present.revision) } }) {
            return (world, revision)
        }
        let world = await makeWorld()
        return present.withLock { present in
            if let other = present.world { return (other, present.revision) }
            present.world = world
            present.revision += 1
            return (world, present.revision)
        }
    }
}

extension Push: DiscoverySource {
    public func resources(
        for node: ConnectedNode, type: TypeURL, subscription: Subscription
    ) async -> [NamedResource] {
        let (world, revision) = await presentWorld()
        guard let audience = compiler.audience(of: node, type: type) else {
            let resources = compiler.compile(type, subscription, for: node, in: world)
            metrics.update { $0.compiled += UInt64(resources.count) }
            return resources
        }
        var known: [NamedResource] = []
        var missing = Subscription()
        var whole: [NamedResource]?
        present.withLock { present in
            // A world that has been replaced since is still compiled from, but not remembered.
            let isPresent = present.revision == revision
            if subscription.wildcard {
                whole = isPresent ? present.memory.whole(type, audience: audience) : nil
            }
            if isPresent {
                (known, missing.names) = present.memory.named(type, subscription.names, audience: audience)
            } else {
                missing.names = subscription.names
            }
        }
        let remembered = known.count + (whole?.count ?? 0)
        var compiled: [NamedResource] = []
        if !missing.names.isEmpty {
            compiled = compiler.compile(type, missing, for: node, in: world)
        }
        var compiledWhole: [NamedResource]?
        if subscription.wildcard, whole == nil {
            compiledWhole = compiler.compile(type, Subscription(wildcard: true), for: node, in: world)
        }
        if compiledWhole != nil || !missing.isEmpty {
            present.withLock { present in
                guard present.revision == revision else { return }
                present.memory.rememberNamed(compiled, for: missing.names, of: type, audience: audience)
                if let compiledWhole {
                    present.memory.rememberWhole(compiledWhole, of: type, audience: audience, asker: node)
                }
            }
        }
        let made = compiled.count + (compiledWhole?.count ?? 0)
        metrics.update {
            $0.remembered += UInt64(remembered)
            $0.compiled += UInt64(made)
        }
        return known + compiled + (whole ?? compiledWhole ?? [])
    }
}
