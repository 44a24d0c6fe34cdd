import NIOCore
import TulleModel

/// One endpoint of a cluster as one worker reaches it, with the connections kept open to it.
final class UpstreamHost {
    let address: PeerAddress
    private(set) var endpoint: Endpoint
    /// Strong: an exchange or a connection that still holds this host may outlive the cluster's place in the configuration.
    /// The cluster lets go of its hosts when it is retired, which ends the cycle.
    let cluster: ClusterRuntime
    /// Where the balancer counts this host; negative once the endpoint is gone, and for hosts outside of balancing.
    var index: Int
    /// Set when the endpoint has left the cluster: its connections are closed as they become free.
    var isRetired = false
    /// `ADDRESS:PORT`, made once for header values and logs.
    let name: String

    /// Connections that wait for a request, the freshest last, which is used first: the oldest may be stale.
    private var idle: ContiguousArray<UpstreamHTTP1Connection> = []
    /// Exchanges that wait for a connection, in the order they came.
    private var waiting: CircularBuffer<any UpstreamWaiter> = []
    private var connecting = 0
    /// Connections of HTTP/1.1 that stand.
    private var open = 0
    /// Connections that carry many exchanges at once and take more.
    private var shared: ContiguousArray<UpstreamHTTP2Connection> = []
    private var waitingForStream: CircularBuffer<any UpstreamWaiter> = []
    private var connectingShared = 0

    init(address: PeerAddress, endpoint: Endpoint, cluster: ClusterRuntime, index: Int) {
        self.address = address
        self.endpoint = endpoint
        self.cluster = cluster
        self.index = index
        name = address.text
    }

    func update(_ endpoint: Endpoint, index: Int) {
        self.endpoint = endpoint
        self.index = index
    }

    /// Gives the waiter a connection, or a stream of one: at once when one is free, else as soon as one is free or made.
    func acquire(for waiter: any UpstreamWaiter, _ version: WireVersion) {
        switch version {
        case .http1: acquireConnection(for: waiter)
        case .http2: acquireStream(for: waiter)
        }
        if cluster.config.preconnectRatio > 1 { preconnect(version) }
    }

    /// Opens connections ahead of their use, as many as the cluster wants for each exchange that is under way.
    private func preconnect(_ version: WireVersion) {
        guard !isRetired, !cluster.isRetired else { return }
        let ratio = cluster.config.preconnectRatio
        switch version {
        case .http1:
            let wanted = (Double(open - idle.count + waiting.count) * ratio).rounded(.up)
            // A few for each exchange that begins: what comes after a pause is a surge.
            var most = 3
            while open + connecting < Int(wanted), most > 0 {
                connect()
                most -= 1
            }
        case .http2:
            let active = shared.reduce(waitingForStream.count) { $0 + $1.activeStreams }
            let free = shared.reduce(connectingShared * Self.streamsAwaited) { $0 + $1.freeStreams }
            if Double(active + free) < (Double(active) * ratio).rounded(.up) { connectShared() }
        }
    }

    func connectionBegan() {
        open += 1
        cluster.stats.connectionOpened()
    }

    func connectionEnded() {
        open -= 1
        cluster.stats.connectionClosed()
    }

    private func acquireConnection(for waiter: any UpstreamWaiter) {
        while let connection = idle.popLast() {
            connection.idleIndex = -1
            guard connection.isUsable else { continue }
            waiter.connectionReady(connection)
            return
        }
        waiting.append(waiter)
        connect()
    }

    /// Takes back a waiter that no longer wants a connection.
    func abandon(_ waiter: any UpstreamWaiter) {
        if let index = waiting.firstIndex(where: { $0 === waiter }) { waiting.remove(at: index) }
        if let index = waitingForStream.firstIndex(where: { $0 === waiter }) { waitingForStream.remove(at: index) }
    }

