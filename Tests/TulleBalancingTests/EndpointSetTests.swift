import Testing
import TulleModel

@testable import TulleBalancing

func endpoint(_ port: Int, weight: Int = 1, health: Endpoint.Health = .unknown) -> Endpoint {
    Endpoint(address: SocketAddress(host: "10.0.0.1", port: port), health: health, weight: weight)
}

func endpointSet(_ priorities: [Endpoint]...) -> EndpointSet {
    EndpointSet(
        LoadAssignment(
            clusterName: "c",
            localities: priorities.enumerated().map { LocalityEndpoints(priority: $0.offset, endpoints: $0.element) }))
}

@Suite struct EndpointSetTests {
    @Test("the first priority with healthy endpoints is picked from")
    func priorities() {
        let set = endpointSet(
            [endpoint(1, health: .unhealthy), endpoint(2, health: .draining)], [endpoint(3), endpoint(4)],
            [endpoint(5)])
        #expect(set.priority == 1)
        #expect(Array(set.candidates) == [2, 3])
        #expect(!set.isPanicking)
    }

    @Test("unhealthy, timed-out and draining endpoints are left out")
    func health() {
        let set = endpointSet([
            endpoint(1), endpoint(2, health: .unhealthy), endpoint(3, health: .healthy),
            endpoint(4, health: .draining), endpoint(5, health: .timeout), endpoint(6, health: .degraded),
        ])
        #expect(Array(set.candidates) == [0, 2])
    }

    @Test("degraded endpoints serve when no priority has healthy ones")
    func degraded() {
        let set = endpointSet([endpoint(1, health: .unhealthy)], [endpoint(2, health: .degraded)])
        #expect(Array(set.candidates) == [1])
        #expect(!set.isPanicking)
    }

    @Test("all endpoints of the first priority are used when none is usable")
    func panic() {
        let set = endpointSet(
            [], [endpoint(1, health: .unhealthy), endpoint(2, health: .draining)],
            [endpoint(3, health: .unhealthy)])
        #expect(Array(set.candidates) == [0, 1])
        #expect(set.isPanicking)
        #expect(EndpointSet.empty.candidates.isEmpty && !EndpointSet.empty.isPanicking)
    }

    @Test("addresses that stay are found in the old set")
    func carry() {
        let old = endpointSet([endpoint(1), endpoint(2), endpoint(3)])
        #expect(Array(endpointSet([endpoint(3), endpoint(4), endpoint(1)]).indexes(in: old)) == [2, -1, 0])
        #expect(Array(endpointSet([endpoint(1, weight: 9), endpoint(2), endpoint(3)]).indexes(in: old)) == [0, 1, 2])
    }
}
