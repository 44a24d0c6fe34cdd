import NIOCore
import TulleBalancing
import TulleModel

/// What stands at the upstream end of a tunnel.
protocol RelayEnd {
    var handler: any ChannelHandler { get }
    /// Nobody wants the tunnel any more.
    func close()
}

/// Finds a cluster's endpoint and opens the upstream half of a tunnel to it, trying others where one refuses.
final class RelayOpener<End: RelayEnd>: DemandWaiter, TimerOwner, Cancellable {
    enum Outcome {
        case open(End, UpstreamHost)
        case noCluster(name: String)
        case noEndpoint
        case refused(ConnectFailure, UpstreamHost)
    }

    private let worker: Worker
    private let clusterName: String
    /// Where a request wants to go itself; used by clusters without endpoints of their own.
    private let original: PeerAddress?
    private var attemptsLeft: Int
    private let makeEnd: () -> End
    private var finished: ((Outcome) -> Void)?
    private var tried = TriedEndpoints()
    private let timer = Timer(.demand)

    /// `attempts` counts endpoints that may refuse before the last refusal is the outcome.
    init(
        worker: Worker, clusterName: String, original: PeerAddress?, attempts: Int, makeEnd: @escaping () -> End,
        finished: @escaping (Outcome) -> Void
    ) {
        self.worker = worker
        self.clusterName = clusterName
        self.original = original
        // A connection that was refused carried nothing, so another endpoint is always worth a try.
        attemptsLeft = max(attempts, 3)
        self.makeEnd = makeEnd
        self.finished = finished
    }

    func start() {
        let demand = Demand.cluster(clusterName)
        if worker.isSettled(demand) {
            attempt()
        } else {
            worker.wheel.arm(timer, for: self, after: worker.settings.demandTimeout)
            worker.demand(demand, for: self)
        }
    }

    /// Nobody wants the outcome any more.
    func cancel() {
        finished = nil
        worker.wheel.cancel(timer)
        worker.abandon(.cluster(clusterName), self)
    }

    func demandSettled(_ demand: Demand) {
        worker.wheel.cancel(timer)
        attempt()
    }

    func timerFired(_ timer: Timer) {
        worker.abandon(.cluster(clusterName), self)
        attempt()
    }

    private func finish(_ outcome: Outcome) {
        finished?(outcome)
        finished = nil
    }

    private func attempt() {
        guard finished != nil else { return }
        guard let cluster = worker.cluster(named: clusterName) else { return finish(.noCluster(name: clusterName)) }
        let host: UpstreamHost
        switch cluster.config.discovery {
        case .originalDestination, .dynamicForwardProxy:
            guard let original else { return finish(.noEndpoint) }
            host = cluster.host(at: original)
        default:
            guard let picked = cluster.pick(tried: tried, now: .now()) else { return finish(.noEndpoint) }
            host = picked
        }
        attemptsLeft -= 1
        let end = makeEnd()
        worker.connect(to: host, speaking: nil, handler: end.handler) { failure in
            guard let failure else {
                cluster.connected(host)
                guard let finished = self.finished else { return end.close() }
                self.finished = nil
                return finished(.open(end, host))
            }
            end.close()
            cluster.refused(host)
            cluster.stats.connectFailed(timedOut: failure.isTimeout)
            if host.index >= 0 { self.tried.insert(host.index) }
            if self.attemptsLeft > 0, host.index >= 0, self.hasOtherHost(cluster) {
                self.attempt()
            } else {
                self.finish(.refused(failure, host))
            }
        }
    }

    private func hasOtherHost(_ cluster: ClusterRuntime) -> Bool {
        cluster.hosts.indices.contains { !tried.contains($0) }
    }
}

/// Something under way that can be given up.
protocol Cancellable {
    func cancel()
}
