import Foundation
import Logging
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import Testing
import TulleModel
import TulleTesting
import TulleXDS

@testable import TulleControl

@Suite("the control plane as a whole")
struct ControlPlaneTests {
    @Test("a route that is applied reaches every subscriber within a second, and its status says so")
    func pushes() async throws {
        try await RunningControlPlane.with { plane in
            try await withSubscriber(plane, .stateOfTheWorld) { envoy in
                try await withSubscriber(plane, .delta) { proxy in
                    envoy.client.subscribeToAll(.cluster)
                    let name = "outbound|80||web.default.svc.cluster.local"
                    let host = "outbound|http-proxy/web.default"
                    proxy.client.subscribe(.cluster, names: [name])
                    proxy.client.subscribe(.virtualHost, names: [host])
                    try await plane.eventually("the proxy hears that there is no such host") {
                        proxy.handler.removed(.virtualHost).contains(host)
                    }
                    let services = Samples.service("web") + "---\n" + Samples.service("web2")
                    #expect(try await plane.ask(.POST, "/api/v1/apply", services).status == 200)
                    try await plane.eventually("both have the cluster, and the proxy its host") {
                        envoy.handler.version(.cluster, name) != nil && proxy.handler.version(.cluster, name) != nil
                            && proxy.handler.version(.virtualHost, host) != nil
                    }
                    let before = proxy.handler.version(.virtualHost, host)
                    let route = Samples.route("split", parent: "web", backends: [("web", 9), ("web2", 1)])
                    let start = ContinuousClock.now
                    #expect(try await plane.ask(.POST, "/api/v1/apply", route).status == 200)
                    try await plane.eventually("the proxy has the route") {
                        proxy.handler.version(.virtualHost, host) != before
                    }
                    #expect(ContinuousClock.now - start < .seconds(1))
                    try await plane.eventually("its status says that it is programmed") {
                        let shown = try await plane.get("/api/v1/resources/HTTPRoute/default/split").decoded(JSON.self)
                        return shown["status"]?["conditions"]?.list?.last?["status"]?.string == "True"
                    }
                }
            }
        }
    }

    @Test("a resource that a proxy refuses is told in the status, with the users' own names")
    func refusals() async throws {
        try await RunningControlPlane.with { plane in
            try await withSubscriber(plane, .delta, refusing: "no such thing here") { proxy in
                proxy.client.subscribe(.cluster, names: ["outbound|80||web.default.svc.cluster.local"])
                #expect(try await plane.ask(.POST, "/api/v1/apply", Samples.service("web")).status == 200)
                try await plane.eventually("the refusal is told") {
                    try await !plane.get("/api/v1/status").decoded(StatusView.self).refusals.isEmpty
                }
                let refusal = try await plane.get("/api/v1/status").decoded(StatusView.self).refusals[0]
                #expect(refusal.resources == ["Service default/web"])
                #expect(refusal.reason.contains("no such thing here"))
                let shown = try await plane.get("/api/v1/resources/Service/default/web").decoded(JSON.self)
                #expect(shown["status"]?["conditions"]?.list?.last?["reason"]?.string == "Refused")
                let proxies = try await plane.get("/api/v1/proxies").decoded(ProxyList.self)
                #expect(proxies.items.first?.resources.first?.answer == .refused)
            }
        }
    }

    @Test("a workload makes its service, is listed with its endpoint, and leaves by the API") func workloads()
        async throws
    {
        try await RunningControlPlane.with { plane in
            try await withSubscriber(plane, .delta, service: "cart") { cart in
                cart.client.subscribeToAll(.listener)
                try await plane.eventually("the service is there") {
                    try await plane.get("/api/v1/services").decoded(ServiceList.self).items.contains {
                        $0.name == "cart" && $0.implicit && $0.endpoints.first?.health == .healthy
                    }
                }
                // A route may name a service that only its workloads make.
                let route = Samples.route("r", parent: "cart", backends: [])
                    .replacingOccurrences(of: "{backendRefs: []}", with: "{backendRefs: [{name: cart, port: 8080}]}")
                let applied = try await plane.ask(.POST, "/api/v1/apply", route)
                #expect(applied.status == 200, "\(applied.body)")
                let listed = try await plane.get("/api/v1/workloads").decoded(WorkloadList.self)
                let id = try #require(listed.items.first?.id)
                #expect(listed.items.first?.ports.first?.inbound == 31245)
                #expect(try await plane.get("/api/v1/workloads/\(id)").status == 200)
                #expect(try await plane.ask(.DELETE, "/api/v1/workloads/\(id)").status == 200)
                let after = try await plane.get("/api/v1/workloads").decoded(WorkloadList.self)
                #expect(after.items.isEmpty)
            }
        }
    }

