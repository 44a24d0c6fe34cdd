import NIOCore
import TulleModel

/// Where a route sends requests, and how: the compiled `RouteAction`.
final class ForwardRule: Sendable {
    enum HostRewrite: Sendable {
        case literal([UInt8])
        /// The endpoint's host name, known once one is picked.
        case fromEndpoint
        case header([UInt8])
    }
    enum PathRewrite: Sendable {
        case prefix([UInt8])
        case regex(CompiledRegex, substitution: [UInt8])
    }
    struct Weighted: Sendable {
        let cluster: Int32
        /// The sum of the weights up to and with this one.
        let upTo: UInt64
        let hostRewrite: [UInt8]?
        let requestMutations: HeaderMutationList?
        let responseMutations: HeaderMutationList?
        /// What takes the place of RBAC filters, by their names.
        let admissions: [AdmissionFilter]
    }

    /// One cluster's number, or −1 when it is chosen by weight or named by a header.
    let cluster: Int32
    let weighted: [Weighted]
    /// The request header that names the cluster, in lower case.
    let clusterHeader: [UInt8]?

    let hostRewrite: HostRewrite?
    let appendForwardedHost: Bool
    let pathRewrite: PathRewrite?
    /// From the request's end to the response's; nil never times out.
    let timeout: TimeAmount?
    /// Nil leaves the connection manager's; zero never times out.
    let idleTimeout: TimeAmount?
    let maxStreamDuration: TimeAmount?
    /// The longest `grpc-timeout` that is honoured: zero honours any, nil none.
    let grpcTimeoutMax: TimeAmount?
    let grpcTimeoutOffset: TimeAmount
    /// The route's own, else its virtual host's.
    let retryPolicy: RetryPolicy?
    let clusterNotFoundStatus: Int
    let terminatesConnect: Bool
    /// What a tunnel that ends here may hold; nil relays it unseen.
    let tunnelContent: TunnelContent?
    private let upgrades: [(name: [UInt8], allowed: Bool)]

    init(
        _ action: RouteAction, tunnelContent: TunnelContent?, hostRetryPolicy: RetryPolicy?,
        clusters: inout ClusterNames
    ) throws(RouteError) {
        switch action.target {
        case .cluster(let name):
            cluster = clusters.number(of: name)
            weighted = []
            clusterHeader = nil
        case .clusterHeader(let name):
            cluster = -1
            weighted = []
            clusterHeader = FoldedBytes.lowercased(name.utf8)
        case .weighted(let choices):
            var sum: UInt64 = 0
            var compiled: [Weighted] = []
            for choice in choices {
                guard choice.weight >= 0 else {
                    throw RouteError("weighted cluster \"\(choice.name)\": weight \(choice.weight) is under 0")
                }
                sum += UInt64(choice.weight)
                compiled.append(
                    Weighted(
                        cluster: clusters.number(of: choice.name), upTo: sum,
                        hostRewrite: choice.hostRewriteLiteral.map { Array($0.utf8) },
                        requestMutations: try HeaderMutationList.request(choice.mutations),
                        responseMutations: try HeaderMutationList.response(choice.mutations),
                        admissions: try AdmissionFilter.overrides([choice.rbacOverrides])))
            }
            guard sum > 0 else {
                throw RouteError("the sum of the weights of weighted clusters is 0; it must be above 0")
            }
            cluster = -1
            weighted = compiled
            clusterHeader = nil
        }
        switch action.hostRewrite {
        case .literal(let host): hostRewrite = host.isEmpty ? nil : .literal(Array(host.utf8))
        case .fromEndpoint: hostRewrite = .fromEndpoint
        case .header(let name): hostRewrite = .header(FoldedBytes.lowercased(name.utf8))
        case nil: hostRewrite = nil
        }
        switch action.pathRewrite {
        case .prefix(let prefix): pathRewrite = prefix.isEmpty ? nil : .prefix(Array(prefix.utf8))
        case .regex(let pattern, let substitution):
            pathRewrite = .regex(try CompiledRegex(pattern), substitution: Array(substitution.utf8))
        case nil: pathRewrite = nil
        }
        appendForwardedHost = action.appendForwardedHost
        timeout = action.timeout == .zero ? nil : TimeAmount(action.timeout)
        idleTimeout = action.idleTimeout.map { TimeAmount($0) }
        maxStreamDuration = action.maxStreamDuration.map { TimeAmount($0) }
        grpcTimeoutMax = action.grpcTimeoutMax.map { TimeAmount($0) }
        grpcTimeoutOffset = TimeAmount(action.grpcTimeoutOffset)
        retryPolicy = action.retryPolicy ?? hostRetryPolicy
        clusterNotFoundStatus = action.clusterNotFoundStatus
        terminatesConnect = action.terminatesConnect
        self.tunnelContent = action.terminatesConnect ? tunnelContent : nil
        upgrades = action.upgrades.map { (FoldedBytes.lowercased($0.key.utf8), $0.value) }
    }

    /// What the route says of an upgrade (its type in any case): allowed, forbidden, or nil when it leaves that to the
    /// connection manager.
    func allowsUpgrade(_ type: UnsafeRawBufferPointer) -> Bool? {
        for (name, allowed) in upgrades
        where name.withUnsafeBytes({ ByteClass.equal(type, $0) }) {
            return allowed
        }
        return nil
    }

    /// The cluster that a request goes to. `random` picks among weighted ones: it is taken modulo the sum of weights, as
    /// Envoy does.
    @inline(__always)
    func choose(random: UInt64) -> ClusterChoice {
        weighted.isEmpty ? ClusterChoice(cluster: cluster, weighted: -1) : chooseWeighted(random)
    }

    private func chooseWeighted(_ random: UInt64) -> ClusterChoice {
        let ticket = random % weighted[weighted.count - 1].upTo
        var index = 0
        while weighted[index].upTo <= ticket { index &+= 1 }
        return ClusterChoice(cluster: weighted[index].cluster, weighted: Int32(truncatingIfNeeded: index))
    }
}

/// The cluster chosen for one request.
struct ClusterChoice: Equatable {
    /// The number in `RouteTable.clusterNames`, or −1 when a request header names the cluster.
    var cluster: Int32
    /// The place among the route's weighted clusters, or −1.
    var weighted: Int32
}
