import Logging
import NIOCore
import TulleBalancing
import TulleModel

/// Holds all configuration, static and dynamic, compiles what changes, and hands snapshots to the workers.
///
/// A resource that does not compile is refused alone; its last good version goes on serving.
actor Configurator {
    private let bootstrap: Bootstrap
    private let workers: [WorkerHandle]
    private let subscriber: (any ResourceSubscriber)?
    private let resolver: NameResolver
    private let logger: Logger

    private var generation: UInt64 = 0
    private let staticListenerNames: Set<String>
    private let staticClusterNames: Set<String>
    private var listeners: [String: ListenerDefinition] = [:]
    /// Listeners that are being served, by name: a changed one that waits for its routes leaves the old one here.
    private var served: [String: ListenerDefinition] = [:]
    private var clusters: [String: Cluster] = [:]
    private var definitions: [String: ClusterDefinition] = [:]
    private var assignments: [String: LoadAssignment] = [:]
    private var tables: [String: RouteTable] = [:]
    /// What `tables` were compiled from.
    private var routeConfigurations: [String: RouteConfiguration] = [:]
    private var absentClusters: Set<String> = []
    private var absentVirtualHosts: Set<String> = []
    private var contexts: SecureContexts
    private let staticSecretNames: Set<String>
    private let ownSecretNames: Set<String>
    private var rereading: Task<Void, Never>?
    private var resolutions: [String: Task<Void, Never>] = [:]

    /// What the control plane has been asked for.
    private var subscribed: [DiscoveryKind: Set<String>] = [:]
    private var demandedClusters: Set<String> = []
    private var lastDemanded: [String: NIODeadline] = [:]
    private(set) var listenersArrived = false
    private var bindFailures: [String: String] = [:]

    init(
        bootstrap: Bootstrap, workers: [WorkerHandle], ownSecrets: Set<String> = [],
        subscriber: (any ResourceSubscriber)?, resolver: NameResolver, logger: Logger
    ) {
        self.bootstrap = bootstrap
        self.workers = workers
        self.subscriber = subscriber
        self.resolver = resolver
        self.logger = logger
        staticListenerNames = Set(bootstrap.listeners.map(\.name))
        staticClusterNames = Set(bootstrap.clusters.map(\.name))
        staticSecretNames = Set(bootstrap.secrets.keys)
        ownSecretNames = ownSecrets
        hasOwnSecrets = ownSecrets.isEmpty
        contexts = SecureContexts(bootstrap.secrets)
    }

    // MARK: Start

    /// Serves what the bootstrap holds. Throws when one of its own listeners cannot be opened.
    func start() async throws {
        for cluster in bootstrap.clusters { try take(cluster) }
        for listener in bootstrap.listeners {
            listeners[listener.name] = try ListenerDefinition(listener, &contexts)
        }
        await publish()
        if let failure = bindFailures.min(by: { $0.key < $1.key }) { throw ProxyError(failure.value) }
        hasStarted = true
    }

    /// How soon a certificate that was replaced in its file is served: looking costs a system call a file.
    private static let rereadInterval = Duration.seconds(1)

    /// From when a context is first made of files.
    private func keepRereading() {
        guard rereading == nil, contexts.readsFiles else { return }
        rereading = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.rereadInterval)
                await self?.rereadFiles()
            }
        }
    }

    private func rereadFiles() {
        for failure in contexts.reread() { logger.error("\(failure)") }
    }

    private var hasStarted = false

    /// Whether it can prove who it is, or need not.
    private var hasOwnSecrets: Bool

    /// Whether everything that was known at the start, and was asked for then, serves.
    var isReady: Bool {
        hasStarted && hasOwnSecrets && (!bootstrap.dynamicListeners || listenersArrived)
            && listeners.keys.allSatisfy { served[$0] != nil && opened.contains($0) }
    }

    // MARK: Updates

    /// Takes a batch of changes. Answers why the resources that were refused were refused, by name.
    func apply(_ updates: [ResourceUpdate]) async -> [String: String] {
        var errors: [String: String] = [:]
        for update in updates {
            do {
                try take(update)
            } catch {
                errors[update.name] = "\(error)"
            }
        }
        await publish()
        for update in updates {
            if case .listener(let name, .some) = update, let failure = bindFailures[name] { errors[name] = failure }
        }
        return errors
    }

    /// Takes what the proxy got for itself.
    func take(own secrets: [String: Secret]) async throws {
        for (name, secret) in secrets.sorted(by: { $0.key < $1.key }) { try contexts.take(name, secret) }
        hasOwnSecrets = true
        await publish()
    }

    /// The control plane has told of its listeners for the first time, be it that there are none.
    func listenersHaveArrived() { listenersArrived = true }

    private func take(_ update: ResourceUpdate) throws {
        switch update {
        case .listener(let name, let listener):
            guard !staticListenerNames.contains(name) else {
                throw ProxyError("listener \"\(name)\" is a static one; dynamic listeners need other names")
            }
            listeners[name] = try listener.map { try ListenerDefinition($0, &contexts) }
        case .cluster(let name, let cluster):
            guard !staticClusterNames.contains(name) else {
                throw ProxyError("cluster \"\(name)\" is a static one; dynamic clusters need other names")
            }
            if let cluster {
                try take(cluster)
            } else {
                forget(cluster: name)
                absentClusters.insert(name)
            }
        case .routes(let name, let configuration):
            guard let configuration else {
                tables[name] = nil
                routeConfigurations[name] = nil
                return
            }
            var table = try RouteTable(configuration)
            // Virtual hosts that were asked for belong to the table that asked, whatever its new version is.
            if configuration.discoversVirtualHosts {
                let kept = demandedHosts[name]?.values.filter { host in
                    !configuration.virtualHosts.contains { $0.name == host.name }
                }
                if let kept, !kept.isEmpty { table = try table.adding(Array(kept)) }
            }
            tables[name] = table
            routeConfigurations[name] = configuration
        case .virtualHost(let name, let host):
            try take(virtualHost: host, named: name)
        case .endpoints(let name, let assignment):
            assignments[name] = assignment ?? LoadAssignment(clusterName: name)
            for (cluster, config) in clusters {
                if case .eds(let service) = config.discovery, service == name || (service.isEmpty && cluster == name) {
                    define(config, assignments[name])
                }
            }
        case .secret(let name, let secret):
            guard !staticSecretNames.contains(name) else {
                throw ProxyError("secret \"\(name)\" is a static one; dynamic secrets need other names")
            }
            guard !ownSecretNames.contains(name) else {
                throw ProxyError("secret \"\(name)\" is the proxy's own; dynamic secrets need other names")
            }
            do {
                try contexts.take(name, secret)
            } catch {
                throw ProxyError("secret \"\(name)\": \(error)")
            }
        }
    }

    /// Virtual hosts that came on demand, by route configuration and by host, so that a new table keeps them.
    private var demandedHosts: [String: [String: VirtualHost]] = [:]

    private func take(virtualHost: VirtualHost?, named name: String) throws {
        guard let slash = name.firstIndex(of: "/") else {
            throw ProxyError("virtual host \"\(name)\" is not named ROUTE-CONFIGURATION/HOST")
        }
        let routes = String(name[..<slash])
        let host = String(name[name.index(after: slash)...])
        guard let table = tables[routes] else {
            throw ProxyError("virtual host \"\(name)\": there is no route configuration \"\(routes)\"")
        }
        let before = demandedHosts[routes]?[host]
        guard let virtualHost else {
            absentVirtualHosts.insert(name)
            demandedHosts[routes]?[host] = nil
            if let before, !isHeld(before.name, in: routes) { tables[routes] = try table.removing([before.name]) }
            return
        }
        absentVirtualHosts.remove(name)
        tables[routes] = try table.adding([virtualHost])
        demandedHosts[routes, default: [:]][host] = virtualHost
    }

    private func isHeld(_ virtualHost: String, in routes: String) -> Bool {
        demandedHosts[routes]?.values.contains { $0.name == virtualHost } ?? false
    }

    private func take(_ cluster: Cluster) throws {
        do {
            securities[cluster.name] = try ClusterSecurity(cluster, &contexts)
        } catch {
            throw ProxyError("cluster \"\(cluster.name)\": \(error)")
        }
        absentClusters.remove(cluster.name)
        resolutions.removeValue(forKey: cluster.name)?.cancel()
        let known = clusters[cluster.name]
        clusters[cluster.name] = cluster
        switch cluster.discovery {
        case .fixed(let assignment):
            define(cluster, assignment)
        case .eds(let service):
            let name = service.isEmpty ? cluster.name : service
            define(cluster, assignments[name])
        case .strictDNS(let assignment), .logicalDNS(let assignment):
            // Until the first answer the old endpoints serve, where the names are the same.
            let old = known?.discovery == cluster.discovery ? resolved[cluster.name] : nil
            define(cluster, old)
            resolutions[cluster.name] = Task { [weak self] in await self?.keepResolving(cluster, assignment) }
        case .originalDestination, .dynamicForwardProxy:
            define(cluster, LoadAssignment(clusterName: cluster.name))
        }
    }

    /// The TLS of each cluster.
    private var securities: [String: ClusterSecurity] = [:]

    private func define(_ cluster: Cluster, _ assignment: LoadAssignment?) {
        definitions[cluster.name] = ClusterDefinition(
            cluster: cluster, assignment: assignment, security: securities[cluster.name] ?? ClusterSecurity())
    }

    private func forget(cluster name: String) {
        clusters[name] = nil
        securities[name] = nil
        definitions[name] = nil
        resolved[name] = nil
        resolutions.removeValue(forKey: name)?.cancel()
    }

    // MARK: DNS

    /// What DNS clusters were last found to be.
    private var resolved: [String: LoadAssignment] = [:]

    private func keepResolving(_ cluster: Cluster, _ assignment: LoadAssignment) async {
        while !Task.isCancelled {
            let found = await resolve(cluster, assignment)
            guard !Task.isCancelled, clusters[cluster.name] == cluster else { return }
            if let found, found != resolved[cluster.name] {
                resolved[cluster.name] = found
                define(cluster, found)
                await publish()
            } else if found == nil, resolved[cluster.name] == nil {
                // Nothing known and nothing found: requests are told at once instead of waiting.
                define(cluster, LoadAssignment(clusterName: cluster.name))
                await publish()
            }
            try? await Task.sleep(for: max(cluster.dnsRefreshRate, .milliseconds(100)))
        }
    }

    /// Every name replaced by its addresses; nil when one could not be looked up, so that the old ones go on.
    private func resolve(_ cluster: Cluster, _ assignment: LoadAssignment) async -> LoadAssignment? {
        var result = assignment
        let onlyFirst = if case .logicalDNS = cluster.discovery { true } else { false }
        for (place, locality) in assignment.localities.enumerated() {
            var endpoints: [Endpoint] = []
            for endpoint in locality.endpoints {
                if (try? PeerAddress(ipAddress: endpoint.address.host, port: 0)) != nil {
                    endpoints.append(endpoint)
                    continue
                }
                let answer = await withCheckedContinuation { continuation in
                    resolver.resolve(endpoint.address.host, family: cluster.dnsFamily) {
                        continuation.resume(returning: $0)
                    }
                }
                guard case .success(let addresses) = answer else { return nil }
                for address in onlyFirst ? Array(addresses.prefix(1)) : addresses.sorted() {
                    var copy = endpoint
                    if copy.hostname.isEmpty { copy.hostname = endpoint.address.host }
                    copy.address = ConfiguredAddress(host: address, port: endpoint.address.port)
                    endpoints.append(copy)
                }
            }
            result.localities[place].endpoints = endpoints
        }
        return result
    }

    // MARK: Demands

    func demand(_ demand: Demand) {
        switch demand {
        case .cluster(let name):
            guard asksForClusters else { return }
            demandedClusters.insert(name)
            subscribe(.clusters, name)
        case .virtualHost(let routes, let host):
            let name = "\(routes)/\(host)"
            lastDemanded[name] = .now()
            subscribe(.virtualHosts, name)
        }
    }

    private var asksForClusters: Bool { bootstrap.ads != nil && !bootstrap.dynamicClusters && subscriber != nil }

    private func subscribe(_ kind: DiscoveryKind, _ name: String) {
        guard let subscriber, subscribed[kind, default: []].insert(name).inserted else { return }
        subscriber.subscribe(kind, name)
    }

    private func unsubscribe(_ kind: DiscoveryKind, _ name: String) {
        guard let subscriber, subscribed[kind]?.remove(name) != nil else { return }
        subscriber.unsubscribe(kind, name)
    }

    /// Asks for what the configuration now names, and no more for what it names no longer.
    private func settleSubscriptions() {
        guard subscriber != nil, bootstrap.ads != nil else { return }
        let routes = Set(listeners.values.flatMap(\.discoveredRoutes))
        settle(.routes, wanted: routes) {
            tables[$0] = nil
            routeConfigurations[$0] = nil
        }
        if asksForClusters {
            var wanted = demandedClusters.union(listeners.values.flatMap(\.clusterNames))
            for table in tables.values { wanted.formUnion(table.clusterNames) }
            settle(.clusters, wanted: wanted.subtracting(staticClusterNames)) {
                forget(cluster: $0)
                absentClusters.remove($0)
            }
        }
        var endpoints: Set<String> = []
        for (name, cluster) in clusters {
            if case .eds(let service) = cluster.discovery { endpoints.insert(service.isEmpty ? name : service) }
        }
        settle(.endpoints, wanted: endpoints) { assignments[$0] = nil }
        contexts.forgetUnused()
        // A secret is forgotten with the last context that is made of it.
        let wanted = contexts.secretNames.subtracting(staticSecretNames).subtracting(ownSecretNames)
        settle(.secrets, wanted: wanted) { try? contexts.take($0, nil) }
    }

    private func settle(_ kind: DiscoveryKind, wanted: Set<String>, forgetting: (String) -> Void) {
        for name in subscribed[kind, default: []].subtracting(wanted) {
            unsubscribe(kind, name)
            forgetting(name)
        }
        for name in wanted.subtracting(subscribed[kind, default: []]).sorted() { subscribe(kind, name) }
    }

    /// Gives up the virtual hosts that no request has used for so long, with the clusters that only they named.
    func giveUpUnused(after idle: Duration) async {
        let now = NIODeadline.now()
        var lastUsed: [String: NIODeadline] = [:]
        for worker in workers {
            let used = await worker.run { worker in worker.knownClusters.map { ($0.name, $0.lastUsed) } }
            for (name, time) in used { lastUsed[name] = max(lastUsed[name] ?? time, time) }
        }
        var changed = false
        for (routes, hosts) in demandedHosts {
            for (host, virtualHost) in hosts {
                let name = "\(routes)/\(host)"
                let times = virtualHost.clusterNames.compactMap { lastUsed[$0] } + [lastDemanded[name] ?? now]
                guard let latest = times.max(), now - latest > idle.asTimeAmount else { continue }
                unsubscribe(.virtualHosts, name)
                lastDemanded[name] = nil
                demandedHosts[routes]?[host] = nil
                if !isHeld(virtualHost.name, in: routes), let table = tables[routes] {
                    tables[routes] = (try? table.removing([virtualHost.name])) ?? table
                }
                changed = true
            }
        }
        for name in absentVirtualHosts {
            guard let asked = lastDemanded[name], now - asked > idle.asTimeAmount else { continue }
            unsubscribe(.virtualHosts, name)
            absentVirtualHosts.remove(name)
            lastDemanded[name] = nil
            changed = true
        }
        if changed { await publish() }
    }

    // MARK: Publishing

    /// The publication under way, and the one that waits for its end.
    private var publication: Task<Void, Never>?
    private var nextPublication: Task<Void, Never>?

    /// Publishes all that has been taken. One after the other, so that no worker goes back to an older snapshot and no listener
    /// is opened twice; those that come meanwhile share the next one.
    private func publish() async {
        if let nextPublication { return await nextPublication.value }
        let previous = publication
        let next = Task {
            await previous?.value
            nextPublication = nil
            await publishNow()
        }
        publication = next
        nextPublication = next
        await next.value
    }

    private func publishNow() async {
        keepRereading()
        settleSubscriptions()
        for (name, definition) in listeners where isWarm(definition) { served[name] = definition }
        for name in served.keys where listeners[name] == nil { served[name] = nil }
        generation += 1
        let snapshot = Snapshot(
            generation: generation, listeners: served, clusters: definitions, routeTables: tables,
            absentClusters: absentClusters, absentVirtualHosts: absentVirtualHosts, asksForClusters: asksForClusters)
        for worker in workers { await worker.run { $0.adopt(snapshot) } }
        await openListeners(snapshot)
    }

    private func isWarm(_ definition: ListenerDefinition) -> Bool {
        definition.hasSecrets && definition.discoveredRoutes.allSatisfy { tables[$0] != nil }
    }

    /// Each listener that is open, and where, so that a changed address is noticed.
    private var bound: [String: (definition: ListenerDefinition, actual: PeerAddress)] = [:]
    /// The listeners that have been opened once; what is served but not open yet takes no connections.
    private var opened: Set<String> = []

    /// The address that a listener is open at; its port is the kernel's where the configuration says 0.
    func boundAddress(of listener: String) -> PeerAddress? { bound[listener]?.actual }
    var boundAddresses: [String: PeerAddress] { bound.mapValues(\.actual) }

    private func openListeners(_ snapshot: Snapshot) async {
        guard !isDraining else { return }
        for (name, definition) in snapshot.listeners.sorted(by: { $0.key < $1.key }) {
            if !definition.listener.bindToPort || bound[name]?.definition.address == definition.address {
                for worker in workers { await worker.run { _ = $0.listener(definition) } }
                bound[name]?.definition = definition
                bindFailures[name] = nil
                opened.insert(name)
                continue
            }
            do {
                let actual = try await open(definition)
                bound[name] = (definition, actual)
                bindFailures[name] = nil
                opened.insert(name)
            } catch {
                let reason = "listener \"\(name)\": cannot open \(definition.address.text): \(error)"
                bindFailures[name] = reason
                served[name] = bound[name]?.definition
                logger.error("\(reason)")
            }
        }
        for name in bound.keys where snapshot.listeners[name] == nil {
            bound[name] = nil
            opened.remove(name)
            await close(name, isGone: true)
        }
    }

    /// Opens the listener on every worker, or on none; then the one of its name that was there before goes on.
    private func open(_ definition: ListenerDefinition) async throws -> PeerAddress {
        let name = definition.listener.name
        let reusePort = workers.count > 1 && definition.listener.enableReusePort
        var address = definition.address
        do {
            for (index, worker) in workers.enumerated() {
                let target = address
                let shared = index > 0 && !reusePort ? try await socket(of: definition, on: workers[0]) : nil
                address = try await worker.future { worker in
                    let listener = worker.replaceListener(definition)
                    return shared.map { listener.bind(to: target, sharing: $0) }
                        ?? listener.bind(to: target, reusePort: reusePort)
                }
            }
        } catch {
            for worker in workers { _ = try? await worker.future { $0.undoReplacement(named: name) } }
            throw error
        }
        for worker in workers { _ = try? await worker.future { $0.keepReplacement(named: name) } }
        return address
    }

    /// A descriptor of a worker's socket, for another.
    private func socket(of definition: ListenerDefinition, on worker: WorkerHandle) async throws -> CInt {
        try await worker.future { worker in
            worker.loop.makeCompletedFuture { try worker.listener(definition).duplicateSocket() }
        }
    }

    private func close(_ name: String, isGone: Bool = false) async {
        for worker in workers { _ = try? await worker.future { $0.closeListener(named: name, isGone: isGone) } }
    }

    // MARK: Drain

    private(set) var isDraining = false

    /// Closes the sockets of all listeners, or of the inbound ones, and takes no more.
    func stopAccepting(inboundOnly: Bool) async {
        if !inboundOnly { isDraining = true }
        for (name, definition) in served where !inboundOnly || definition.listener.direction == .inbound {
            bound[name] = nil
            await close(name)
        }
    }

    func stop() {
        rereading?.cancel()
        for task in resolutions.values { task.cancel() }
        resolutions = [:]
    }

    // MARK: For the admin

    var currentClusters: [ClusterDefinition] {
        definitions.values.sorted { $0.cluster.name < $1.cluster.name }
    }

    func isStatic(cluster name: String) -> Bool { staticClusterNames.contains(name) }

    /// All that the proxy runs on, as values.
    func dump() -> AdminConfiguration {
        typealias Configuration = AdminConfiguration
        var dump = Configuration(bootstrap: bootstrap)
        dump.listeners = served.values.sorted { $0.listener.name < $1.listener.name }.map {
            Configuration.Entry(
                name: $0.listener.name, resource: $0.listener,
                isStatic: staticListenerNames.contains($0.listener.name), rejection: bindFailures[$0.listener.name])
        }
        dump.clusters = currentClusters.map {
            Configuration.Entry(
                name: $0.cluster.name, resource: $0.cluster, isStatic: staticClusterNames.contains($0.cluster.name))
        }
        dump.routes = routeConfigurations.values.sorted { $0.name < $1.name }.map { configuration in
            var whole = configuration
            whole.virtualHosts += (demandedHosts[configuration.name] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
            return Configuration.Entry(name: configuration.name, resource: whole, isStatic: false)
        }
        dump.endpoints = assignments.sorted { $0.key < $1.key }.map {
            Configuration.Entry(name: $0.key, resource: $0.value, isStatic: false)
        }
        return dump
    }
}

/// A configuration that cannot be served, in words for the person who wrote it.
struct ProxyError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension ResourceUpdate {
    var name: String {
        switch self {
        case .listener(let name, _), .cluster(let name, _), .routes(let name, _), .virtualHost(let name, _),
            .endpoints(let name, _), .secret(let name, _):
            name
        }
    }
}

extension VirtualHost {
    /// Every cluster that its routes name.
    var clusterNames: [String] {
        routes.flatMap { route in
            guard case .forward(let action) = route.action else { return [String]() }
            switch action.target {
            case .cluster(let name): return [name]
            case .weighted(let clusters): return clusters.map(\.name)
            case .clusterHeader: return []
            }
        }
    }
}

extension RouteTable {
    /// Whether a virtual host takes this host by more than being the catch-all.
    func hasVirtualHost(named host: String) -> Bool {
        var host = host
        return host.withUTF8 { bytes in
            guard let found = lookUpVirtualHost(UnsafeRawBufferPointer(bytes)) else { return false }
            return !found.isCatchAll
        }
    }
}
