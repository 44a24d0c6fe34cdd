internal import Synchronization
internal import TulleXDS

/// The streams of a discovery server: who has one, and what each is still to be pushed.
final class SubscriberTable: Sendable {
    struct Entry {
        var node: ConnectedNode
        var wake: AsyncStream<StreamEvent>.Continuation
        /// What the stream is to look at again, gathered while its task is busy.
        var scope = PushScope.nothing
        /// When the oldest change came that this stream has not been pushed; nil when there is none.
        var since: ContinuousClock.Instant?
    }

    private struct State {
        var streams: [UInt64: Entry] = [:]
        var streamsOfNode: [String: Int] = [:]
        var nextStream: UInt64 = 0
        var isStopping = false
    }

    private let limits: SubscriberLimits
    // Protects the table; taken at a stream's start and end, after each of its events, and for all streams at a push.
    private let state = Mutex(State())

    init(limits: SubscriberLimits) {
        self.limits = limits
    }

    /// Enters a stream, and gives its node the stream's number.
    func open(
        _ node: ConnectedNode, wake: AsyncStream<StreamEvent>.Continuation
    ) throws(StreamRefusal) -> ConnectedNode {
        let outcome: Result<ConnectedNode, StreamRefusal> = state.withLock { state in
            if state.isStopping { return .failure(.stopping) }
            if state.streams.count >= limits.maxStreams {
                return .failure(StreamRefusal(.resourceExhausted, "over \(limits.maxStreams) streams"))
            }
            if state.streamsOfNode[node.id, default: 0] >= limits.maxStreamsPerNode {
                return .failure(
                    StreamRefusal(
                        .resourceExhausted, "over \(limits.maxStreamsPerNode) streams of node \"\(node.id)\""))
            }
            state.nextStream += 1
            var node = node
            node.stream = state.nextStream
            state.streams[node.stream] = Entry(node: node, wake: wake)
            state.streamsOfNode[node.id, default: 0] += 1
            return .success(node)
        }
        return try outcome.get()
    }

    func update(_ node: ConnectedNode) {
        state.withLock { $0.streams[node.stream]?.node = node }
    }

    func close(_ node: ConnectedNode) {
        // The entry is let go of after the lock, since its continuation may run code when it goes.
        let entry = state.withLock { state in
            let entry = state.streams.removeValue(forKey: node.stream)
            if entry != nil {
                let left = state.streamsOfNode[node.id, default: 1] - 1
                state.streamsOfNode[node.id] = left > 0 ? left : nil
            }
            return entry
        }
        _ = consume entry
    }

    /// What the stream is to be pushed, which then counts as taken; nil when there is nothing.
    func takePush(_ node: ConnectedNode) -> (scope: PushScope, since: ContinuousClock.Instant)? {
        state.withLock { state in
            guard let entry = state.streams[node.stream], let since = entry.since else { return nil }
            state.streams[node.stream]?.scope = .nothing
            state.streams[node.stream]?.since = nil
            return (entry.scope, since)
        }
    }

    func push(since: ContinuousClock.Instant, scope: (ConnectedNode) -> PushScope) {
        let wakes = state.withLock { state in
            var wakes: [AsyncStream<StreamEvent>.Continuation] = []
            for (id, entry) in state.streams {
                let wanted = scope(entry.node)
                if wanted.isEmpty { continue }
                state.streams[id]?.scope.formUnion(wanted)
                if entry.since == nil {
                    state.streams[id]?.since = since
                    wakes.append(entry.wake)
                }
            }
            return wakes
        }
        // A wake that finds the stream's queue full is not missed: the stream looks for pushes after each event.
        for wake in wakes { wake.yield(.pushed) }
    }

    func stop() {
        let wakes = state.withLock { state in
            state.isStopping = true
            return state.streams.values.map(\.wake)
        }
        for wake in wakes { wake.finish() }
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    var nodes: [ConnectedNode] {
        state.withLock { $0.streams.values.map(\.node) }.sorted { $0.stream < $1.stream }
    }
}
