public import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
public import TulleModel

/// How a proxy runs, apart from its configuration.
public struct ProxyOptions: Sendable {
    /// Event loops, each on a thread of its own.
    public var concurrency: Int
    /// How long a request waits for a resource that has to be asked for first.
    public var demandTimeout: Duration
    /// How long a service that nobody calls is kept.
    public var unusedLifetime: Duration
    /// What `/server_info` tells: the version, the flags by name, and the time that a drain may take.
    public var version: String
    public var commandLine: [String: Value]
    public var drainTime: Duration
    /// Applies another log level, when the admin is told one.
    public var setLogLevel: @Sendable (Logger.Level) -> Void
    /// The secrets that the proxy gets for itself (`IdentityKeeper`); nobody else may give it those.
    public var ownSecrets: Set<String> = []
    /// Seeds the balancers' random numbers, so that tests can repeat a run; nil takes the system's.
    public var seed: UInt64?

    public init(
        concurrency: Int = 1, demandTimeout: Duration = .seconds(5), unusedLifetime: Duration = .seconds(600),
        version: String = "", commandLine: [String: Value] = [:], drainTime: Duration = .seconds(15),
        setLogLevel: @escaping @Sendable (Logger.Level) -> Void = { _ in }, seed: UInt64? = nil
    ) {
        self.concurrency = concurrency
        self.demandTimeout = demandTimeout
        self.unusedLifetime = unusedLifetime
        self.version = version
        self.commandLine = commandLine
        self.drainTime = drainTime
        self.setLogLevel = setLogLevel
        self.seed = seed
    }
}

/// The data plane: listeners, workers and the configuration they run on.
public final class Proxy: Sendable {
    let bootstrap: Bootstrap
    let options: ProxyOptions
    let logger: Logger
    let group: MultiThreadedEventLoopGroup
    let workers: [WorkerHandle]
    let configurator: Configurator
    let accessLogs: AccessLogs
    let startTime = NIODeadline.now()
    let identity: AdminIdentity
    let resolver: NameResolver
    private let pool: NIOThreadPool
    private let admin = NIOLockedValueBox<AdminServer?>(nil)
    /// Called when the admin is asked to end the proxy.
    private let quitHandler = NIOLockedValueBox<(@Sendable () -> Void)?>(nil)
    private let level: NIOLockedValueBox<Logger.Level>
    private let setLevel: @Sendable (Logger.Level) -> Void
    private let housekeeping: Task<Void, Never>

