import Testing
import TulleModel

@testable import TulleBalancing

@Suite struct BalancerTests {
    let second: UInt64 = 1_000_000_000

    func counts(_ balancer: inout Balancer, picks: Int, random: inout WorkerRandom, now: UInt64 = 1) -> [Int] {
        var counts = [Int](repeating: 0, count: balancer.endpointSet.endpoints.count)
        for _ in 0..<picks { if let index = balancer.pick(random: &random, now: now) { counts[index] += 1 } }
        return counts
    }

    @Test("round robin gives equal endpoints equal turns, starting anywhere")
    func plainRoundRobin() {
        var starts = Set<Int>()
        for seed in 0..<64 {
            var random = WorkerRandom(seed: UInt64(seed))
            var balancer = Balancer(.roundRobin, set: endpointSet((0..<7).map { endpoint($0) }), random: &random)
            let first = balancer.pick(random: &random, now: 1)!
            starts.insert(first)
            for step in 1..<21 { #expect(balancer.pick(random: &random, now: 1) == (first + step) % 7) }
        }
        #expect(starts.count == 7)
    }

    @Test("weighted round robin is exact over a cycle and has no clumps")
    func weightedRoundRobin() {
        var random = WorkerRandom(seed: 3)
        var balancer = Balancer(
            .roundRobin, set: endpointSet([endpoint(1, weight: 5), endpoint(2, weight: 1), endpoint(3, weight: 2)]),
            random: &random)
        var last = -1
        var run = 0
        var longest = 0
        var counts = [0, 0, 0]
        for _ in 0..<8000 {
            let index = balancer.pick(random: &random, now: 1)!
            counts[index] += 1
            run = index == last ? run + 1 : 1
            last = index
            longest = max(longest, run)
        }
        #expect(abs(counts[0] - 5000) <= 2 && abs(counts[1] - 1000) <= 2 && abs(counts[2] - 2000) <= 2)
        #expect(longest <= 3)
    }

    @Test("random keeps to the weights within 3 %", arguments: [[1, 1, 1, 1], [1, 3, 6, 10], [1, 1000, 1, 998]])
    func random(weights: [Int]) {
        var random = WorkerRandom(seed: 11)
        let set = endpointSet(weights.enumerated().map { endpoint($0.offset, weight: $0.element) })
        var balancer = Balancer(.random, set: set, random: &random)
        let picks = 400_000
        let total = weights.reduce(0, +)
        for (weight, count) in zip(weights, counts(&balancer, picks: picks, random: &random)) {
            let expected = Double(picks * weight) / Double(total)
            #expect(abs(Double(count) - expected) < max(0.03 * expected, 5 * expected.squareRoot()))
        }
    }

    @Test("least request avoids the busy ones")
    func leastRequest() {
        var random = WorkerRandom(seed: 5)
        let set = endpointSet((0..<10).map { endpoint($0) })
        var balancer = Balancer(.leastRequest(choices: 2), set: set, random: &random)
        for _ in 0..<100 { balancer.requestBegan(4) }
        let seen = counts(&balancer, picks: 90_000, random: &random)
        // The busy one is picked only when both draws name it: 1 in 100.
        #expect(abs(seen[4] - 900) < 150)
        for index in 0..<10 where index != 4 { #expect(abs(seen[index] - 9900) < 500) }
    }

    @Test("least request of two joins the shorter queue always")
    func shorterQueue() {
        var random = WorkerRandom(seed: 5)
        var balancer = Balancer(
            .leastRequest(choices: 2), set: endpointSet([endpoint(1), endpoint(2)]), random: &random)
        balancer.requestBegan(0)
        #expect(counts(&balancer, picks: 1000, random: &random) == [0, 1000])
        balancer.requestEnded(0)
        let even = counts(&balancer, picks: 10_000, random: &random)
        #expect(abs(even[0] - 5000) < 300)
    }

    @Test("weighted least request divides the weight by the requests under way")
    func weightedLeastRequest() {
        var random = WorkerRandom(seed: 5)
        var balancer = Balancer(
            .leastRequest(choices: 2), set: endpointSet([endpoint(1, weight: 4), endpoint(2, weight: 2)]),
            random: &random)
        let idle = counts(&balancer, picks: 6000, random: &random)
        #expect(abs(idle[0] - 4000) <= 5)
        for _ in 0..<3 { balancer.requestBegan(0) }
        let busy = counts(&balancer, picks: 6000, random: &random)  // 4 / 4 against 2 / 1
        #expect(abs(busy[0] - 2000) <= 5)
    }

    @Test(
        "an endpoint set aside gets one probe and nothing else until it answers",
        arguments: [Cluster.Balancing.roundRobin, .random, .leastRequest(choices: 2)], [[1, 1, 1], [3, 1, 2]])
    func setAside(policy: Cluster.Balancing, weights: [Int]) {
        var random = WorkerRandom(seed: 7)
        let set = endpointSet(weights.enumerated().map { endpoint($0.offset, weight: $0.element) })
        var balancer = Balancer(policy, set: set, random: &random)
        balancer.refused(0, now: second)
        #expect(counts(&balancer, picks: 3000, random: &random, now: second + 1)[0] == 0)
        #expect(counts(&balancer, picks: 3000, random: &random, now: 2 * second)[0] == 1)
        balancer.connected(0)
        #expect(counts(&balancer, picks: 3000, random: &random, now: 2 * second)[0] > 500)
    }

    @Test(
        "when all are set aside all are used",
        arguments: [Cluster.Balancing.roundRobin, .random, .leastRequest(choices: 2)])
    func allAside(policy: Cluster.Balancing) {
        var random = WorkerRandom(seed: 7)
        var balancer = Balancer(policy, set: endpointSet((0..<4).map { endpoint($0) }), random: &random)
        for index in 0..<4 { balancer.refused(index, now: second) }
        let seen = counts(&balancer, picks: 4000, random: &random, now: second + 1)
        for index in 0..<4 { #expect(seen[index] > 700) }
    }

    @Test(
        "a retry goes to an endpoint not yet tried, if there is one",
        arguments: [Cluster.Balancing.roundRobin, .random, .leastRequest(choices: 2)], [[1, 1, 1], [100, 1, 100]])
    func tried(policy: Cluster.Balancing, weights: [Int]) {
        var random = WorkerRandom(seed: 9)
        let set = endpointSet(weights.enumerated().map { endpoint($0.offset, weight: $0.element) })
        var balancer = Balancer(policy, set: set, random: &random)
        var tried = TriedEndpoints()
        tried.insert(0)
        tried.insert(2)
        for _ in 0..<500 { #expect(balancer.pick(random: &random, now: 1, tried: tried) == 1) }
        tried.insert(1)
        #expect(balancer.pick(random: &random, now: 1, tried: tried) != nil)
    }

    @Test("a new set keeps active requests and refusals by address")
    func replaced() {
        var random = WorkerRandom(seed: 9)
        var balancer = Balancer(
            .leastRequest(choices: 2), set: endpointSet([endpoint(1), endpoint(2), endpoint(3)]), random: &random)
        balancer.requestBegan(0)
        balancer.refused(2, now: second)
        let old = balancer.replace(with: endpointSet([endpoint(3), endpoint(1), endpoint(9)]), random: &random)
        #expect(Array(old) == [2, 0, -1])
        #expect(balancer.activeRequests(1) == 1 && balancer.activeRequests(0) == 0)
        #expect(balancer.isAside(0, now: second) && balancer.asideCount == 1)
        #expect(balancer.replace(with: .empty, random: &random).isEmpty)
        #expect(balancer.pick(random: &random, now: second) == nil)
    }

    @Test("the random numbers are spread evenly and repeat for a seed")
    func numbers() {
        var one = WorkerRandom(seed: 42)
        var other = WorkerRandom(seed: 42)
        var counts = [Int](repeating: 0, count: 16)
        for _ in 0..<160_000 {
            let number = one.next(below: 16)
            #expect(number == other.next(below: 16))
            counts[number] += 1
        }
        for count in counts { #expect(abs(count - 10_000) < 500) }
    }
}
