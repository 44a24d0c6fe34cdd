import AsyncHTTPClient
import Foundation
public import Logging
public import ServiceLifecycle
import TulleIdentity
import TulleModel
import TulleXDS
import TulleXDSServer
public import UnixSignals

/// The control plane as one composition: store → keeper → push → xDS server, with the registry, the watched directory
/// and the API beside it. `tulle control` runs one.
public final class ControlPlane: ServiceLifecycle.Service {
    private let configuration: ControlPlaneConfiguration
    private let logger: Logger
    private let apiAddress = Announcement()
    private let xdsAddress = Announcement()
    private let signingAddress = Announcement()
    private let socketAddress = Announcement()

    public init(_ configuration: ControlPlaneConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// `HOST:PORT` of the API once it listens; empty if the control plane ended before.
    public func api() async -> String { await apiAddress.wait() }

    /// `HOST:PORT` of the xDS server once it listens; empty if the control plane ended before.
    public func xds() async -> String { await xdsAddress.wait() }

    /// `HOST:PORT` of the signing server once it listens; empty if the control plane ended before.
    public func signing() async -> String { await signingAddress.wait() }

    /// Runs until one of the signals, then shuts down in order.
    public func run(until signals: [UnixSignal]) async throws {
        let group = ServiceGroup(
            configuration: .init(services: [self], gracefulShutdownSignals: signals, logger: quiet))
        try await group.run()
    }

    /// Runs until a graceful shutdown. Throws what keeps it from starting, in words for people.
    public func run() async throws {
        defer {
            apiAddress.end()
            xdsAddress.end()
            signingAddress.end()
            socketAddress.end()
        }
        try configuration.check()
        if let directory = configuration.watchedDirectory {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue
            else { throw ControlPlaneError("the directory to watch, \(directory), does not exist") }
        }
        let store = try SQLiteStore(path: configuration.storePath)
        defer { store.close() }
        // Under the store's lock: two that start at once do not both make a root.
        let folder = URL(fileURLWithPath: configuration.storePath).deletingLastPathComponent().path
        let authority = try (configuration.identity.authority ?? AuthorityFiles(folder: folder + "/ca"))
            .open(
                trustDomain: configuration.identity.trustDomain, lifetime: configuration.identity.lifetime, at: Date())
        let keeper = ResourceKeeper(store: store, watchesFiles: configuration.watchedDirectory != nil)
        try await keeper.load()
        let watcher = configuration.watchedDirectory.map {
            DirectoryWatcher(root: $0, keeper: keeper, logger: logger)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            // The keeper outlives all that depends on it: a write in flight at a shutdown must come into force.
            group.addTask { try await keeper.follow() }
            // Before the first proxy is served: it must not be told that what the files say does not exist.
            await watcher?.look()
            group.addTask { try await self.serve(keeper, watcher, authority, store) }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Everything that faces proxies and people.
    private func serve(
        _ keeper: ResourceKeeper, _ watcher: DirectoryWatcher?, _ authority: Authority, _ identities: any IdentityStore
    ) async throws {
        let registry = WorkloadRegistry(grace: configuration.grace)
        // Before the first proxy is served: it must not be told that the endpoints of those who come later are gone.
        let registryFile = RegistryFile(path: configuration.storePath + ".workloads", logger: logger)
        registry.restore(registryFile.load())
        let deliveries = DeliveryStatus()
        let metrics = PushMetrics()
        let mesh = LiveMesh(
            keeper: keeper, registry: registry, deliveries: deliveries, trustDomain: authority.trustDomain.name)
        let slot = ServerSlot()
        let push = Push(
            compiler: MeshCompiler(), metrics: metrics, makeWorld: { await mesh.world() },
            notify: { scope, since in slot.server?.push(since: since, scope: scope) })
        let server = ADSServer(
            ADSServer.Configuration(
                address: TulleModel.SocketAddress(host: configuration.xdsHost, port: configuration.xdsPort),
                identifier: "tulle-control/\(configuration.version)"),
            source: push, observers: [registry, deliveries, metrics], logger: logger)
        slot.server = server
        let reports = ControlReports(
            version: configuration.version, storePath: configuration.storePath, startedAt: Date(), keeper: keeper,
            mesh: mesh, watcher: watcher, pushMetrics: metrics, xdsAddress: xdsAddress, signingAddress: signingAddress)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: StatsCollector.configuration)
        let api = APIServer(
            configuration: configuration.api,
            handlers: APIHandlers(
                configuration: configuration.api, keeper: keeper, mesh: mesh, reports: reports,
                identity: IdentityHandlers(
                    authority: authority, store: identities, signingAddress: signingAddress,
                    socket: try configuration.identity.socket(beside: configuration.storePath) ?? ""),
                stats: StatsCollector(client: client), metrics: APIMetrics()),
            logger: logger,
            onRunning: { [apiAddress, logger] address in
                apiAddress.announce(address)
                logger.info("api on http://\(address)")
            })
        // Shut down from the last to the first: the API stops taking changes, proxies are let go, then the rest.
        var services: [any ServiceLifecycle.Service] = [
            ChangeFeed(keeper: keeper, registry: registry, push: push),
            PushService(push: push),
            RegistryKeeping(registry: registry, file: registryFile),
            XDSService(server: server, address: xdsAddress, logger: logger),
        ]
        services += try signingServices(authority, identities)
        if let watcher { services.append(watcher) }
        services.append(api)
        do {
            try await ServiceGroup(configuration: .init(services: services, logger: quiet)).run()
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    /// What gives workloads their certificates, over TLS and to local users.
    private func signingServices(
        _ authority: Authority, _ identities: any IdentityStore
    ) throws -> [any ServiceLifecycle.Service] {
        let identity = configuration.identity
        let issuer = RegistrationAuthority(
            authority: authority, store: identities, users: identity.users, logger: logger)
        let certificate = try ServerCertificateRenewal.first(authority, names: identity.serverNames)
        let address = TulleModel.SocketAddress(host: identity.signingHost, port: identity.signingPort)
        var services: [any ServiceLifecycle.Service] = [
            ServerCertificateRenewal(
                authority: authority, names: identity.serverNames, certificate: certificate, logger: logger),
            SigningService(
                server: SigningServer(.tls(address, certificate), issuer: issuer), address: signingAddress,
                logger: logger),
        ]
        if let path = try identity.socket(beside: configuration.storePath) {
            services.append(
                SigningService(
                    server: SigningServer(.socket(path), issuer: issuer), address: socketAddress, logger: logger))
        } else {
            logger.warning("no socket for local users: the store's path is too long; --socket takes a shorter one")
        }
        return services
    }

    /// The lifecycle library tells each of its steps; people want to hear of its warnings only.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = max(.warning, logger.logLevel)
        return quiet
    }
}
