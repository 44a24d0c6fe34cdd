public import Logging
internal import Synchronization
public import TulleModel

/// Holds an aggregated discovery stream to a control plane, and keeps a handler supplied with what it subscribed to.
///
/// `run` connects, reconnects with growing jittered delays, and announces all subscriptions on each new stream.
/// Subscribing is a matter of a dictionary under a lock, and may be done from any thread at any time.
public final class ADSClient: Sendable {
    /// Whom to call, who calls, and how patient it is.
    public struct Configuration: Sendable {
        /// The control plane's addresses, tried in turn; host names are resolved at each attempt.
        public var servers: [SocketAddress]
        public var node: Node
        public var flavour: StreamFlavour
        /// `client_features` besides what is always said.
        public var features: [String] = ["tulle.on_demand", "envoy.lb.does_not_support_overprovisioning"]
        public var userAgent = "tulle-proxy"
        public var userAgentVersion = ""
        /// Metadata sent at the start of each stream, in order.
        public var initialMetadata: [(name: String, value: String)] = []
        public var backoff = Backoff()
        /// Called when a stream stands again after one that had broken.
        public var onReconnect: (@Sendable () -> Void)?
        /// Where the last good resources are kept; nil for nowhere.
        public var cacheDirectory: String?
        /// How long to wait for the control plane before the cache is used.
        public var cacheDelay = Duration.seconds(1)

        public init(servers: [SocketAddress], node: Node, flavour: StreamFlavour = .delta) {
            self.servers = servers
            self.node = node
            self.flavour = flavour
        }
    }

    struct State {
        var subscriptions: [TypeURL: SubscriptionState] = [:]
        var status = ADSClientStatus()
        /// Wakes the writer of the present stream; nil between streams.
        var wake: AsyncStream<Void>.Continuation?
        /// Resources of a previous run that nobody has asked for yet; dropped once the control plane answers.
        var offline: [TypeURL: [String: NamedResource]] = [:]
        var hasAnswered = false
        var isStopping = false
    }

    let configuration: Configuration
    let transport: any DiscoveryTransport
    let handler: any ResourceHandler
    let logger: Logger
    let cache: ResourceCache?
    // Protects subscriptions and status; taken by subscribers on any thread and by the stream's tasks, for machine steps.
    let state = Mutex(State())
    /// Wakes the task that hands out cached resources.
    let offlineWake: AsyncStream<Void>.Continuation
    let offlineWakes: AsyncStream<Void>
    // One call of the handler at a time, whether from the stream or from the cache.
    let handing = HandlerTurn()

