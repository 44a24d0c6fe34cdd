internal import Synchronization
internal import TulleModel
public import TulleXDS
public import TulleXDSServer

/// Who is connected, and which workloads the mesh has.
///
/// A workload is registered by the first message of its proxy's stream, and leaves at once when it is removed (a clean
/// exit) or when its stream has been gone for a grace period: a control plane restart, a lost packet or a restarted
/// proxy must not take endpoints away. Of two streams of one node id the newest counts. Nodes without `TULLE`
/// metadata are kept as clients only.
///
/// A workload that says it is not ready yet becomes so by `setReady`, for as long as its run lasts: its proxy goes on
/// saying what it was started with.
public final class WorkloadRegistry: Sendable {
    /// What happened to the workloads.
    public enum Event: Hashable, Sendable {
        case joined(Workload)
        /// Its metadata changed; `before` is what it was.
        case changed(Workload, before: Workload)
        case left(Workload)

        public var workload: Workload {
            switch self {
            case .joined(let workload), .changed(let workload, _), .left(let workload): workload
            }
        }

        /// Whether a workload has just begun to listen: its first callers may be waiting.
        var makesReady: Bool {
            guard case .changed(let workload, let before) = self else { return false }
            return workload.ready && !before.ready
        }
    }

    /// A node and the state of its connection, for `tulle status` and the API.
    public struct Entry: Sendable {
        public var node: ConnectedNode
        /// Nil for a mere client.
        public var workload: Workload?
        /// When its present stream, or the last one, began.
        public var connectedSince: WallTime
        /// When its last stream broke; nil while it is connected.
        public var disconnectedAt: WallTime?
        /// The last verdict of each type.
        public var types: [TypeURL: TypeStatus]

        /// Its stream is gone and the grace period runs.
        public var isStale: Bool { disconnectedAt != nil }
    }

    /// How a subscriber took what it was last sent of a type.
    public struct TypeStatus: Hashable, Sendable {
        public var sent: Int = 0
        public var lastSent: WallTime?
        public var lastAccepted: WallTime?
        public var lastRejected: WallTime?
        /// Why the last rejected response was; empty after an accepted one.
        public var rejections: [String: String] = [:]
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// Bumped for each change to a workload.
        var revision: UInt64 = 0
        /// A departure counts only if nothing happened to the node since it was planned.
        var departures: [String: UInt64] = [:]
        var nextDeparture: UInt64 = 0
        /// Runs that were removed, newest last: they may reconnect while they drain, and must not come back.
        var removedRuns: [String] = []
        var watchers: [UInt64: AsyncStream<Event>.Continuation] = [:]
        var nextWatcher: UInt64 = 0
    }

    // A run that was removed is gone within a drain's time, so only the latest matter.
    private static let maxRemovedRuns = 1_000

    // Protects the table; taken by the subscribers' tasks, the API and the grace timers, each for a few dictionary
    // operations. Events are yielded under it, so that watchers see them in order: yielding only enqueues.
    private let state = Mutex(State())
    private let grace: Duration
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> WallTime

    /// - Parameters:
    ///   - grace: how long a workload outlives its stream.
    ///   - clock: waits for the grace period.
    ///   - now: the time of day, for display.
    public init(
        grace: Duration = .seconds(10), clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> WallTime = { WallTime.now() }
    ) {
        self.grace = grace
        self.clock = clock
        self.now = now
    }

    // MARK: - Reading

    /// All workloads, by id, including those in their grace period.
    public var workloads: [Workload] {
        state.withLock { $0.entries.values.compactMap(\.workload) }.sorted { $0.id < $1.id }
    }

    /// Workloads with a number that changes whenever they do.
    public var snapshot: (revision: UInt64, workloads: [Workload]) {
        let (revision, workloads) = state.withLock { ($0.revision, $0.entries.values.compactMap(\.workload)) }
        return (revision, workloads.sorted { $0.id < $1.id })
    }

    /// Every node, clients too, by id.
    public var entries: [Entry] {
        state.withLock { Array($0.entries.values) }.sorted { $0.node.id < $1.node.id }
    }

    public func entry(_ id: String) -> Entry? {
        state.withLock { $0.entries[id] }
    }