    /// Takes a connection whose exchange is over and that can carry another.
    func release(_ connection: UpstreamHTTP1Connection) {
        if let waiter = waiting.popFirst() {
            waiter.connectionReady(connection)
            return
        }
        if isRetired || cluster.isRetired {
            connection.close()
            return
        }
        connection.idleIndex = idle.count
        idle.append(connection)
        connection.becameIdle()
    }

    /// Forgets an idle connection that the peer or a timeout has closed.
    func forget(_ connection: UpstreamHTTP1Connection) {
        let index = connection.idleIndex
        guard index >= 0, index < idle.count, idle[index] === connection else { return }
        connection.idleIndex = -1
        let last = idle.removeLast()
        if last !== connection {
            idle[index] = last
            last.idleIndex = index
        }
    }

    /// Closes what is idle and lets nothing be kept from now on.
    func retire() {
        isRetired = true
        index = -1
        closeIdle()
    }

    func closeIdle() {
        let connections = idle
        idle.removeAll()
        for connection in connections {
            connection.idleIndex = -1
            connection.close()
        }
        for connection in shared { connection.drain() }
    }

    var idleCount: Int { idle.count }

    // MARK: Streams

    private func acquireStream(for waiter: any UpstreamWaiter) {
        for connection in shared where connection.canOpenStream {
            return waiter.connectionReady(connection.makeStream())
        }
        waitingForStream.append(waiter)
        if waitingForStream.count > connectingShared &* Self.streamsAwaited { connectShared() }
    }

    /// So many waiters are taken to fit on a connection that is being opened; what a peer then allows is its SETTINGS' word.
    private static let streamsAwaited = 100

    private func connectShared() {
        connectingShared += 1
        let connection = UpstreamHTTP2Connection(host: self)
        cluster.worker.connect(to: self, speaking: .http2, handler: connection) { failure in
            self.connectingShared -= 1
            guard let failure else {
                self.cluster.connected(self)
                if self.isRetired || self.cluster.isRetired, self.waitingForStream.isEmpty {
                    return connection.drain()
                }
                self.shared.append(connection)
                self.serveWaiting(connection)
                if self.isRetired || self.cluster.isRetired { connection.drain() }
                return
            }
            self.cluster.refused(self)
            self.cluster.stats.connectFailed(timedOut: failure.isTimeout)
            guard self.connectingShared == 0 else { return }
            let refused = self.waitingForStream
            self.waitingForStream.removeAll()
            for waiter in refused { waiter.connectionFailed(failure) }
        }
    }

    /// Gives streams of the connection to those that wait, as many as it can open.
    func serveWaiting(_ connection: UpstreamHTTP2Connection) {
        while !waitingForStream.isEmpty, connection.canOpenStream {
            waitingForStream.removeFirst().connectionReady(connection.makeStream())
        }
        if !waitingForStream.isEmpty, connectingShared == 0, !shared.contains(where: \.canOpenStream) {
            connectShared()
        }
    }

    /// The connection takes no more exchanges.
    func forget(_ connection: UpstreamHTTP2Connection) {
        if let index = shared.firstIndex(where: { $0 === connection }) { shared.remove(at: index) }
    }

    private func connect() {
        connecting += 1
        let connection = UpstreamHTTP1Connection(host: self)
        cluster.worker.connect(to: self, speaking: .http1, handler: connection) { failure in
            self.connecting -= 1
            if let failure { self.connectFailed(failure) } else { self.connected(connection) }
        }
    }

    private func connected(_ connection: UpstreamHTTP1Connection) {
        cluster.connected(self)
        release(connection)
    }

    private func connectFailed(_ failure: ConnectFailure) {
        cluster.refused(self)
        cluster.stats.connectFailed(timedOut: failure.isTimeout)
        // One attempt failed, so one exchange hears of it; the others wait for their own attempts.
        if waiting.count > connecting, let waiter = waiting.popFirst() { waiter.connectionFailed(failure) }
    }
}

/// An exchange that wants an upstream connection.
protocol UpstreamWaiter: AnyObject {
    func connectionReady(_ connection: any UpstreamSide)
    func connectionFailed(_ failure: ConnectFailure)
}
