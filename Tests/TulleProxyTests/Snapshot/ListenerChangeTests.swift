import Testing
import TulleModel
import TulleTesting

@testable import TulleProxy

@Suite("Listeners that change")
struct ListenerChangeTests {
    private func listener(port: Int, body: String) -> Listener {
        let routes = HTTPConnectionManager.Routes.inline(
            RouteConfiguration(
                name: "routes",
                virtualHosts: [
                    VirtualHost(
                        name: "all", domains: ["*"],
                        routes: [
                            Route(
                                match: RouteMatch(path: .prefix("/")),
                                action: .respond(DirectResponse(status: 200, body: Array(body.utf8))))
                        ])
                ]))
        let manager = HTTPConnectionManager(statPrefix: "dynamic", routes: routes)
        return Listener(
            name: "dynamic", address: SocketAddress(host: "127.0.0.1", port: port),
            filterChains: [FilterChain(filter: .http(manager))])
    }

    private func ask(_ port: Int) async throws -> String {
        let client = try await TestClient(port: port)
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return try await client.response().body
    }

    @Test("one that cannot be opened at its new address serves on at the old one, and moves when it can")
    func moves() async throws {
        try await withProxy(upstreams: [HeldPort.refusing]) { proxy, _ in
            #expect(await proxy.apply([.listener(name: "dynamic", listener(port: 0, body: "first"))]).isEmpty)
            let first = try #require(await proxy.address(ofListener: "dynamic")?.port)
            #expect(try await ask(first) == "first")

            let other = try ScriptedServer { _, _ in }
            defer { other.stop() }
            let taken = other.port
            let errors = await proxy.apply([.listener(name: "dynamic", listener(port: taken, body: "second"))])
            #expect(errors["dynamic"]?.contains("cannot open 127.0.0.1:\(taken)") ?? false)
            #expect(await proxy.address(ofListener: "dynamic")?.port == first)
            #expect(try await ask(first) == "first")

            // Back at its address it is the listener that it was, and takes what is new.
            #expect(await proxy.apply([.listener(name: "dynamic", listener(port: 0, body: "third"))]).isEmpty)
            #expect(await proxy.address(ofListener: "dynamic")?.port == first)
            #expect(try await ask(first) == "third")

            #expect(await proxy.apply([.listener(name: "dynamic", nil)]).isEmpty)
            await #expect(throws: (any Error).self) { try await ask(first) }
        }
    }
}