    /// What happens to the workloads from now on. A watcher that falls behind by 10,000 events loses the oldest, and
    /// is to read `workloads` when it catches up.
    public func events() -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(10_000))
        let id = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in
            // Let go of after the lock: the continuation's end may run this very closure again.
            let gone = self?.state.withLock { $0.watchers.removeValue(forKey: id) }
            _ = consume gone
        }
        return stream
    }

    // MARK: - Restarting

    /// Takes over the workloads that a previous run of the control plane knew, as if their streams had just broken.
    ///
    /// Without them the first proxies to come back after a restart would be told that the others' endpoints are gone.
    /// What does not come back within the grace period leaves.
    public func restore(_ workloads: [Workload]) {
        let time = now()
        var departures: [(id: String, departure: UInt64)] = []
        state.withLock { state in
            for workload in workloads where state.entries[workload.id] == nil {
                // Stream 0 is older than any real one.
                let node = ConnectedNode(
                    stream: 0, node: Node(id: workload.id, cluster: workload.service, locality: workload.locality),
                    flavour: .delta)
                state.entries[workload.id] = Entry(
                    node: node, workload: workload, connectedSince: time, disconnectedAt: time, types: [:])
                state.nextDeparture += 1
                state.departures[workload.id] = state.nextDeparture
                departures.append((workload.id, state.nextDeparture))
                Self.announce(.joined(workload), &state)
            }
        }
        for (id, departure) in departures { departLater(id, departure) }
    }

    // MARK: - Becoming ready

    /// Notes that a workload's app listens (`PUT /api/v1/workloads/{id}/ready`).
    /// - Returns: whether there is such a workload.
    @discardableResult
    public func setReady(_ id: String) -> Bool {
        state.withLock { state in
            guard let before = state.entries[id]?.workload else { return false }
            var after = before
            after.ready = true
            state.entries[id]?.workload = after
            Self.announceChange(from: before, to: after, &state)
            return true
        }
    }

    /// What is known of a workload goes before what its proxy was started with.
    ///
    /// A proxy that comes from an earlier stream, and whose run nobody remembers, was in the mesh under a registry that is
    /// lost. It is taken for ready: of an app that runs nobody will ever say so again.
    private static func withKnownReadiness(_ described: Workload, _ node: ConnectedNode, before: Entry?) -> Workload {
        guard !described.ready else { return described }
        var workload = described
        if let known = before?.workload, known.run == described.run {
            workload.ready = known.ready
        } else {
            workload.ready = node.resumes
        }
        return workload
    }

    // MARK: - Leaving

    /// Takes a node out at once (`DELETE /api/v1/workloads/{id}`). Its stream may go on, but it is no workload until
    /// it connects anew.
    /// - Returns: whether there was such a node.
    @discardableResult
    public func remove(_ id: String) -> Bool {
        state.withLock { state in
            state.departures[id] = nil
            guard let entry = state.entries.removeValue(forKey: id) else { return false }
            if let workload = entry.workload {
                if !workload.run.isEmpty {
                    if state.removedRuns.count >= Self.maxRemovedRuns { state.removedRuns.removeFirst() }
                    state.removedRuns.append(workload.run)
                }
                Self.announce(.left(workload), &state)
            }
            return true
        }
    }

    private func departLater(_ id: String, _ departure: UInt64) {
        // Detached, since whoever saw the stream end is over with it; it ends by itself after the grace period.
        Task.detached { [weak self, clock, grace] in
            try? await clock.sleep(for: grace)
            self?.depart(id, departure)
        }
    }

    private func depart(_ id: String, _ departure: UInt64) {
        state.withLock { state in
            guard state.departures[id] == departure else { return }
            state.departures[id] = nil
            guard let entry = state.entries.removeValue(forKey: id) else { return }
            if let workload = entry.workload { Self.announce(.left(workload), &state) }
        }
    }

    private static func announce(_ event: Event, _ state: inout State) {
        state.revision += 1
        for watcher in state.watchers.values { watcher.yield(event) }
    }
}

extension WorkloadRegistry: SubscriberObserver {
    public func subscriberConnected(_ node: ConnectedNode) throws(StreamRefusal) {
        let described = try Self.workload(of: node)
        let time = now()
        state.withLock { state in
            let isRemoved = described.map { state.removedRuns.contains($0.run) } ?? false
            let before = state.entries[node.id]
            let workload = isRemoved ? nil : described.map { Self.withKnownReadiness($0, node, before: before) }
            // Streams may present themselves out of order; an older one does not displace a newer.
            if let before, before.node.stream > node.stream { return }
            state.departures[node.id] = nil
            state.entries[node.id] = Entry(
                node: node, workload: workload, connectedSince: time, disconnectedAt: nil, types: [:])
            Self.announceChange(from: before?.workload, to: workload, &state)
        }
    }

    public func subscriberChanged(_ node: ConnectedNode) throws(StreamRefusal) {
        let described = try Self.workload(of: node)
        state.withLock { state in
            guard let before = state.entries[node.id], before.node.stream == node.stream else { return }
            let workload = described.map { Self.withKnownReadiness($0, node, before: before) }
            state.entries[node.id]?.node = node
            state.entries[node.id]?.workload = workload
            Self.announceChange(from: before.workload, to: workload, &state)
        }
    }

    public func subscriberDisconnected(_ node: ConnectedNode, clean: Bool) {
        let time = now()
        let departure: UInt64? = state.withLock { state in
            guard let entry = state.entries[node.id], entry.node.stream == node.stream else { return nil }
            guard entry.workload != nil else {
                state.entries[node.id] = nil
                return nil
            }
            state.entries[node.id]?.disconnectedAt = time
            state.nextDeparture += 1
            state.departures[node.id] = state.nextDeparture
            return state.nextDeparture
        }
        if let departure { departLater(node.id, departure) }
    }

    public func responseSent(to node: ConnectedNode, type: TypeURL, versions: [String: String], removed: [String]) {
        update(node, type) { status, time in
            status.sent += versions.count
            status.lastSent = time
        }
    }

    public func responseJudged(by node: ConnectedNode, type: TypeURL, _ verdict: SubscriberState.Verdict) {
        update(node, type) { status, time in
            switch verdict {
            case .accepted:
                status.lastAccepted = time
                status.rejections = [:]
            case .rejected(_, let reasons):
                status.lastRejected = time
                status.rejections = reasons
            }
        }
    }

    private func update(_ node: ConnectedNode, _ type: TypeURL, _ change: (inout TypeStatus, WallTime) -> Void) {
        let time = now()
        state.withLock { state in
            guard state.entries[node.id]?.node.stream == node.stream else { return }
            change(&state.entries[node.id]!.types[type, default: TypeStatus()], time)
        }
    }

    private static func announceChange(from before: Workload?, to after: Workload?, _ state: inout State) {
        switch (before, after) {
        case (nil, nil): break
        case (nil, let after?): announce(.joined(after), &state)
        case (let before?, nil): announce(.left(before), &state)
        case (let before?, let after?):
            if before != after { announce(.changed(after, before: before), &state) }
        }
    }

    private static func workload(of node: ConnectedNode) throws(StreamRefusal) -> Workload? {
        do {
            return try WorkloadMetadata.workload(of: node.node)
        } catch {
            throw StreamRefusal(.invalidArgument, error.description)
        }
    }
}
