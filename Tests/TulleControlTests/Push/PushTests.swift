import FoundationEssentials
import Synchronization
import Testing
import TulleModel
import TulleXDS
import TulleXDSServer

@testable import TulleControl

@Suite struct PushTests {
    /// A world of resources by name with a text; clusters are alike for a node cluster, listeners are a node's own.
    private final class CountingCompiler: ResourceCompiler {
        typealias World = [String: String]
        let calls = Mutex<[String]>([])

        func compile(
            _ type: TypeURL, _ subscription: Subscription, for node: ConnectedNode, in world: World
        ) -> [NamedResource] {
            let what = subscription.wildcard ? "*" : subscription.names.sorted().joined(separator: ",")
            calls.withLock { $0.append("\(type) \(what)") }
            return world.filter { subscription.wildcard || subscription.names.contains($0.key) }.map {
                NamedResource(type: type, name: $0.key, version: $0.value, body: Data($0.value.utf8))
            }
        }

        func audience(of node: ConnectedNode, type: TypeURL) -> String? {
            type == .listener ? nil : node.node.cluster
        }

        func affects(_ change: Change, type: TypeURL, name: String) -> Bool {
            change.everything || change.services.contains(name)
                || (type == .endpoints && change.endpoints.contains(name))
        }

        func taken() -> [String] {
            calls.withLock { calls in
                defer { calls = [] }
                return calls
            }
        }
    }

    private func node(_ id: String, cluster: String = "web") -> ConnectedNode {
        ConnectedNode(
            stream: UInt64(id.utf8.first ?? 0), node: Node(id: id, cluster: cluster), flavour: .delta)
    }

    @Test("nodes of one audience compile once, until a change touches what they have")
    func remembers() async throws {
        let world = Mutex(["a": "1", "b": "1"])
        let compiler = CountingCompiler()
        let (pushes, pushed) = AsyncStream.makeStream(of: [PushScope].self)
        let (x, y, z) = (node("x"), node("y"), node("z", cluster: "other"))
        let push = Push(
            compiler: compiler, debounce: Debounce(quiet: .milliseconds(1), maximum: .milliseconds(5)),
            makeWorld: { world.withLock { $0 } },
            notify: { scope, _ in pushed.yield([scope(x), scope(y)]) })
        let running = Task { await push.run() }
        var rounds = pushes.makeAsyncIterator()
        let wanted = Subscription(names: ["a", "b", "nobody"])

        let first = await push.resources(for: x, type: .cluster, subscription: wanted)
        #expect(Set(first.map(\.name)) == ["a", "b"])
        let second = await push.resources(for: y, type: .cluster, subscription: wanted)
        #expect(Set(second) == Set(first))
        #expect(compiler.taken() == ["CDS a,b,nobody"])
        _ = await push.resources(for: z, type: .cluster, subscription: wanted)
        #expect(compiler.taken() == ["CDS a,b,nobody"])
        for _ in 1...2 {
            _ = await push.resources(for: x, type: .listener, subscription: Subscription(wildcard: true))
        }
        #expect(compiler.taken() == ["LDS *", "LDS *"])
        for _ in 1...2 {
            _ = await push.resources(for: x, type: .routes, subscription: Subscription(wildcard: true))
        }
        #expect(compiler.taken() == ["RDS *"])
        _ = await push.resources(for: x, type: .endpoints, subscription: wanted)
        _ = compiler.taken()

        // Only endpoints changed: clusters are remembered, and only EDS is looked at.
        world.withLock { $0["a"] = "2" }
        push.changed(Change(endpoints: ["a"]))
        #expect(await rounds.next() == [PushScope(types: [.endpoints]), PushScope(types: [.endpoints])])
        _ = await push.resources(for: x, type: .cluster, subscription: wanted)
        #expect(compiler.taken() == [])
        let endpoints = await push.resources(for: x, type: .endpoints, subscription: wanted)
        #expect(compiler.taken() == ["EDS a"])
        #expect(endpoints.first { $0.name == "a" }?.version == "2")

        // A name that did not exist appears.
        world.withLock { $0["nobody"] = "1" }
        push.changed(Change(services: ["nobody"]))
        #expect(await rounds.next() == [.everything, .everything])
        let found = await push.resources(for: y, type: .cluster, subscription: wanted)
        #expect(Set(found.map(\.name)) == ["a", "b", "nobody"])
        #expect(compiler.taken() == ["CDS nobody"])

        push.changed(Change(nodes: ["x"]))
        #expect(await rounds.next() == [.everything, .nothing])
        running.cancel()
        await running.value
    }

