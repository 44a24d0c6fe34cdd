import Testing
import TulleModel
import TulleTelemetry

@testable import TulleProxy

@Suite("Cluster statistics")
struct ClusterStatsTests {
    static func definition(_ name: String = "outbound|80||web.default.svc.cluster.local") -> ClusterDefinition {
        var cluster = Cluster(name: name, discovery: .eds(serviceName: name))
        cluster.metadata = [
            "istio": .object([
                "services": .list([
                    .object([
                        "host": .string("web.default.svc.cluster.local"), "name": .string("web"),
                        "namespace": .string("default"),
                    ])
                ])
            ])
        ]
        return ClusterDefinition(cluster: cluster, assignment: nil)
    }

    static func endpoint(_ port: Int, workload: String) -> Endpoint {
        Endpoint(
            address: SocketAddress(host: "127.0.0.1", port: port),
            metadata: ["istio": .object(["workload": .string(workload)])])
    }

    static func outcome(
        _ status: Int = 200, flags: ResponseFlags = [], milliseconds: Double = 1, endpoint: Endpoint? = nil,
        isInbound: Bool = false
    ) -> ExchangeOutcome {
        ExchangeOutcome(
            status: status, flags: flags, durationNanoseconds: UInt64(milliseconds * 1_000_000), requestBytes: 0,
            responseBytes: 1024, isInbound: isInbound, endpoint: endpoint)
    }

    @Test("exchanges are counted by status, flags and the workload that answered")
    func series() {
        let stats = ClusterStats(Self.definition())
        let first = Self.endpoint(1, workload: "web-v1;default;web;v1;local")
        let second = Self.endpoint(2, workload: "web-v2;default;web;v2;local")
        for _ in 0..<3 { stats.record(Self.outcome(endpoint: first)) }
        stats.record(Self.outcome(endpoint: second))
        stats.record(Self.outcome(503, flags: .noHealthyUpstream))
        let snapshot = stats.snapshot()
        #expect(snapshot.series.count == 3)
        let counts = Dictionary(
            uniqueKeysWithValues: snapshot.series.map { ("\($0.workload.name)/\($0.status)", $1.count) })
        #expect(counts == ["web-v1/200": 3, "web-v2/200": 1, "/503": 1])
        #expect(snapshot.counters[.successful] == 4)
        #expect(snapshot.counters[.serverErrors] == 1)
        #expect(snapshot.counters[.completed] == 5)
    }

    @Test("workloads are told apart by address however many endpoints there are")
    func manyEndpoints() {
        let stats = ClusterStats(Self.definition())
        for _ in 0..<2 {
            for port in 1...100 {
                stats.record(Self.outcome(endpoint: Self.endpoint(port, workload: "w\(port % 10);ns")))
            }
        }
        let snapshot = stats.snapshot()
        #expect(snapshot.series.count == 10)
        #expect(snapshot.series.values.allSatisfy { $0.count == 20 })
    }

    @Test("an upstream that answers with every status cannot fill the memory, and nothing goes uncounted")
    func bounded() {
        let stats = ClusterStats(Self.definition())
        for status in 100..<1000 {
            stats.record(Self.outcome(status, endpoint: Self.endpoint(1, workload: "w;ns")))
        }
        let snapshot = stats.snapshot()
        #expect(snapshot.series.count <= 276)
        #expect(snapshot.series.values.reduce(0) { $0 + $1.count } == 900)
    }

    @Test("a value falls into the bucket whose bound it does not pass")
    func buckets() {
        let stats = ClusterStats(Self.definition())
        for milliseconds in [0.01, 0.05, 0.5, 0.500001, 1, 4_000_000] {
            stats.record(Self.outcome(milliseconds: milliseconds))
        }
        let durations = stats.snapshot().series.values.first!.durations
        let bounds = DurationBuckets.milliseconds
        #expect(durations[0] == 2)
        #expect(durations[bounds.firstIndex(of: 0.5)!] == 1)
        #expect(durations[bounds.firstIndex(of: 0.65)!] == 1)
        #expect(durations[bounds.firstIndex(of: 1)!] == 1)
        #expect(durations.last == 1)
    }

