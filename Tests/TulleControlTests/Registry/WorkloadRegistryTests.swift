import Foundation
import Logging
import Testing
import TulleModel
import TulleXDS
import TulleXDSServer

@testable import TulleControl

@Suite struct WorkloadRegistryTests {
    private func node(
        _ id: String, stream: UInt64, service: String? = "web", run: String = "r", exiting: Bool = false,
        ready: Bool? = nil, resumes: Bool = false
    ) -> ConnectedNode {
        var metadata: [String: Value] = [:]
        if let service {
            metadata["TULLE"] = .object([
                "service": .string(service), "run": .string(run), "exiting": .bool(exiting),
                "ready": ready.map { .bool($0) } ?? .null,
            ])
        }
        return ConnectedNode(
            stream: stream, node: Node(id: id, metadata: metadata), flavour: .delta, resumes: resumes)
    }

    @Test("a workload joins with its stream, changes, and leaves after the grace period")
    func life() async throws {
        let clock = HandClock()
        let registry = WorkloadRegistry(grace: .seconds(10), clock: clock)
        var events = registry.events().makeAsyncIterator()
        try registry.subscriberConnected(node("a", stream: 1))
        let joined = try #require(registry.workloads.first)
        #expect(await events.next() == .joined(joined))
        try registry.subscriberChanged(node("a", stream: 1, exiting: true))
        let changed = try #require(registry.workloads.first)
        #expect(changed.exiting)
        #expect(await events.next() == .changed(changed, before: joined))
        registry.subscriberDisconnected(node("a", stream: 1), clean: false)
        #expect(registry.entry("a")?.isStale == true)
        #expect(registry.workloads.count == 1)
        await clock.advance(by: .seconds(10))
        #expect(await events.next() == .left(changed))
        #expect(registry.workloads.isEmpty && registry.entries.isEmpty)
    }

    @Test("a stream that comes back within the grace period keeps the workload")
    func comesBack() async throws {
        let clock = HandClock()
        let registry = WorkloadRegistry(grace: .seconds(10), clock: clock)
        try registry.subscriberConnected(node("a", stream: 1))
        let revision = registry.snapshot.revision
        registry.subscriberDisconnected(node("a", stream: 1), clean: false)
        try registry.subscriberConnected(node("a", stream: 2))
        await clock.advance(by: .seconds(60))
        #expect(registry.workloads.count == 1)
        #expect(registry.entry("a")?.isStale == false)
        // Nothing changed, so nobody need be pushed.
        #expect(registry.snapshot.revision == revision)
    }

    @Test("a workload that is not ready becomes so by word, and stays so whatever its proxy says again")
    func ready() async throws {
        let registry = WorkloadRegistry()
        var events = registry.events().makeAsyncIterator()
        try registry.subscriberConnected(node("a", stream: 1, ready: false))
        let starting = try #require(registry.workloads.first)
        #expect(!starting.ready)
        #expect(await events.next() == .joined(starting))
        #expect(registry.setReady("a"))
        let ready = try #require(registry.workloads.first)
        #expect(ready.ready)
        #expect(await events.next() == .changed(ready, before: starting))
        let revision = registry.snapshot.revision
        #expect(registry.setReady("a"))
        try registry.subscriberChanged(node("a", stream: 1, ready: false))
        registry.subscriberDisconnected(node("a", stream: 1, ready: false), clean: false)
        try registry.subscriberConnected(node("a", stream: 2, ready: false, resumes: true))
        #expect(registry.snapshot.revision == revision)
        // Another run of it begins anew.
        try registry.subscriberConnected(node("a", stream: 3, run: "next", ready: false))
        #expect(registry.workloads.map(\.ready) == [false])
        #expect(!registry.setReady("nobody"))
    }

    @Test("who says nothing of it is ready")
    func silentIsReady() throws {
        let registry = WorkloadRegistry()
        try registry.subscriberConnected(node("a", stream: 1))
        #expect(registry.workloads.map(\.ready) == [true])
    }

    @Test("a proxy that comes from a registry that is lost is ready, one that was starting in this one is not")
    func resumes() throws {
        let registry = WorkloadRegistry()
        try registry.subscriberConnected(node("a", stream: 1, ready: false, resumes: true))
        try registry.subscriberConnected(node("b", stream: 2, ready: false))
        registry.subscriberDisconnected(node("b", stream: 2, ready: false), clean: false)
        try registry.subscriberConnected(node("b", stream: 3, ready: false, resumes: true))
        #expect(registry.workloads.map(\.ready) == [true, false])
    }

    @Test("a restart keeps who is ready and who is not")
    func readyAfterRestart() throws {
        let registry = WorkloadRegistry()
        registry.restore([
            Workload(id: "a", service: "web", run: "r"), Workload(id: "b", service: "web", run: "r", ready: false),
        ])
        try registry.subscriberConnected(node("a", stream: 1, ready: false))
        try registry.subscriberConnected(node("b", stream: 2, ready: false, resumes: true))
        #expect(registry.workloads.map(\.ready) == [true, false])
    }

