import Logging
import NIOCore
import NIOPosix
import TulleBalancing
import TulleModel

/// One event loop and all that belongs to it: listeners, connections, upstream pools, balancers, statistics.
///
/// Nothing in a worker is shared: whoever touches it runs on its loop. What comes from outside comes as an
/// immutable snapshot (`adopt`) or as a task on the loop.
final class Worker {
    let index: Int
    let loop: any EventLoop
    let wheel: TimerWheel
    let readBuffers: ReadBuffers
    let logger: Logger
    let settings: ProxySettings
    let stats = WorkerStats()
    var random: WorkerRandom
    private(set) var snapshot = Snapshot.empty
    private(set) var listeners: [String: ListenerRuntime] = [:]
    /// Listeners that others are taking the place of.
    private var replaced: [String: ListenerRuntime] = [:]
    private(set) var isDraining = false

    private var clusters: [String: ClusterRuntime] = [:]
    private var bindings: [String: RouteBinding] = [:]
    /// Bindings of tables that a listener carries inline; they live with their listener.
    private var inlineBindings: [ObjectIdentifier: WeakBinding] = [:]
    private var waiters: [Demand: [any DemandWaiter]] = [:]
    /// Everything that a drain has to end, by identity.
    private var connections: [ObjectIdentifier: any DrainableConnection] = [:]
    var exchangePool: [Exchange] = []
    var downstreamStreams: [DownstreamHTTP2Stream] = []
    var upstreamStreams: [UpstreamHTTP2Stream] = []
    var mutationValues = MutationValues()
    var dateLine = DateLine()
    let resolver: NameResolver
    let accessLogs: AccessLogs

    let flushQueue = FlushQueue()
    private let endTurn: @Sendable () -> Void

    private var connectionsSeen: UInt64 = 0

    private struct WeakBinding { weak var binding: RouteBinding? }

    init(
        index: Int, loop: any EventLoop, settings: ProxySettings, resolver: NameResolver, accessLogs: AccessLogs,
        logger: Logger, seed: UInt64
    ) {
        self.index = index
        self.loop = loop
        self.settings = settings
        self.resolver = resolver
        self.accessLogs = accessLogs
        self.logger = logger
        wheel = TimerWheel(loop: loop)
        readBuffers = ReadBuffers(wheel: wheel)
        random = WorkerRandom(seed: seed)
        let queue = NIOLoopBound(flushQueue, eventLoop: loop)
        endTurn = { queue.value.flush() }
    }

    // MARK: Configuration

    /// Goes over to another snapshot. Exchanges under way keep what they started with.
    func adopt(_ new: Snapshot) {
        guard new.generation > snapshot.generation else { return }
        snapshot = new
        for (name, runtime) in clusters {
            if let definition = new.clusters[name] {
                runtime.adopt(definition)
            } else {
                runtime.retire()
                clusters[name] = nil
            }
        }
        for (name, binding) in bindings { binding.use(new.routeTables[name]) }
        inlineBindings = inlineBindings.filter { _, weak in
            guard let binding = weak.binding else { return false }
            binding.use(binding.table)
            return true
        }
        settleDemands()
    }

    /// The cluster of that name in the current snapshot.
    func cluster(named name: String) -> ClusterRuntime? {
        if let known = clusters[name] { return known }
        guard let definition = snapshot.clusters[name] else { return nil }
        let runtime = ClusterRuntime(definition: definition, worker: self)
        clusters[name] = runtime
        return runtime
    }

    var knownClusters: some Collection<ClusterRuntime> { clusters.values }

    /// The endpoints that this worker has set aside, by cluster.
    func hostsAside() -> [String: Set<ConfiguredAddress>] {
        let now = NIODeadline.now()
        return clusters.mapValues { cluster in
            Set(cluster.hosts.compactMap { $0 }.filter { cluster.isAside($0, now: now) }.map(\.endpoint.address))
        }
    }

    /// The table of that name that comes over ADS, kept up to date.
    func binding(named name: String) -> RouteBinding {
        if let known = bindings[name] { return known }
        let binding = RouteBinding(worker: self, table: snapshot.routeTables[name])
        bindings[name] = binding
        return binding
    }

    func binding(inline table: RouteTable?) -> RouteBinding {
        let binding = RouteBinding(worker: self, table: table)
        inlineBindings[ObjectIdentifier(binding)] = WeakBinding(binding: binding)
        return binding
    }

    // MARK: Listeners