    @Test("workers are added up, and a workload is one whatever its number on each")
    func merging() {
        let definition = Self.definition()
        let (left, right) = (ClusterStats(definition), ClusterStats(definition))
        let first = Self.endpoint(1, workload: "a;ns")
        let second = Self.endpoint(2, workload: "b;ns")
        left.record(Self.outcome(endpoint: first))
        left.record(Self.outcome(endpoint: second))
        right.record(Self.outcome(endpoint: second))
        right.connectionOpened()
        right.tcpOpened()
        right.tcpClosed(received: 3, sent: 5)
        var sum = left.snapshot()
        sum.merge(right.snapshot())
        let counts = Dictionary(uniqueKeysWithValues: sum.series.map { ($0.workload.name, $1.count) })
        #expect(counts == ["a": 1, "b": 2])
        #expect(sum.counters[.activeConnections] == 1)
        let tcp = sum.tcp[.unknown]
        #expect(tcp?.received == 3 && tcp?.sent == 5 && tcp?.opened == 1 && sum.tcp.count == 1)
    }

    @Test("who called is told apart, and is the same on each worker whatever its number there")
    func principals() {
        var peer = PeerCertificate()
        func of(_ name: String) -> ConnectionPrincipals {
            peer.uriNames = [name]
            return ConnectionPrincipals(peer, own: ["spiffe://td/me"])
        }
        let (here, there) = (PrincipalTable(), PrincipalTable())
        let (left, right) = (ClusterStats(Self.definition(), here), ClusterStats(Self.definition(), there))
        #expect(here.number(of: .unknown) == 0 && here.number(of: ConnectionPrincipals(nil, own: ["x"])) == 0)
        for (stats, table, names) in [(left, here, ["a", "b"]), (right, there, ["b"])] {
            for name in names {
                var outcome = Self.outcome()
                outcome.principals = table.number(of: of(name))
                stats.record(outcome)
                stats.tcpOpened(outcome.principals)
            }
            stats.record(Self.outcome())
        }
        var sum = left.snapshot()
        sum.merge(right.snapshot())
        let counts = Dictionary(uniqueKeysWithValues: sum.series.map { ($0.principals.peer, $1.count) })
        #expect(counts == ["": 2, "a": 1, "b": 2])
        #expect(sum.tcp.mapValues(\.opened) == [of("a"): 1, of("b"): 2])
        for number in 0..<10_000 { _ = here.number(of: of("stranger \(number)")) }
        #expect(here.number(of: of("one more")) == 0)
    }

    @Test("a reset keeps what is active")
    func reset() {
        let stats = ClusterStats(Self.definition())
        stats.connectionOpened()
        stats.requestBegan()
        stats.record(Self.outcome())
        stats.reset()
        let snapshot = stats.snapshot()
        #expect(snapshot.counters[.connections] == 0)
        #expect(snapshot.counters[.activeConnections] == 1)
        #expect(snapshot.counters[.activeRequests] == 1)
        #expect(snapshot.series.isEmpty)
    }

    @Test("statistics outlive a change of the cluster's configuration")
    func outlives() {
        let worker = WorkerStats()
        worker.cluster(Self.definition()).record(Self.outcome())
        let again = worker.cluster(Self.definition())
        again.adopt(Self.definition())
        again.record(Self.outcome())
        #expect(worker.snapshot().clusters.values.first?.series.values.first?.count == 2)
    }

    @Test("no two counters share a name")
    func names() {
        #expect(Set(ClusterCounter.allCases.map(\.name)).count == ClusterCounter.allCases.count)
        #expect(Set(ListenerCounter.allCases.map(\.name)).count == ListenerCounter.allCases.count)
        let managers = HTTPConnectionManagerCounter.allCases
        #expect(Set(managers.map(\.name)).count == managers.count)
        #expect(ClusterCounter.allCases.map(\.rawValue) == Array(0..<ClusterCounter.allCases.count))
    }
}