    @Test("a second control plane on the same store, or the same address, is refused") func twice() async throws {
        try await RunningControlPlane.with { plane in
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let sameStore = ControlPlane(
                ControlPlaneConfiguration(
                    storePath: plane.folder + "/tulle.db", api: APIConfiguration(port: 0), xdsPort: 0,
                    identity: try RunningControlPlane.identity()),
                logger: logger)
            await #expect(throws: StoreError.self) { try await sameStore.run() }
            let port = try #require(Int(plane.api.split(separator: ":").last ?? ""))
            let sameAddress = ControlPlane(
                ControlPlaneConfiguration(
                    storePath: plane.folder + "/other.db", api: APIConfiguration(port: port), xdsPort: 0,
                    identity: try RunningControlPlane.identity()),
                logger: logger)
            await #expect {
                try await sameAddress.run()
            } throws: { error in
                "\(error)".contains("cannot listen on 127.0.0.1:\(port)")
            }
        }
    }

    @Test("a graceful shutdown ends watches and streams, and keeps what was acknowledged") func shutsDown() async throws
    {
        let folder = NSTemporaryDirectory() + "tulle-plane-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let plane = ControlPlane(
            ControlPlaneConfiguration(
                storePath: folder + "/tulle.db", api: APIConfiguration(port: 0), xdsPort: 0,
                identity: try RunningControlPlane.identity(), version: "test"),
            logger: logger)
        let group = ServiceGroup(configuration: .init(services: [plane], logger: logger))
        let run = Task { try await group.run() }
        let running = RunningControlPlane(api: await plane.api(), xds: await plane.xds(), folder: folder)
        try await withSubscriber(running, .delta) { proxy in
            proxy.client.subscribe(.cluster, names: ["outbound|80||web.default.svc.cluster.local"])
            #expect(try await running.ask(.POST, "/api/v1/apply", Samples.service("web")).status == 200)
            async let watched = running.get("/api/v1/watch")
            try await running.eventually("the proxy is connected") {
                try await !running.get("/api/v1/proxies").decoded(ProxyList.self).items.isEmpty
            }
            let start = ContinuousClock.now
            await group.triggerGracefulShutdown()
            try await run.value
            #expect(ContinuousClock.now - start < .seconds(5))
            _ = try? await watched
        }
        let store = try SQLiteStore(path: folder + "/tulle.db")
        #expect(try await store.list().resources.map(\.key.name) == ["web"])
        store.close()
    }

    // MARK: Subscribers

    /// Takes everything, or refuses everything.
    private final class Handler: ResourceHandler {
        private struct Held {
            var versions: [TypeURL: [String: String]] = [:]
            var removed: [TypeURL: Set<String>] = [:]
        }

        /// Written by the client's task, read by the test.
        private let held = Mutex(Held())
        private let reason: String?

        init(refusing reason: String?) { self.reason = reason }

        func apply(
            _ type: TypeURL, resources: [NamedResource], removed: [String], from source: ResourceOrigin
        ) async -> [String: String] {
            if let reason {
                return Dictionary(resources.map { ($0.name, reason) }, uniquingKeysWith: { first, _ in first })
            }
            held.withLock { held in
                for resource in resources { held.versions[type, default: [:]][resource.name] = resource.version }
                for name in removed { held.versions[type]?[name] = nil }
                held.removed[type, default: []].formUnion(removed)
            }
            return [:]
        }

        func version(_ type: TypeURL, _ name: String) -> String? { held.withLock { $0.versions[type]?[name] } }
        func removed(_ type: TypeURL) -> Set<String> { held.withLock { $0.removed[type] ?? [] } }
    }

    private struct Subscriber {
        var client: ADSClient
        var handler: Handler
    }

    private func withSubscriber(
        _ plane: RunningControlPlane, _ flavour: StreamFlavour, service: String = "", refusing: String? = nil,
        _ body: (Subscriber) async throws -> Void
    ) async throws {
        let port = try #require(Int(plane.xds.split(separator: ":").last ?? ""))
        var metadata: [String: Value] = [:]
        if flavour == .delta {
            let ports: Value = .list(
                service.isEmpty
                    ? [] : [.object(["name": .string("http"), "app": .number(8080), "inbound": .number(31245)])])
            metadata["TULLE"] = .object([
                "service": .string(service), "namespace": .string("default"), "run": .string(UUID().uuidString),
                "ports": ports,
                "outbound": .object(["bind": .string("127.0.0.1"), "httpProxy": .number(31246)]),
            ])
        }
        let node = Node(
            id: "sidecar~127.0.0.1~\(flavour)-\(service).default~default.mesh", cluster: service, metadata: metadata)
        var configuration = ADSClient.Configuration(
            servers: [SocketAddress(host: "127.0.0.1", port: port)], node: node, flavour: flavour)
        if flavour == .stateOfTheWorld {
            configuration.features = []
            configuration.userAgent = "envoy"
        }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let handler = Handler(refusing: refusing)
        let client = ADSClient(configuration, transport: LoopbackTransport(), handler: handler, logger: logger)
        let run = Task { await client.run() }
        defer { run.cancel() }
        try await body(Subscriber(client: client, handler: handler))
        client.stop()
    }
}
