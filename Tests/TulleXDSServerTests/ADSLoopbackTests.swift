import FoundationEssentials
import Logging
import Synchronization
import Testing
import TulleModel
import TulleTesting
import TulleXDS

@testable import TulleXDSServer

/// The client and the server in one process, over a loopback socket.
@Suite struct ADSLoopbackTests {
    private func client(
        _ addresses: [SocketAddress], _ handler: any ResourceHandler, _ flavour: StreamFlavour = .delta,
        id: String = "node-1", change: (inout ADSClient.Configuration) -> Void = { _ in }
    ) -> ADSClient {
        var configuration = ADSClient.Configuration(
            servers: addresses,
            node: Node(id: id, cluster: "web", metadata: ["TULLE": .object(["service": .string("web")])]),
            flavour: flavour)
        configuration.backoff = Backoff(initial: .milliseconds(20), maximum: .milliseconds(100))
        change(&configuration)
        return ADSClient(configuration, transport: LoopbackTransport(), handler: handler, logger: quiet)
    }

    @Test(
        "subscriptions are answered, changes are pushed, and removals arrive",
        arguments: [StreamFlavour.delta, .stateOfTheWorld])
    func pushes(flavour: StreamFlavour) async throws {
        let source = ChangingSource()
        source.set(.cluster, "a", text: "1")
        source.set(.endpoints, "a", text: "1")
        let observer = KeepingObserver()
        let server = try await LoopbackServer.start(source, observers: [observer])
        let handler = KeepingHandler()
        let client = client([server.address], handler, flavour)
        client.subscribeToAll(.cluster)
        client.subscribe(.endpoints, names: ["a", "b"])
        let running = Task { await client.run() }

        #expect(await eventually { handler.names(.cluster) == ["a"] && handler.names(.endpoints) == ["a"] })
        #expect(await eventually { observer.has("accepted CDS [\"a\"]") && observer.has("accepted EDS [\"a\"]") })
        #expect(observer.has("connected node-1 tulle-proxy \(flavour == .delta)"))
        #expect(client.status.isConnected)
        #expect(client.status.identifier == "tulle")

        source.set(.cluster, "b", text: "1")
        source.set(.endpoints, "b", text: "1")
        server.server.push()
        #expect(await eventually { handler.names(.cluster) == ["a", "b"] && handler.names(.endpoints) == ["a", "b"] })
        #expect(await eventually { observer.has("delivered node-1") })

        source.remove(.cluster, "a")
        source.remove(.endpoints, "a")
        server.server.push()
        #expect(await eventually { handler.names(.cluster) == ["b"] })
        // Endpoints cannot be said to be gone in state of the world.
        let left = flavour == .delta ? ["b"] : ["a", "b"]
        #expect(await eventually { handler.names(.endpoints) == left })

        client.stop()
        await running.value
        #expect(await eventually { observer.has("left node-1 clean=true") })
        await server.stop()
    }

    @Test(
        "a refused resource is nacked by name, the others of the response stay",
        arguments: [StreamFlavour.delta, .stateOfTheWorld])
    func nacks(flavour: StreamFlavour) async throws {
        let source = ChangingSource()
        source.set(.cluster, "good", text: "1")
        source.set(.cluster, "bad", text: "refuse me")
        let observer = KeepingObserver()
        let server = try await LoopbackServer.start(source, observers: [observer])
        let handler = KeepingHandler()
        let client = client([server.address], handler, flavour)
        client.subscribeToAll(.cluster)
        let running = Task { await client.run() }
        #expect(await eventually { observer.has("rejected CDS [\"bad\": \"asked to be refused\"]") })
        #expect(handler.names(.cluster) == ["good"])
        #expect(client.status.types[.cluster]?.rejections == ["bad": "asked to be refused"])
        #expect(client.status.types[.cluster]?.updateRejected == 1)

        source.set(.cluster, "bad", text: "mended")
        server.server.push()
        #expect(await eventually { handler.names(.cluster) == ["bad", "good"] })
        #expect(await eventually { client.status.types[.cluster]?.rejections == [:] })
        running.cancel()
        await running.value
        await server.stop()
    }

    @Test("a name that does not exist is answered, and arrives when it appears")
    func onDemand() async throws {
        let source = ChangingSource()
        let server = try await LoopbackServer.start(source)
        let handler = KeepingHandler()
        let client = client([server.address], handler)
        let running = Task { await client.run() }
        client.subscribe(.virtualHost, names: ["r/later"])
        #expect(await eventually { handler.removed(.virtualHost) == ["r/later"] })
        source.set(.virtualHost, "r/later", text: "1")
        server.server.push { _ in PushScope(types: [.virtualHost]) }
        #expect(await eventually { handler.names(.virtualHost) == ["r/later"] })
        client.unsubscribe(.virtualHost, names: ["r/later"])
        client.subscribe(.virtualHost, names: ["r/other"])
        #expect(await eventually { handler.removed(.virtualHost).contains("r/other") })
        #expect(client.status.types[.virtualHost]?.resources == 0)
        running.cancel()
        await running.value
        await server.stop()
    }

