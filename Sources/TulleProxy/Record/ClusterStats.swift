import TulleModel
import TulleTelemetry

/// What went to one cluster from one worker. Touched on the worker's loop alone.
final class ClusterStats {
    private let name: String
    private let isInbound: Bool
    private var service: ClusterStatsSnapshot.Service
    private var endpointCount = 0
    private var counters = Counters<ClusterCounter>()
    /// By the number of the connection's principals.
    private var tcp: [Int32: TCPTotals] = [:]
    private let principals: PrincipalTable

    /// One for each combination of labels seen: few, so that a walk from the last one used finds it at once.
    private var series: [RequestSeries] = []
    private var lastSeries = 0
    /// The workloads behind the endpoints seen, and which of them each address is.
    private var workloads = [WorkloadName.unknown]
    private var peers: [Peer] = []
    private var peersByAddress: [ConfiguredAddress: Int32] = [:]

    private struct Peer {
        var address: ConfiguredAddress
        var workload: Int32
    }

    /// Series beyond this are counted without their workload and flags, so that a peer that answers with every
    /// status there is cannot fill the memory.
    private static let maxSeries = 256
    /// Up to here a walk over the addresses is quicker than hashing one.
    private static let maxWalkedPeers = 8

    init(_ definition: ClusterDefinition, _ principals: PrincipalTable = PrincipalTable()) {
        self.principals = principals
        name = definition.cluster.name
        isInbound = definition.cluster.name.hasPrefix("inbound|")
        service = ClusterStatsSnapshot.Service()
        adopt(definition)
    }

    /// Labels or endpoints may have changed.
    func adopt(_ definition: ClusterDefinition) {
        if let named = definition.service {
            service = .init(host: named.host, name: named.name, namespace: named.namespace)
        }
        endpointCount = definition.addresses.count
        peers.removeAll(keepingCapacity: true)
        peersByAddress.removeAll()
    }

    // MARK: Attempts: what Envoy calls upstream requests

    func requestBegan() {
        counters.add(.requests)
        counters.add(.activeRequests)
    }

    func requestEnded() {
        counters.add(.activeRequests, -1)
    }

    func attemptFailed(_ failure: Failure) {
        switch failure {
        case .requestTimeout: counters.add(.timeouts)
        case .attemptTimeout: counters.add(.attemptTimeouts)
        case .invalidResponse: counters.add(.protocolErrors)
        case .noEndpoints: counters.add(.noneHealthy)
        case .closed, .remoteReset, .refused: counters.add(.remoteClosures)
        case .connectFailed, .connectTimeout, .handshakeFailed: counters.add(.neverSent)
        default: break
        }
    }

    func retried() {
        counters.add(.retries)
    }

    // MARK: Connections

    func connectionOpened() {
        counters.add(.connections)
        counters.add(.activeConnections)
    }

    func connectionClosed() {
        counters.add(.activeConnections, -1)
    }

    func connectFailed(timedOut: Bool) {
        counters.add(.connectFailures)
        if timedOut { counters.add(.connectTimeouts) }
    }

    func handshake(_ event: TLSEvent) {
        counters.add(.tls(event))
    }

    // MARK: Relayed TCP

    /// - Parameter principals: whose connection it is, by the worker's `PrincipalTable`.
    func tcpOpened(_ principals: Int32 = 0) {
        tcp[principals, default: TCPTotals()].opened &+= 1
    }

    /// - Parameters:
    ///   - received: bytes that came from the downstream peer.
    ///   - sent: bytes that went to it.
    func tcpClosed(received: UInt64, sent: UInt64, _ principals: Int32 = 0) {
        tcp[principals, default: TCPTotals()].merge(TCPTotals(closed: 1, received: received, sent: sent))
    }

    // MARK: Exchanges

    /// A whole exchange, once, at its end: Istio's standard metrics.
    func record(_ outcome: ExchangeOutcome) {
        counters.add(.completed)
        if let counter = ClusterCounter.ofClass(outcome.status) { counters.add(counter) }
        counters.add(.bytesSent, Int64(truncatingIfNeeded: outcome.requestBytes))
        counters.add(.bytesReceived, Int64(truncatingIfNeeded: outcome.responseBytes))
        let key = RequestSeries.Key(
            status: Int32(truncatingIfNeeded: outcome.status), flags: outcome.flags.rawValue,
            workload: outcome.endpoint.map(workload(of:)) ?? 0, principals: outcome.principals,
            isInbound: outcome.isInbound, isGRPC: outcome.isGRPC, grpcStatus: outcome.grpcStatus)
        series[index(of: key)].record(outcome)
    }

