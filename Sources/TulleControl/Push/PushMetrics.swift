internal import Synchronization
public import TulleXDS
public import TulleXDSServer

/// Counters of the pushes, under Istio's names where Istio has them, so that its dashboards work.
public final class PushMetrics: Sendable {
    /// One figure at one moment, ready for a text exposition.
    public struct Sample: Hashable, Sendable {
        public enum Kind: Hashable, Sendable { case counter, gauge, histogram }

        public var name: String
        public var help: String
        public var kind: Kind
        /// Label names and values, in order.
        public var labels: [Label]
        public var value: Double
        /// For a histogram: cumulative counts by upper bound in seconds, `value` being the sum and `count` the number.
        public var buckets: [Bucket]
        public var count: UInt64

        public struct Label: Hashable, Sendable {
            public var name: String
            public var value: String
        }

        public struct Bucket: Hashable, Sendable {
            public var upperBound: Double
            public var count: UInt64
        }
    }

    // Istio's bounds of pilot_proxy_convergence_time begin at 0.1 s; finer ones below, since ours is to stay there.
    static let convergenceBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 3, 5, 10, 20, 30]

    struct Counts {
        var pushes: [TypeURL: UInt64] = [:]
        var resources: [TypeURL: UInt64] = [:]
        var rejects: [TypeURL: UInt64] = [:]
        var rejectedResources: UInt64 = 0
        var subscribers = 0
        var refused: UInt64 = 0
        var rounds: UInt64 = 0
        var compiled: UInt64 = 0
        var remembered: UInt64 = 0
        var convergence = [UInt64](repeating: 0, count: PushMetrics.convergenceBounds.count + 1)
        var convergenceSum = 0.0
    }

    // Protects the counters; taken by the subscribers' tasks a few times a response.
    private let counts = Mutex(Counts())

    public init() {}

    func update(_ change: (inout Counts) -> Void) {
        counts.withLock { change(&$0) }
    }

    /// All figures, in a stable order.
    public func snapshot() -> [Sample] {
        let counts = counts.withLock { $0 }
        var samples: [Sample] = []
        func add(
            _ name: String, _ help: String, _ value: Double, kind: Sample.Kind = .counter, type: TypeURL? = nil
        ) {
            let labels = type.map { [Sample.Label(name: "type", value: $0.shortName.lowercased())] } ?? []
            samples.append(
                Sample(name: name, help: help, kind: kind, labels: labels, value: value, buckets: [], count: 0))
        }
        func addByType(_ name: String, _ help: String, _ values: [TypeURL: UInt64]) {
            for type in values.keys.sorted(by: { ($0.pushRank, $0.rawValue) < ($1.pushRank, $1.rawValue) }) {
                add(name, help, Double(values[type] ?? 0), type: type)
            }
        }
        add("pilot_xds", "subscribers connected", Double(counts.subscribers), kind: .gauge)
        addByType("pilot_xds_pushes", "responses sent", counts.pushes)
        add(
            "pilot_total_xds_rejects", "responses that a subscriber refused, in whole or in part",
            Double(counts.rejects.values.reduce(0, +)))
        add("pilot_total_rejected_configs", "resources that a subscriber refused", Double(counts.rejectedResources))
        var total: UInt64 = 0
        var buckets: [Sample.Bucket] = []
        for (bound, count) in zip(Self.convergenceBounds, counts.convergence) {
            total += count
            buckets.append(Sample.Bucket(upperBound: bound, count: total))
        }
        total += counts.convergence[Self.convergenceBounds.count]
        samples.append(
            Sample(
                name: "pilot_proxy_convergence_time",
                help: "seconds from a change until a subscriber was sent all that it means", kind: .histogram,
                labels: [], value: counts.convergenceSum, buckets: buckets, count: total))
        addByType("tulle_xds_resources_sent_total", "resources sent", counts.resources)
        addByType("tulle_xds_rejects_total", "responses that a subscriber refused, by type", counts.rejects)
        add("tulle_xds_streams_refused_total", "streams refused for what they asked or said", Double(counts.refused))
        add("tulle_push_rounds_total", "pushes after debouncing", Double(counts.rounds))
        add("tulle_push_compiled_total", "resources looked up by compiling", Double(counts.compiled))
        add("tulle_push_remembered_total", "resources taken from an earlier compilation", Double(counts.remembered))
        return samples
    }
}

extension PushMetrics: SubscriberObserver {
    public func subscriberConnected(_ node: ConnectedNode) { update { $0.subscribers += 1 } }

    public func subscriberDisconnected(_ node: ConnectedNode, clean: Bool) { update { $0.subscribers -= 1 } }

    public func responseSent(to node: ConnectedNode, type: TypeURL, versions: [String: String], removed: [String]) {
        update {
            $0.pushes[type, default: 0] += 1
            $0.resources[type, default: 0] += UInt64(versions.count)
        }
    }

    public func responseJudged(by node: ConnectedNode, type: TypeURL, _ verdict: SubscriberState.Verdict) {
        guard case .rejected(_, let reasons) = verdict else { return }
        update {
            $0.rejects[type, default: 0] += 1
            $0.rejectedResources += UInt64(reasons.count)
        }
    }

    public func pushDelivered(to node: ConnectedNode, since: ContinuousClock.Instant) {
        let seconds = since.duration(to: .now) / .seconds(1)
        let place = Self.convergenceBounds.firstIndex { seconds <= $0 } ?? Self.convergenceBounds.count
        update {
            $0.convergence[place] += 1
            $0.convergenceSum += seconds
        }
    }
}