    public init(
        _ configuration: Configuration, transport: any DiscoveryTransport, handler: any ResourceHandler, logger: Logger
    ) {
        self.configuration = configuration
        self.transport = transport
        self.handler = handler
        self.logger = logger
        cache = configuration.cacheDirectory.map {
            ResourceCache(directory: $0, node: configuration.node.id, logger: logger)
        }
        (offlineWakes, offlineWake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: - Subscribing

    /// Asks for resources by name. What exists is handed to the handler soon; in delta also what does not.
    public func subscribe(_ type: TypeURL, names: some Sequence<String>) {
        update(type) { $0.subscribe(to: names) }
    }

    /// Gives names up; the handler is to drop what only they held.
    public func unsubscribe(_ type: TypeURL, names: some Sequence<String>) {
        update(type) { $0.unsubscribe(from: names) }
    }

    /// Asks for all resources of a type that the control plane means for this node.
    public func subscribeToAll(_ type: TypeURL) {
        update(type) { $0.subscribeToAll() }
    }

    private func update(_ type: TypeURL, _ change: (inout SubscriptionState) -> Void) {
        let (wake, isOffline) = state.withLock { state in
            change(
                &state.subscriptions[
                    type, default: SubscriptionState(type: type, flavour: configuration.flavour)])
            return (state.wake, !state.offline.isEmpty)
        }
        wake?.yield()
        if isOffline { offlineWake.yield() }
    }

    /// The connection and the counters at this moment.
    public var status: ADSClientStatus {
        state.withLock { state in
            var status = state.status
            for (type, subscription) in state.subscriptions {
                status.types[type, default: .init()].resources = subscription.versions.count
                status.types[type, default: .init()].names = subscription.wanted.names.count
            }
            return status
        }
    }

    // MARK: - Running

    /// Keeps the stream until the task is cancelled or `stop` is called.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            if let cache {
                group.addTask { await cache.run() }
                group.addTask { await self.serveFromCache() }
            }
            await connectForever()
            group.cancelAll()
        }
        await cache?.flush()
    }

    /// Ends the stream in good order (half-close), so that the control plane knows that it is meant; `run` returns
    /// when the control plane has answered. Cancel its task to end it at once.
    public func stop() {
        let wake = state.withLock { state in
            state.isStopping = true
            return state.wake
        }
        wake?.finish()
    }

    private func connectForever() async {
        var backoff = configuration.backoff
        var attempt = 0
        while !Task.isCancelled, !state.withLock({ $0.isStopping }), !configuration.servers.isEmpty {
            let server = configuration.servers[attempt % configuration.servers.count]
            attempt += 1
            let before = state.withLock { $0.status.types.values.reduce(0) { $0 + $1.updateAttempt } }
            var reason = "the control plane ended the stream"
            do {
                try await runStream(to: server)
            } catch {
                reason = "\(error)"
            }
            let (after, isStopping) = state.withLock { state in
                (state.status.types.values.reduce(0) { $0 + $1.updateAttempt }, state.isStopping)
            }
            if isStopping || Task.isCancelled { break }
            // A stream that brought something was a success: what comes next is a new failure, and the same server
            // is as good as any.
            if after > before {
                backoff.succeeded()
                attempt -= 1
            }
            let delay = backoff.attemptFailed(random: Double.random(in: 0...1))
            let isNew = state.withLock { state in
                defer { state.status.lastError = reason }
                return state.status.lastError != reason
            }
            logger.log(
                level: isNew ? .warning : .debug, "no control plane",
                metadata: ["server": "\(server)", "reason": "\(reason)", "retry-in": "\(delay)"])
            try? await Task.sleep(for: delay)
        }
    }

    // MARK: - Answers

    /// Applies a response and queues its ack.
    func handle(_ response: DiscoveryResponse, unreadable: Int, identifier: String) async {
        let type = response.type
        let delivery: SubscriptionState.Delivery? = state.withLock { state in
            state.hasAnswered = true
            state.offline = [:]
            state.status.isFromCache = false
            state.status.identifier = identifier
            state.status.types[type, default: .init()].updateAttempt += 1
            return state.subscriptions[type]?.responseReceived(response)
        }
        guard let delivery else {
            logger.debug("a response of a type not asked for", metadata: ["type": "\(type)"])
            return
        }
        var errors: [String: String] = [:]
        if !delivery.resources.isEmpty || !delivery.removed.isEmpty {
            errors = await handing.take {
                await handler.apply(
                    type, resources: delivery.resources, removed: delivery.removed, from: .controlPlane)
            }
        }
        var told = errors
        if unreadable > 0 { told["(unnamed)"] = "\(unreadable) resources without a readable name" }
        let wake = state.withLock { state in
            state.subscriptions[type]?.responseApplied(response, delivery, errors: told)
            var counts = state.status.types[type] ?? .init()
            if told.isEmpty { counts.updateSuccess += 1 } else { counts.updateRejected += 1 }
            for resource in delivery.resources { counts.rejections[resource.name] = nil }
            for name in delivery.removed { counts.rejections[name] = nil }
            counts.rejections.merge(told) { _, new in new }
            state.status.types[type] = counts
            return state.wake
        }
        wake?.yield()
        if !told.isEmpty {
            logger.warning("resources refused", metadata: ["type": "\(type)", "reasons": "\(Rejection.text(told))"])
        }
        await cache?.record(
            type, accepted: delivery.resources.filter { errors[$0.name] == nil }, removed: delivery.removed)
    }
}