    private func index(of key: RequestSeries.Key) -> Int {
        if lastSeries < series.count, series[lastSeries].key == key { return lastSeries }
        if let known = series.firstIndex(where: { $0.key == key }) {
            lastSeries = known
            return known
        }
        if series.count >= Self.maxSeries {
            let rest = RequestSeries.Key(
                status: key.status / 100 * 100, flags: 0, workload: 0, isInbound: key.isInbound, isGRPC: key.isGRPC,
                grpcStatus: -1)
            if let known = series.firstIndex(where: { $0.key == rest }) { return known }
            // Ten classes of status, two directions and two protocols at most come on top.
            series.append(RequestSeries(rest))
            return series.count - 1
        }
        series.append(RequestSeries(key))
        lastSeries = series.count - 1
        return lastSeries
    }

    private func workload(of endpoint: Endpoint) -> Int32 {
        if peers.count <= Self.maxWalkedPeers {
            for peer in peers where peer.address == endpoint.address { return peer.workload }
        } else if let known = peersByAddress[endpoint.address] {
            return known
        }
        return learn(endpoint)
    }

    private func learn(_ endpoint: Endpoint) -> Int32 {
        let name = endpoint.metadata["istio"]?["workload"]?.string.map(WorkloadName.init(metadata:)) ?? .unknown
        let index: Int32
        if let known = workloads.firstIndex(of: name) {
            index = Int32(known)
        } else {
            workloads.append(name)
            index = Int32(workloads.count - 1)
        }
        // Addresses that a dynamic cluster made up come without bound; what is learnt again costs little.
        if peers.count >= 4096 {
            peers.removeAll(keepingCapacity: true)
            peersByAddress.removeAll(keepingCapacity: true)
        }
        peers.append(Peer(address: endpoint.address, workload: index))
        if peers.count > Self.maxWalkedPeers {
            for peer in peersByAddress.isEmpty ? peers[...] : peers.suffix(1) {
                peersByAddress[peer.address] = peer.workload
            }
        }
        return index
    }

    // MARK: Scrapes

    func snapshot() -> ClusterStatsSnapshot {
        ClusterStatsSnapshot(
            service: service, isInbound: isInbound, endpointCount: endpointCount, counters: counters,
            tcp: Dictionary(tcp.map { (principals[$0.key], $0.value) }, uniquingKeysWith: { first, _ in first }),
            series: Dictionary(
                series.map {
                    (.init($0.key, workloads[Int($0.key.workload)], principals[$0.key.principals]), $0)
                },
                uniquingKeysWith: { first, second in
                    var sum = first
                    sum.merge(second)
                    return sum
                }))
    }

    func reset() {
        counters.reset()
        tcp = [:]
        series.removeAll()
        lastSeries = 0
    }
}

/// What is recorded of one exchange at its end.
struct ExchangeOutcome {
    var status: Int
    var flags: ResponseFlags
    var durationNanoseconds: UInt64
    var requestBytes: UInt64
    var responseBytes: UInt64
    var isInbound: Bool
    /// Of the downstream connection, by the worker's `PrincipalTable`.
    var principals: Int32 = 0
    var isGRPC = false
    /// Negative when there is none.
    var grpcStatus: Int16 = -1
    var requestMessages: UInt64 = 0
    var responseMessages: UInt64 = 0
    /// The last endpoint that was tried; nil when none was.
    var endpoint: Endpoint?
}

/// Connections relayed without looking into them.
struct TCPTotals: Sendable {
    var opened: UInt64 = 0
    var closed: UInt64 = 0
    var received: UInt64 = 0
    var sent: UInt64 = 0

    mutating func merge(_ other: TCPTotals) {
        opened &+= other.opened
        closed &+= other.closed
        received &+= other.received
        sent &+= other.sent
    }
}
