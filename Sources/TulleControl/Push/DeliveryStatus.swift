internal import Synchronization
public import TulleXDS
public import TulleXDSServer

/// What became of each resource at each subscriber: sent, accepted, or refused and why.
///
/// Kept a subscriber, as it comes; asked a resource, which is rare and walks them all.
public final class DeliveryStatus: Sendable {
    public enum Outcome: Hashable, Sendable {
        /// Sent and not judged yet.
        case pending
        case accepted
        case rejected(reason: String)
    }

    /// A resource at one subscriber.
    public struct Delivery: Hashable, Sendable {
        public var node: String
        public var type: TypeURL
        public var name: String
        /// The version that was last sent, which the outcome is of.
        public var version: String
        public var outcome: Outcome
    }

    private struct Record {
        var version: String
        var outcome: Outcome
    }

    private struct Subscriber {
        var node: String
        var types: [TypeURL: [String: Record]] = [:]
    }

    // Protects the table, by stream; taken by the subscribers' tasks for each response and verdict, and by the API.
    private let state = Mutex<[UInt64: Subscriber]>([:])

    public init() {}

    /// What became of one resource, by node.
    public func deliveries(of type: TypeURL, name: String) -> [Delivery] {
        state.withLock { subscribers in
            subscribers.values.compactMap { subscriber in
                subscriber.types[type]?[name].map {
                    Delivery(
                        node: subscriber.node, type: type, name: name, version: $0.version, outcome: $0.outcome)
                }
            }
        }.sorted { $0.node < $1.node }
    }

    /// Everything that is refused now, by node, type and name.
    public var rejections: [Delivery] {
        state.withLock { subscribers in
            subscribers.values.flatMap { subscriber in
                subscriber.types.flatMap { type, records in
                    records.compactMap { name, record -> Delivery? in
                        guard case .rejected = record.outcome else { return nil }
                        return Delivery(
                            node: subscriber.node, type: type, name: name, version: record.version,
                            outcome: record.outcome)
                    }
                }
            }
        }.sorted { ($0.node, $0.type.rawValue, $0.name) < ($1.node, $1.type.rawValue, $1.name) }
    }

    /// What one node was sent.
    public func deliveries(to node: String) -> [Delivery] {
        state.withLock { subscribers in
            subscribers.values.filter { $0.node == node }.flatMap { subscriber in
                subscriber.types.flatMap { type, records in
                    records.map { name, record in
                        Delivery(
                            node: node, type: type, name: name, version: record.version, outcome: record.outcome)
                    }
                }
            }
        }.sorted { ($0.type.pushRank, $0.name) < ($1.type.pushRank, $1.name) }
    }
}

extension DeliveryStatus: SubscriberObserver {
    public func subscriberConnected(_ node: ConnectedNode) {
        state.withLock { $0[node.stream] = Subscriber(node: node.id) }
    }

    public func subscriberDisconnected(_ node: ConnectedNode, clean: Bool) {
        state.withLock { $0[node.stream] = nil }
    }

    public func responseSent(to node: ConnectedNode, type: TypeURL, versions: [String: String], removed: [String]) {
        state.withLock { subscribers in
            for name in removed { subscribers[node.stream]?.types[type]?[name] = nil }
            for (name, version) in versions {
                subscribers[node.stream]?.types[type, default: [:]][name] = Record(version: version, outcome: .pending)
            }
        }
    }

    public func responseJudged(by node: ConnectedNode, type: TypeURL, _ verdict: SubscriberState.Verdict) {
        state.withLock { subscribers in
            func judge(_ name: String, _ version: String, _ outcome: Outcome) {
                // A newer version may be on its way already.
                guard subscribers[node.stream]?.types[type]?[name]?.version == version else { return }
                subscribers[node.stream]?.types[type]?[name]?.outcome = outcome
            }
            switch verdict {
            case .accepted(let versions):
                for (name, version) in versions { judge(name, version, .accepted) }
            case .rejected(let versions, let reasons):
                for (name, version) in versions {
                    judge(name, version, reasons[name].map { .rejected(reason: $0) } ?? .accepted)
                }
            }
        }
    }
}
