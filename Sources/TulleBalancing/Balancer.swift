public import TulleModel

/// One worker's choice among one cluster's endpoints: the picker, how busy each endpoint is, and which are set aside.
///
/// Not shared: every worker has its own, so there is no lock. Endpoints are named by their index in `endpointSet.endpoints`.
/// When a new set comes the indexes change; `replace(with:random:)` returns the way from new to old ones.
public struct Balancer: Sendable {
    @usableFromInline
    enum Kind: Sendable { case roundRobin, random, leastRequest, none }

    public private(set) var endpointSet: EndpointSet
    /// Requests under way by endpoint, this worker's alone.
    @usableFromInline var active: ContiguousArray<Int32>
    @usableFromInline var aside: SetAside

    // One of the pickers is in use; the others are empty. An enum of them would be copied at each pick.
    @usableFromInline let kind: Kind
    @usableFromInline let choices: Int
    @usableFromInline var roundRobin: RoundRobinPicker
    @usableFromInline var random: RandomPicker
    @usableFromInline var leastRequest: LeastRequestPicker

    public init(_ policy: Cluster.Balancing, set: EndpointSet = .empty, random source: inout WorkerRandom) {
        switch policy {
        case .roundRobin: (kind, choices) = (.roundRobin, 0)
        case .random: (kind, choices) = (.random, 0)
        case .leastRequest(let choices): (kind, self.choices) = (.leastRequest, choices)
        case .provided: (kind, choices) = (.none, 0)
        }
        endpointSet = .empty
        active = []
        aside = SetAside(endpoints: 0)
        roundRobin = RoundRobinPicker(set: .empty, random: &source)
        random = RandomPicker(set: .empty)
        leastRequest = LeastRequestPicker(set: .empty, choices: choices, random: &source)
        _ = replace(with: set, random: &source)
    }

    /// The endpoint for a request: an index in `endpointSet.endpoints`, or nil when there is none. `now` is the steady clock's
    /// nanoseconds. Does not count the request as begun.
    @inlinable
    public mutating func pick(
        random source: inout WorkerRandom, now: UInt64, tried: TriedEndpoints = TriedEndpoints()
    ) -> Int? {
        let index: Int?
        switch kind {
        case .roundRobin:
            index = roundRobin.pick(from: endpointSet, random: &source, aside: aside, tried: tried, now: now)
        case .random:
            index = random.pick(from: endpointSet, random: &source, aside: aside, tried: tried, now: now)
        case .leastRequest:
            index = leastRequest.pick(
                from: endpointSet, random: &source, active: active, aside: aside, tried: tried, now: now)
        case .none:
            index = nil
        }
        if aside.count != 0, let index { aside.picked(index, now: now) }
        return index
    }

    /// How many endpoints this worker has set aside.
    @inlinable public var asideCount: Int { aside.count }
    @inlinable public func isAside(_ index: Int, now: UInt64) -> Bool { aside.isAside(index, now: now) }
    @inlinable public func activeRequests(_ index: Int) -> Int { Int(active[index]) }

    @inlinable public mutating func requestBegan(_ index: Int) { active[index] &+= 1 }
    @inlinable public mutating func requestEnded(_ index: Int) { active[index] &-= 1 }
    @inlinable public mutating func connected(_ index: Int) { aside.connected(index) }

    /// A connection was refused, reset before anything came, or timed out.
    public mutating func refused(_ index: Int, now: UInt64) { aside.refused(index, now: now) }

    /// Takes a new set of endpoints. What is known of addresses that stay is kept. Returns the old index of each new
    /// endpoint, −1 for those that were not there.
    public mutating func replace(with new: EndpointSet, random source: inout WorkerRandom) -> ContiguousArray<Int32> {
        let old = new.indexes(in: endpointSet)
        active = ContiguousArray(old.lazy.map { [active] in $0 >= 0 ? active[Int($0)] : 0 })
        aside = aside.carried(by: old)
        endpointSet = new
        switch kind {
        case .roundRobin: roundRobin = RoundRobinPicker(set: new, random: &source)
        case .random: random = RandomPicker(set: new)
        case .leastRequest: leastRequest = LeastRequestPicker(set: new, choices: choices, random: &source)
        case .none: break
        }
        return old
    }
}
