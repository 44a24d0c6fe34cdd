import Logging
import NIOConcurrencyHelpers
import Testing
import TulleModel
import TulleTesting

@testable import TulleProxy

/// A proxy in this process, in front of one cluster `up`, for as long as the body runs.
func withProxy(
    upstreams: [Int], change: (inout HTTPConnectionManager, inout RouteAction, inout Cluster) -> Void = { _, _, _ in },
    subscriber: (any ResourceSubscriber)? = nil, ads: AggregatedDiscovery? = nil, demandTimeout: Duration = .seconds(5),
    detection: Duration = .seconds(15), _ body: (Proxy, _ port: Int) async throws -> Void
) async throws {
    var action = RouteAction(target: .cluster("up"))
    var cluster = Cluster(name: "up", discovery: .fixed(assignment(upstreams)))
    var manager = HTTPConnectionManager(statPrefix: "test", routes: .discovered(""))
    change(&manager, &action, &cluster)
    if manager.routes == .discovered("") {
        manager.routes = .inline(
            RouteConfiguration(
                name: "routes",
                virtualHosts: [
                    VirtualHost(
                        name: "all", domains: ["*"],
                        routes: [Route(match: RouteMatch(path: .prefix("/")), action: .forward(action))])
                ]))
    }
    let listener = Listener(
        name: "test", address: SocketAddress(host: "127.0.0.1", port: 0),
        filterChains: [FilterChain(filter: .http(manager))], listenerFiltersTimeout: detection)
    let bootstrap = Bootstrap(listeners: [listener], clusters: [cluster], ads: ads)
    let proxy = try await Proxy(
        bootstrap: bootstrap, options: ProxyOptions(demandTimeout: demandTimeout, seed: 1), subscriber: subscriber,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    do {
        try await proxy.start()
        try await body(proxy, await proxy.address(ofListener: "test")?.port ?? 0)
    } catch {
        await proxy.stop()
        throw error
    }
    await proxy.stop()
}

/// Expects each of two requests of one client to have a connection to the server that ends after it.
func expectAConnectionEach(
    to server: ScriptedServer, through port: Int, ended: @Sendable () -> Int
) async throws {
    let client = try await TestClient(port: port)
    for round in 1...2 {
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.response().head.hasPrefix("HTTP/1.1 200"))
        #expect(server.connections == round)
        #expect(await eventually { ended() == round })
    }
}

func assignment(_ ports: [Int]) -> LoadAssignment {
    LoadAssignment(
        clusterName: "up",
        localities: [
            LocalityEndpoints(
                endpoints: ports.map { Endpoint(address: SocketAddress(host: "127.0.0.1", port: $0)) })
        ])
}

/// What a proxy asked for, in order.
final class RecordingSubscriber: ResourceSubscriber {
    private let asked = NIOLockedValueBox<[String]>([])
    private let answer: @Sendable (DiscoveryKind, String) -> Void

    init(_ answer: @escaping @Sendable (DiscoveryKind, String) -> Void = { _, _ in }) { self.answer = answer }

    var names: [String] { asked.withLockedValue { $0 } }

    func subscribe(_ kind: DiscoveryKind, _ name: String) {
        asked.withLockedValue { $0.append("\(kind) \(name)") }
        answer(kind, name)
    }

    func unsubscribe(_ kind: DiscoveryKind, _ name: String) {
        asked.withLockedValue { $0.append("no \(kind) \(name)") }
    }
}