    /// The runtime of a listener on this worker, made or updated; a changed one serves new connections only.
    func listener(_ definition: ListenerDefinition) -> ListenerRuntime {
        if let known = listeners[definition.listener.name] {
            known.use(definition)
            return known
        }
        let runtime = ListenerRuntime(definition: definition, worker: self)
        listeners[definition.listener.name] = runtime
        return runtime
    }

    /// - Parameter isGone: whether its connections of HTTP end too, each with the exchange that it carries.
    func closeListener(named name: String, isGone: Bool) -> EventLoopFuture<Void> {
        let listener = listeners.removeValue(forKey: name)
        if isGone { listener?.drain() }
        return close(listener)
    }

    /// A listener in the place of the one of its name, which accepts until it is known whether this one can be opened.
    func replaceListener(_ definition: ListenerDefinition) -> ListenerRuntime {
        replaced[definition.listener.name] = listeners.removeValue(forKey: definition.listener.name)
        return listener(definition)
    }

    func keepReplacement(named name: String) -> EventLoopFuture<Void> { close(replaced.removeValue(forKey: name)) }

    func undoReplacement(named name: String) -> EventLoopFuture<Void> {
        let failed = listeners.removeValue(forKey: name)
        listeners[name] = replaced.removeValue(forKey: name)
        return close(failed)
    }

    private func close(_ listener: ListenerRuntime?) -> EventLoopFuture<Void> {
        listener?.closeSocket() ?? loop.makeSucceededVoidFuture()
    }

    // MARK: Demands

    /// Asks for a resource on behalf of the waiter, who is called when it is settled.
    func demand(_ demand: Demand, for waiter: any DemandWaiter) {
        if waiters[demand] == nil { settings.demand(demand) }
        waiters[demand, default: []].append(waiter)
    }

    func abandon(_ demand: Demand, _ waiter: any DemandWaiter) {
        waiters[demand]?.removeAll { $0 === waiter }
        if waiters[demand]?.isEmpty ?? false { waiters[demand] = nil }
    }

    /// Whether waiting for the resource could still bring anything.
    func isSettled(_ demand: Demand) -> Bool {
        switch demand {
        case .cluster(let name):
            if let cluster = snapshot.clusters[name] { return cluster.endpoints != nil }
            return snapshot.absentClusters.contains(name) || !snapshot.asksForClusters
        case .virtualHost(let routes, let host):
            if snapshot.absentVirtualHosts.contains("\(routes)/\(host)") { return true }
            guard let table = snapshot.routeTables[routes] else { return false }
            return table.hasVirtualHost(named: host)
        }
    }

    private func settleDemands() {
        guard !waiters.isEmpty else { return }
        for demand in waiters.keys where isSettled(demand) {
            for waiter in waiters.removeValue(forKey: demand) ?? [] { waiter.demandSettled(demand) }
        }
    }

    // MARK: Connections

    /// Sends what the connection has written when the loop's turn ends.
    @inline(__always)
    func flush(_ connection: any Flushable) {
        guard !connection.isMarkedForFlush else { return }
        if flushQueue.append(connection) { loop.execute(endTurn) }
    }

    func nextConnectionNumber() -> UInt64 {
        connectionsSeen &+= 1
        return connectionsSeen
    }

    func track(_ connection: any DrainableConnection) { connections[ObjectIdentifier(connection)] = connection }
    func untrack(_ connection: any DrainableConnection) { connections[ObjectIdentifier(connection)] = nil }
    var connectionCount: Int { connections.count }

    // MARK: Drain

    /// Ends what is idle, and lets every connection end with the exchange it carries.
    func drain() {
        isDraining = true
        for connection in connections.values { connection.drain() }
    }

    /// Likewise those whose requests were decided on by these, when their filter chains are gone.
    func drain(admittedBy gone: [RequestAdmission]) {
        let gone = Set(gone.map { ObjectIdentifier($0) })
        for connection in connections.values {
            guard let admission = connection.admission, gone.contains(ObjectIdentifier(admission)) else { continue }
            connection.drain()
        }
    }

    /// Ends every connection at once, when the time for draining is up.
    func closeAll() {
        for connection in connections.values { connection.closeNow() }
        for cluster in clusters.values { cluster.retire() }
    }
}

/// A downstream connection as a drain sees it.
protocol DrainableConnection: AnyObject {
    /// What stands for the filter chain of a connection of HTTP; nil for others.
    var admission: RequestAdmission? { get }
    /// Finish what is under way, take nothing new, then close.
    func drain()
    func closeNow()
}

extension DrainableConnection {
    var admission: RequestAdmission? { nil }
}