    @Test("changes that come together are one push")
    func debounces() async throws {
        let worlds = Mutex(0)
        let (pushes, pushed) = AsyncStream.makeStream(of: Void.self)
        let push = Push(
            compiler: CountingCompiler(), debounce: Debounce(quiet: .milliseconds(100), maximum: .seconds(5)),
            makeWorld: {
                worlds.withLock { $0 += 1 }
                return [:]
            }, notify: { _, _ in pushed.yield() })
        let running = Task { await push.run() }
        push.changed(Change())
        for index in 0..<1_000 { push.changed(Change(services: ["s\(index)"])) }
        var rounds = pushes.makeAsyncIterator()
        _ = await rounds.next()
        #expect(worlds.withLock { $0 } == 1)
        running.cancel()
        await running.value
    }

    @Test("a workload's coming and going says which services it concerns")
    func changes() {
        var workload = Workload(id: "w1", service: "web", namespace: "shop", labels: ["app": "web"])
        let before = workload
        workload.service = "other"
        let change = Change(.changed(workload, before: before)) { $0.service == "web" ? ["shop/front"] : [] }
        #expect(change == Change(services: ["shop/web", "shop/other"], endpoints: ["shop/front"], nodes: ["w1"]))
    }

    @Test("what became of a resource is known by node, of its last version")
    func deliveries() {
        let status = DeliveryStatus()
        let x = node("x")
        let y = node("y")
        for node in [x, y] {
            status.subscriberConnected(node)
            status.responseSent(to: node, type: .cluster, versions: ["a": "1", "b": "1"], removed: [])
        }
        status.responseJudged(by: x, type: .cluster, .rejected(["a": "1", "b": "1"], reasons: ["a": "bad"]))
        #expect(
            status.deliveries(of: .cluster, name: "a").map { "\($0.node) \($0.outcome)" }
                == ["x rejected(reason: \"bad\")", "y pending"])
        #expect(status.rejections.map(\.name) == ["a"])
        #expect(status.deliveries(to: "x").map(\.outcome) == [.rejected(reason: "bad"), .accepted])
        status.responseSent(to: x, type: .cluster, versions: ["a": "2"], removed: ["b"])
        // A verdict on the version before is late.
        status.responseJudged(by: x, type: .cluster, .accepted(["a": "1"]))
        #expect(status.deliveries(to: "x").map(\.outcome) == [.pending])
        status.subscriberDisconnected(x, clean: true)
        #expect(status.deliveries(to: "x").isEmpty && status.rejections.isEmpty)
    }

    @Test("counters appear under Istio's names")
    func metrics() {
        let metrics = PushMetrics()
        let x = node("x")
        metrics.subscriberConnected(x)
        metrics.responseSent(to: x, type: .cluster, versions: ["a": "1", "b": "1"], removed: [])
        metrics.responseJudged(by: x, type: .cluster, .rejected(["a": "1", "b": "1"], reasons: ["a": "bad"]))
        metrics.pushDelivered(to: x, since: .now)
        let samples = metrics.snapshot()
        func value(_ name: String) -> Double? { samples.first { $0.name == name }?.value }
        #expect(value("pilot_xds") == 1)
        #expect(value("pilot_xds_pushes") == 1)
        #expect(value("pilot_total_xds_rejects") == 1)
        #expect(value("pilot_total_rejected_configs") == 1)
        #expect(value("tulle_xds_resources_sent_total") == 2)
        #expect(samples.first { $0.name == "pilot_xds_pushes" }?.labels == [.init(name: "type", value: "cds")])
        let convergence = samples.first { $0.name == "pilot_proxy_convergence_time" }
        #expect(convergence?.count == 1 && convergence?.buckets.last?.count == 1)
    }
}
