import Testing
import TulleModel

@testable import TulleProxy

@Suite("resources asked for as requests need them")
struct DemandTests {
    private let ads = AggregatedDiscovery(flavour: .delta, cluster: "xds")

    private func table() -> RouteConfiguration {
        RouteConfiguration(name: "mesh", discoversVirtualHosts: true)
    }

    private func onDemand(_ manager: inout HTTPConnectionManager, _: inout RouteAction, _: inout Cluster) {
        manager.routes = .discovered("mesh")
        manager.httpFilters = [.onDemand, .router(suppressEnvoyHeaders: true)]
    }

    @Test("the first request to a host waits for its virtual host, cluster and endpoints")
    func waits() async throws {
        let server = try ScriptedServer.answering("found")
        let port = server.port
        let box = ProxyBox()
        let subscriber = RecordingSubscriber { kind, name in
            Task {
                guard let proxy = await box.proxy() else { return }
                switch (kind, name) {
                case (.virtualHosts, "mesh/shop"):
                    _ = await proxy.apply([.virtualHost(name: name, virtualHost("shop", cluster: "shop-cluster"))])
                case (.clusters, "shop-cluster"):
                    let cluster = Cluster(name: name, discovery: .eds(serviceName: "shop-eds"))
                    _ = await proxy.apply([.cluster(name: name, cluster)])
                case (.endpoints, "shop-eds"):
                    _ = await proxy.apply([.endpoints(name: name, assignment([port]))])
                case (.virtualHosts, _):
                    _ = await proxy.apply([.virtualHost(name: name, nil)])
                default: break
                }
            }
        }
        try await withProxy(upstreams: [1], change: onDemand, subscriber: subscriber, ads: ads) { proxy, _ in
            await box.set(proxy)
            #expect(await proxy.isReady == false)
            #expect(await proxy.apply([.routes(name: "mesh", table())]).isEmpty)
            #expect(await proxy.isReady)
            let client = try await TestClient(port: proxy.address(ofListener: "test")?.port ?? 0)
            for _ in 0..<2 {
                try await client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
                let (head, body) = try await client.response()
                #expect(body == "found", "\(head)")
            }
            try await client.send("GET / HTTP/1.1\r\nHost: nowhere\r\n\r\n")
            let (head, _) = try await client.response()
            #expect(head.hasPrefix("HTTP/1.1 404"))
            #expect(head.contains("no virtual host"))
        }
        #expect(
            subscriber.names == [
                "routes mesh", "virtualHosts mesh/shop", "clusters shop-cluster", "endpoints shop-eds",
                "virtualHosts mesh/nowhere",
            ])
    }

    @Test("a control plane that does not answer is named in the answer, in time")
    func silence() async throws {
        try await withProxy(
            upstreams: [1], change: onDemand, subscriber: RecordingSubscriber(), ads: ads,
            demandTimeout: .milliseconds(100)
        ) { proxy, _ in
            _ = await proxy.apply([.routes(name: "mesh", table())])
            let client = try await TestClient(port: proxy.address(ofListener: "test")?.port ?? 0)
            try await client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
            let (head, body) = try await client.response()
            #expect(head.hasPrefix("HTTP/1.1 503"))
            #expect(body == "the control plane did not say in time where shop is")
        }
    }

    @Test("a changed configuration leaves open connections alone, a broken one changes nothing")
    func changes() async throws {
        let first = try ScriptedServer.answering("one")
        let second = try ScriptedServer.answering("two")
        try await withProxy(
            upstreams: [1], change: { manager, _, _ in manager.routes = .discovered("mesh") },
            subscriber: RecordingSubscriber(), ads: ads
        ) { proxy, _ in
            func cluster(_ name: String, _ server: ScriptedServer) -> ResourceUpdate {
                .cluster(name: name, Cluster(name: name, discovery: .fixed(assignment([server.port]))))
            }
            func routes(_ cluster: String) -> ResourceUpdate {
                var host = virtualHost("all", cluster: cluster)
                host.domains = ["*"]
                return .routes(name: "mesh", RouteConfiguration(name: "mesh", virtualHosts: [host]))
            }
            #expect(await proxy.apply([cluster("a", first), cluster("b", second), routes("a")]).isEmpty)
            let client = try await TestClient(port: proxy.address(ofListener: "test")?.port ?? 0)
            func ask() async throws -> String {
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                return try await client.response().body
            }
            #expect(try await ask() == "one")
            #expect(await proxy.apply([routes("b")]).isEmpty)
            #expect(try await ask() == "two")
            let broken = VirtualHost(
                name: "broken", domains: ["*"],
                routes: [Route(match: RouteMatch(path: .regex("(")), action: .respond(DirectResponse(status: 200)))])
            let errors = await proxy.apply([
                .routes(name: "mesh", RouteConfiguration(name: "mesh", virtualHosts: [broken]))
            ])
            #expect(errors["mesh"]?.contains("broken") ?? false)
            #expect(try await ask() == "two")
        }
    }
}

private func virtualHost(_ name: String, cluster: String) -> VirtualHost {
    VirtualHost(
        name: name, domains: [name],
        routes: [
            Route(match: RouteMatch(path: .prefix("/")), action: .forward(RouteAction(target: .cluster(cluster))))
        ])
}

/// The proxy under test, for a subscriber that is made before it.
private actor ProxyBox {
    private var value: Proxy?
    private var waiting: [CheckedContinuation<Proxy?, Never>] = []

    func set(_ proxy: Proxy) {
        value = proxy
        for waiter in waiting { waiter.resume(returning: proxy) }
        waiting = []
    }

    func proxy() async -> Proxy? {
        if let value { return value }
        return await withCheckedContinuation { waiting.append($0) }
    }
}