    @Test("of two streams of a node the newest counts, and the older one's end means nothing")
    func newestWins() throws {
        let registry = WorkloadRegistry()
        try registry.subscriberConnected(node("a", stream: 1, service: "old"))
        try registry.subscriberConnected(node("a", stream: 2, service: "new"))
        try registry.subscriberConnected(node("a", stream: 1, service: "old"))
        #expect(registry.workloads.map(\.service) == ["new"])
        registry.subscriberDisconnected(node("a", stream: 1, service: "old"), clean: false)
        #expect(registry.entry("a")?.isStale == false)
    }

    @Test("a removed workload is gone at once, and its run does not come back while it drains")
    func removed() throws {
        let registry = WorkloadRegistry()
        try registry.subscriberConnected(node("a", stream: 1, run: "first"))
        #expect(registry.remove("a"))
        #expect(!registry.remove("a"))
        #expect(registry.workloads.isEmpty)
        registry.subscriberDisconnected(node("a", stream: 1, run: "first"), clean: true)
        try registry.subscriberConnected(node("a", stream: 2, run: "first"))
        #expect(registry.workloads.isEmpty)
        try registry.subscriberConnected(node("a", stream: 3, run: "second"))
        #expect(registry.workloads.count == 1)
    }

    @Test("a node without TULLE metadata is a client, and leaves with its stream")
    func clients() throws {
        let registry = WorkloadRegistry()
        try registry.subscriberConnected(node("envoy", stream: 1, service: nil))
        #expect(registry.workloads.isEmpty && registry.entries.count == 1)
        registry.subscriberDisconnected(node("envoy", stream: 1, service: nil), clean: false)
        #expect(registry.entries.isEmpty)
    }

    @Test("malformed metadata is refused by its path")
    func malformed() {
        let registry = WorkloadRegistry()
        let bad = ConnectedNode(
            stream: 1, node: Node(id: "a", metadata: ["TULLE": .object(["pid": .string("x")])]), flavour: .delta)
        let refusal = StreamRefusal(.invalidArgument, "node.metadata.TULLE.pid: is a string, expected a number")
        #expect(throws: refusal) { try registry.subscriberConnected(bad) }
        #expect(registry.entries.isEmpty)
    }

    @Test("verdicts are kept by type")
    func verdicts() throws {
        let registry = WorkloadRegistry()
        let a = node("a", stream: 1)
        try registry.subscriberConnected(a)
        registry.responseSent(to: a, type: .cluster, versions: ["x": "1", "y": "1"], removed: [])
        registry.responseJudged(by: a, type: .cluster, .rejected(["x": "1", "y": "1"], reasons: ["x": "bad"]))
        var status = try #require(registry.entry("a")?.types[.cluster])
        #expect(status.sent == 2 && status.rejections == ["x": "bad"])
        #expect(status.lastRejected != nil && status.lastAccepted == nil)
        registry.responseJudged(by: a, type: .cluster, .accepted(["x": "2"]))
        status = try #require(registry.entry("a")?.types[.cluster])
        #expect(status.rejections == [:] && status.lastAccepted != nil)
    }

    @Test("after a restart the known workloads stay for the grace period, and stay on if they come back")
    func restores() async throws {
        let clock = HandClock()
        let registry = WorkloadRegistry(grace: .seconds(10), clock: clock)
        try registry.subscriberConnected(node("a", stream: 1))
        let a = try #require(registry.workloads.first)
        let restarted = WorkloadRegistry(grace: .seconds(10), clock: clock)
        let gone = Workload(id: "gone", service: "gone")
        restarted.restore([a, gone])
        #expect(restarted.workloads == [a, gone])
        #expect(restarted.entry("a")?.isStale == true)
        let revision = restarted.snapshot.revision
        try restarted.subscriberConnected(node("a", stream: 1))
        // It came back as it was: nobody need be told.
        #expect(restarted.snapshot.revision == revision)
        var events = restarted.events().makeAsyncIterator()
        await clock.advance(by: .seconds(10), sleepers: 2)
        #expect(await events.next() == .left(gone))
        #expect(restarted.workloads == [a])
    }

    @Test("the workloads are read back from their file, and a damaged file is passed over")
    func file() throws {
        let path = "/tmp/tulle-registry-\(UInt64.random(in: 0...(.max))).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = RegistryFile(path: path, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(file.load() == [])
        let workloads = [
            Workload(
                id: "a", service: "web", labels: ["app": "web"], ports: [.init(name: "http", app: 80, inbound: 81)],
                upstreams: [.init(service: "redis", namespace: "default", port: 6379, listen: 16379)], pid: 7,
                locality: Locality(region: "r", zone: "z", subZone: "s"), hasIdentity: true, workloadName: "web-v1"),
            Workload(id: "b", service: "job", ready: false),
        ]
        try file.save(workloads)
        #expect(file.load() == workloads)
        try Data("[{".utf8).write(to: URL(filePath: path))
        #expect(file.load() == [])
    }
}