    @Test(
        "a client survives its server's restart, and is sent only what changed",
        arguments: [StreamFlavour.delta, .stateOfTheWorld])
    func restarts(flavour: StreamFlavour) async throws {
        let source = ChangingSource()
        source.set(.cluster, "a", text: "1")
        source.set(.cluster, "b", text: "1")
        let start = KeepingObserver()
        let port = HeldPort()
        let first = try await LoopbackServer.start(source, observers: [start], port: port.number)
        let handler = KeepingHandler()
        let client = client([first.address], handler, flavour)
        client.subscribeToAll(.cluster)
        let running = Task { await client.run() }
        #expect(await eventually { handler.names(.cluster) == ["a", "b"] })
        #expect(!start.has("resumes node-1"))
        await first.stop()
        #expect(await eventually { !client.status.isConnected })
        #expect(handler.names(.cluster) == ["a", "b"])

        source.set(.cluster, "b", text: "2")
        source.set(.cluster, "c", text: "1")
        source.remove(.cluster, "a")
        let observer = KeepingObserver()
        let second = try await LoopbackServer.start(source, observers: [observer], port: port.number)
        #expect(await eventually { handler.names(.cluster) == ["b", "c"] })
        #expect(handler.text(.cluster, "b") == "2")
        if flavour == .delta { #expect(observer.has("sent CDS [\"b\", \"c\"] [\"a\"]")) }
        #expect(client.status.connects == 2)
        #expect(observer.has("resumes node-1"))
        running.cancel()
        await running.value
        await second.stop()
    }

    @Test("an address that does not answer is passed over for the next")
    func failover() async throws {
        let source = ChangingSource()
        source.set(.cluster, "a", text: "1")
        let gone = SocketAddress(host: "127.0.0.1", port: HeldPort.refusing)
        let server = try await LoopbackServer.start(source)
        let handler = KeepingHandler()
        let client = client([gone, server.address], handler)
        client.subscribeToAll(.cluster)
        let running = Task { await client.run() }
        #expect(await eventually { handler.names(.cluster) == ["a"] })
        #expect(client.status.connectFailures >= 1)
        running.cancel()
        await running.value
        await server.stop()
    }

    @Test("a refused subscriber is told why, and keeps trying")
    func refused() async throws {
        let server = try await LoopbackServer.start(
            ChangingSource(),
            observers: [KeepingObserver(refusal: StreamRefusal(.invalidArgument, "node.metadata.TULLE.ports: is bad"))])
        let client = client([server.address], KeepingHandler())
        client.subscribeToAll(.cluster)
        let running = Task { await client.run() }
        #expect(await eventually { client.status.lastError.contains("node.metadata.TULLE.ports: is bad") })
        running.cancel()
        await running.value
        await server.stop()
    }

    @Test("too many streams of one node are refused")
    func crowd() async throws {
        let source = ChangingSource()
        source.set(.cluster, "a", text: "1")
        let server = try await LoopbackServer.start(source) { $0.limits.maxStreamsPerNode = 1 }
        let handler = KeepingHandler()
        let one = client([server.address], handler)
        let two = client([server.address], KeepingHandler())
        one.subscribeToAll(.cluster)
        two.subscribeToAll(.cluster)
        let running = Task { await one.run() }
        #expect(await eventually { handler.names(.cluster) == ["a"] })
        let crowding = Task { await two.run() }
        #expect(await eventually { two.status.lastError.contains("over 1 streams of node \"node-1\"") })
        for task in [running, crowding] {
            task.cancel()
            await task.value
        }
        await server.stop()
    }

    @Test("without a control plane a client starts from the last run's resources, then takes the new ones")
    func startsFromCache() async throws {
        let directory = "/tmp/tulle-cache-\(UInt64.random(in: 0...(.max)))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let source = ChangingSource()
        source.set(.listener, "l", text: "1")
        source.set(.cluster, "a", text: "1")
        source.set(.cluster, "b", text: "1")
        let port = HeldPort()
        let first = try await LoopbackServer.start(source, port: port.number)
        let before = KeepingHandler()
        let earlier = client([first.address], before) { $0.cacheDirectory = directory }
        earlier.subscribeToAll(.listener)
        earlier.subscribe(.cluster, names: ["a", "b"])
        let earlierRun = Task { await earlier.run() }
        #expect(await eventually { before.names(.cluster) == ["a", "b"] && before.names(.listener) == ["l"] })
        #expect(await eventually { earlier.status.types[.cluster]?.updateSuccess == 1 })
        earlierRun.cancel()
        await earlierRun.value
        await first.stop()

        let handler = KeepingHandler()
        let client = client([first.address], handler) {
            $0.cacheDirectory = directory
            $0.cacheDelay = .milliseconds(10)
        }
        client.subscribeToAll(.listener)
        let running = Task { await client.run() }
        #expect(await eventually { handler.names(.listener) == ["l"] })
        #expect(handler.names(.cluster) == [])
        client.subscribe(.cluster, names: ["a"])
        #expect(await eventually { handler.names(.cluster) == ["a"] })
        #expect(client.status.isFromCache)
        #expect(handler.state.withLock { $0.calls.allSatisfy { $0.origin == .cache } })

        source.set(.cluster, "a", text: "2")
        source.remove(.listener, "l")
        let second = try await LoopbackServer.start(source, port: port.number)
        #expect(await eventually { handler.text(.cluster, "a") == "2" && handler.names(.listener) == [] })
        #expect(!client.status.isFromCache)
        running.cancel()
        await running.value
        await second.stop()
    }
}
