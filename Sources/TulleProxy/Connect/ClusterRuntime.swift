import NIOCore
import TulleBalancing
import TulleModel

/// A cluster as one worker uses it: its balancer, its hosts and their connections.
final class ClusterRuntime {
    let name: String
    unowned let worker: Worker
    private(set) var definition: ClusterDefinition
    private(set) var hosts: ContiguousArray<UpstreamHost?> = []
    private(set) var isRetired = false
    private var balancer: Balancer
    /// Hosts that a request names itself (original destination, dynamic forward proxy), by address.
    private var named: [PeerAddress: UpstreamHost] = [:]
    /// When a request last used this cluster, by the worker's coarse clock; on-demand clusters lapse by it.
    var lastUsed: NIODeadline = .now()

    var config: Cluster { definition.cluster }
    var hasEndpoints: Bool { definition.endpoints != nil }
    let stats: ClusterStats

    init(definition: ClusterDefinition, worker: Worker) {
        name = definition.cluster.name
        self.worker = worker
        self.definition = definition
        stats = worker.stats.cluster(definition)
        balancer = Balancer(definition.cluster.balancing, random: &worker.random)
        adoptEndpoints()
    }

    /// Takes a changed definition; hosts whose address stays keep their connections.
    func adopt(_ new: ClusterDefinition) {
        guard new !== definition else { return }
        let old = config
        definition = new
        stats.adopt(new)
        // Connections that stand were made as it was said then, in plain bytes maybe, or to somebody else.
        let isSecuredAnew = config.tls != old.tls || config.tlsMatches != old.tlsMatches
        if isSecuredAnew {
            for host in named.values { host.retire() }
            named = [:]
        }
        if config.balancing != old.balancing || isSecuredAnew {
            balancer = Balancer(config.balancing, random: &worker.random)
            for host in hosts { host?.retire() }
            hosts = []
        }
        adoptEndpoints()
    }

    private func adoptEndpoints() {
        guard let set = definition.endpoints else { return }
        let old = balancer.replace(with: set, random: &worker.random)
        var kept = ContiguousArray(repeating: false, count: hosts.count)
        var next = ContiguousArray<UpstreamHost?>()
        next.reserveCapacity(set.endpoints.count)
        for index in set.endpoints.indices {
            let before = index < old.count ? Int(old[index]) : -1
            if before >= 0, before < hosts.count, let host = hosts[before],
                host.endpoint.transportSocketLabels == set.endpoints[index].transportSocketLabels
            {
                host.update(set.endpoints[index], index: index)
                kept[before] = true
                next.append(host)
            } else if let address = definition.addresses[index] {
                next.append(UpstreamHost(address: address, endpoint: set.endpoints[index], cluster: self, index: index))
            } else {
                next.append(nil)
            }
        }
        for (index, host) in hosts.enumerated() where !kept[index] { host?.retire() }
        hosts = next
    }

    /// The next host by the cluster's policy, other than those tried already where there is another.
    func pick(tried: TriedEndpoints, now: NIODeadline) -> UpstreamHost? {
        lastUsed = now
        guard let index = balancer.pick(random: &worker.random, now: now.uptimeNanoseconds, tried: tried),
            index < hosts.count
        else { return nil }
        return hosts[index]
    }

    /// The host at an address that the request named.
    func host(at address: PeerAddress) -> UpstreamHost {
        lastUsed = .now()
        if let known = named[address] { return known }
        if named.count >= Self.maxNamedHosts { dropIdleNamedHosts() }
        let endpoint = Endpoint(address: ConfiguredAddress(host: address.ipAddress ?? "", port: address.port ?? 0))
        let host = UpstreamHost(address: address, endpoint: endpoint, cluster: self, index: -1)
        named[address] = host
        return host
    }

    /// As many addresses as a scanning client may make a worker remember.
    private static let maxNamedHosts = 1024

    private func dropIdleNamedHosts() {
        for host in named.values { host.retire() }
        named.removeAll(keepingCapacity: true)
    }

    func requestBegan(_ host: UpstreamHost) {
        if host.index >= 0 { balancer.requestBegan(host.index) }
    }

    func requestEnded(_ host: UpstreamHost) {
        if host.index >= 0 { balancer.requestEnded(host.index) }
    }

    func connected(_ host: UpstreamHost) {
        if host.index >= 0 { balancer.connected(host.index) }
    }

    func refused(_ host: UpstreamHost) {
        if host.index >= 0 { balancer.refused(host.index, now: NIODeadline.now().uptimeNanoseconds) }
    }

    func isAside(_ host: UpstreamHost, now: NIODeadline) -> Bool {
        host.index >= 0 && balancer.isAside(host.index, now: now.uptimeNanoseconds)
    }

    func activeRequests(_ host: UpstreamHost) -> Int { host.index >= 0 ? balancer.activeRequests(host.index) : 0 }

    /// The cluster is gone from the configuration: exchanges under way finish, nothing is kept after them.
    func retire() {
        isRetired = true
        for host in hosts { host?.retire() }
        for host in named.values { host.retire() }
        hosts = []
        named = [:]
    }
}