    /// Makes the workers; nothing listens yet. `subscriber` is who asks the control plane for resources.
    public init(
        bootstrap: Bootstrap, options: ProxyOptions, subscriber: (any ResourceSubscriber)?, logger: Logger
    ) async throws {
        self.bootstrap = bootstrap
        self.options = options
        self.logger = logger
        level = NIOLockedValueBox(logger.logLevel)
        setLevel = options.setLogLevel
        identity = AdminIdentity(
            version: options.version, node: bootstrap.node, concurrency: options.concurrency,
            commandLineOptions: options.commandLine, drainTime: options.drainTime)
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, options.concurrency))
        // Looking names up is all that blocks; two threads keep a slow name from holding up the others.
        pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        let resolver = NameResolver(pool: pool)
        self.resolver = resolver
        let accessLogs = AccessLogs(logger: logger)
        self.accessLogs = accessLogs
        let demands = DemandRelay()
        var settings = ProxySettings()
        settings.demandTimeout = options.demandTimeout
        settings.name = bootstrap.node.id.isEmpty ? "tulle" : "tulle-\(bootstrap.node.cluster)"
        settings.demand = { demands.demand($0) }
        var seeds = SystemRandomNumberGenerator()
        var workers: [WorkerHandle] = []
        for (index, loop) in group.makeIterator().enumerated() {
            let settings = settings
            let seed = options.seed.map { $0 &+ UInt64(index) } ?? seeds.next()
            workers.append(
                try await WorkerHandle(on: loop) {
                    Worker(
                        index: index, loop: loop, settings: settings, resolver: resolver, accessLogs: accessLogs,
                        logger: logger, seed: seed)
                })
        }
        self.workers = workers
        let configurator = Configurator(
            bootstrap: bootstrap, workers: workers, ownSecrets: options.ownSecrets, subscriber: subscriber,
            resolver: resolver, logger: logger)
        self.configurator = configurator
        demands.connect { demand in Task { await configurator.demand(demand) } }
        let idle = options.unusedLifetime
        housekeeping = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: max(.seconds(1), idle / 10))
                if Task.isCancelled { return }
                await configurator.giveUpUnused(after: idle)
            }
        }
    }

    /// Opens the static listeners. Throws, in words for a person, when one cannot be.
    public func start() async throws {
        if let address = bootstrap.admin {
            do {
                let server = try await AdminServer.start(on: address, source: self, group: group, logger: logger)
                admin.withLockedValue { $0 = server }
            } catch {
                throw ProxyError("admin: cannot open \(address): \(error)")
            }
        }
        try await configurator.start()
    }

    /// Where the admin listens; nil when there is none.
    public var adminAddress: TulleModel.SocketAddress? {
        admin.withLockedValue { $0?.address }.map { ConfiguredAddress(host: $0.ipAddress ?? "", port: $0.port ?? 0) }
    }

    /// Sets what happens when the admin's `/quitquitquit` is called.
    public func onQuit(_ handler: @escaping @Sendable () -> Void) { quitHandler.withLockedValue { $0 = handler } }

    /// Takes changes from the control plane; answers why resources were refused, by name.
    public func apply(_ updates: [ResourceUpdate]) async -> [String: String] {
        await configurator.apply(updates)
    }

    /// Serves what the proxy got for itself. Throws, with what was there before in use, when it cannot be.
    func take(_ identity: WorkloadCertificate) async throws { try await configurator.take(own: identity.secrets) }

    /// The control plane has answered for listeners, so that `isReady` need not wait for more.
    public func listenersHaveArrived() async { await configurator.listenersHaveArrived() }

    public var isReady: Bool { get async { await configurator.isReady } }

    /// Where a listener is open; nil when it is not.
    public func address(ofListener name: String) async -> TulleModel.SocketAddress? {
        await configurator.boundAddress(of: name).map {
            ConfiguredAddress(host: $0.ipAddress ?? "", port: $0.port ?? 0)
        }
    }

    /// Opens the access logs' files anew, after they were moved away.
    public func reopenLogs() { accessLogs.reopen() }

    /// Takes no new connections, lets those open finish what they carry, and closes what is left after `limit`.
    public func drain(limit: Duration) async {
        await configurator.stopAccepting(inboundOnly: false)
        for worker in workers { await worker.run { $0.drain() } }
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            var open = 0
            for worker in workers { open += await worker.run { $0.connectionCount } }
            if open == 0 { break }
            try? await Task.sleep(for: .milliseconds(20))
        }
        for worker in workers { await worker.run { $0.closeAll() } }
    }

    /// Ends the threads. Nothing can be done with the proxy afterwards.
    public func stop() async {
        housekeeping.cancel()
        await housekeeping.value
        await configurator.stop()
        await admin.withLockedValue { $0 }?.stop()
        accessLogs.close()
        try? await group.shutdownGracefully()
        try? await pool.shutdownGracefully()
    }
}

extension Proxy: AdminSource {
    func state() async -> ServerState {
        if await configurator.isDraining { return .draining }
        return await configurator.isReady ? .live : .preInitializing
    }

    func statistics() async -> StatsSnapshot {
        var total = StatsSnapshot()
        for worker in workers { total.merge(await worker.run { $0.stats.snapshot() }) }
        return total
    }

    func resetCounters() async {
        for worker in workers { await worker.run { $0.stats.reset() } }
    }

    func listeners() async -> [AdminListener] {
        await configurator.boundAddresses.sorted { $0.key < $1.key }.map { name, address in
            AdminListener(
                name: name, address: ConfiguredAddress(host: address.ipAddress ?? "", port: address.port ?? 0))
        }
    }

    func clusters() async -> [AdminCluster] {
        var aside: [String: Set<ConfiguredAddress>] = [:]
        for worker in workers {
            for (name, addresses) in await worker.run({ $0.hostsAside() }) {
                aside[name, default: []].formUnion(addresses)
            }
        }
        var result: [AdminCluster] = []
        for definition in await configurator.currentClusters {
            let cluster = definition.cluster
            let endpoints = (definition.assignment?.localities ?? []).flatMap { locality in
                locality.endpoints.map {
                    AdminEndpoint(
                        endpoint: $0, locality: locality.locality, priority: locality.priority,
                        isSetAside: aside[cluster.name]?.contains($0.address) ?? false)
                }
            }
            let isStatic = await configurator.isStatic(cluster: cluster.name)
            result.append(AdminCluster(cluster: cluster, isDynamic: !isStatic, endpoints: endpoints))
        }
        return result
    }

    func configuration() async -> AdminConfiguration { await configurator.dump() }

    func drainListeners(gracefully: Bool, inboundOnly: Bool) async {
        await configurator.stopAccepting(inboundOnly: inboundOnly)
        if gracefully, !inboundOnly {
            for worker in workers { await worker.run { $0.drain() } }
        }
    }

    func quit() async { quitHandler.withLockedValue { $0 }?() }

    var logLevel: Logger.Level { level.withLockedValue { $0 } }

    func setLogLevel(_ level: Logger.Level) async {
        self.level.withLockedValue { $0 = level }
        setLevel(level)
    }
}
