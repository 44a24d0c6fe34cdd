public import TulleModel

/// The endpoints of a cluster, ready to be picked from: immutable, built once, shared by all workers.
///
/// Localities are flattened, as Envoy does without locality weights. Only one priority is picked from: the first
/// that has healthy endpoints, else the first that has degraded ones, else (all are unhealthy or draining) the first
/// that has any, which is Envoy's panic: a wrong health report must not take a whole service away.
public final class EndpointSet: Sendable {
    /// Every endpoint of every priority; the index of an endpoint here is what pickers return.
    public let endpoints: ContiguousArray<Endpoint>
    /// The indexes that are picked from.
    public let candidates: ContiguousArray<Int32>
    /// Weights of the candidates, by position in `candidates`; at least 1 each.
    public let weights: ContiguousArray<UInt32>
    /// Whether all candidates weigh the same.
    public let isUniform: Bool
    /// The priority that is picked from.
    public let priority: Int
    /// Whether there was no healthy or degraded endpoint, so that all are used.
    public let isPanicking: Bool

    public static let empty = EndpointSet(LoadAssignment(clusterName: ""))

    public init(_ assignment: LoadAssignment) {
        var endpoints = ContiguousArray<Endpoint>()
        var priorities = ContiguousArray<Int>()
        for locality in assignment.localities {
            for endpoint in locality.endpoints {
                endpoints.append(endpoint)
                priorities.append(locality.priority)
            }
        }
        let all = Array(endpoints.indices)
        let healthy = all.filter { endpoints[$0].health == .healthy || endpoints[$0].health == .unknown }
        let usable = healthy.isEmpty ? all.filter { endpoints[$0].health == .degraded } : healthy
        let pool = usable.isEmpty ? all : usable
        let priority = pool.map { priorities[$0] }.min() ?? 0
        let chosen = pool.filter { priorities[$0] == priority }

        self.endpoints = endpoints
        self.priority = priority
        self.isPanicking = usable.isEmpty && !all.isEmpty
        candidates = ContiguousArray(chosen.map { Int32($0) })
        let weights = ContiguousArray(chosen.map { UInt32(clamping: max(1, endpoints[$0].weight)) })
        isUniform = weights.allSatisfy { $0 == weights.first }
        self.weights = weights
    }

    /// For each endpoint of this set, the index that the same address has in `old`, or −1: what is known of an
    /// endpoint (active requests, refusals, connections) is carried over by it.
    public func indexes(in old: EndpointSet) -> ContiguousArray<Int32> {
        if endpoints.count == old.endpoints.count,
            zip(endpoints, old.endpoints).allSatisfy({ $0.address == $1.address })
        {
            return ContiguousArray(endpoints.indices.lazy.map { Int32($0) })
        }
        var places: [SocketAddress: Int32] = [:]
        places.reserveCapacity(old.endpoints.count)
        for (index, endpoint) in old.endpoints.enumerated() { places[endpoint.address] = Int32(index) }
        return ContiguousArray(endpoints.lazy.map { places[$0.address] ?? -1 })
    }

    /// A weighted random choice by going through all candidates: for the rare pick in which the quick ways met only
    /// endpoints that are set aside or tried. Falls back to endpoints set aside, then to tried ones.
    @usableFromInline
    func scan(random: inout WorkerRandom, aside: borrowing SetAside, tried: TriedEndpoints, now: UInt64) -> Int? {
        for leniency in 0..<3 {
            var total: UInt64 = 0
            for position in candidates.indices {
                let index = Int(candidates[position])
                if leniency < 1, aside.isAside(index, now: now) { continue }
                if leniency < 2, tried.contains(index) { continue }
                total += UInt64(weights[position])
            }
            guard total > 0 else { continue }
            var ticket = UInt64(random.next(below: Int(total)))
            for position in candidates.indices {
                let index = Int(candidates[position])
                if leniency < 1, aside.isAside(index, now: now) { continue }
                if leniency < 2, tried.contains(index) { continue }
                let weight = UInt64(weights[position])
                if ticket < weight { return index }
                ticket -= weight
            }
        }
        return nil
    }
}
