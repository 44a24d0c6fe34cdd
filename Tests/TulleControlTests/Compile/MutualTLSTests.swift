import SwiftProtobuf
import Testing
import TulleModel
import TulleXDS
import TulleXDSServer

@testable import TulleControl

/// What mutual TLS makes of listeners, clusters and endpoints.
@Suite struct MutualTLSTests {
    private func mesh(_ policies: String = "", identity: Bool = true, protocolName: String = "") -> World? {
        let web = Workload(
            id: "web-1", service: "web", namespace: "shop", account: "front", labels: ["app": "web"],
            ports: [.init(name: "http", app: 80, inbound: 20_001, protocolName: protocolName)], hasIdentity: identity)
        let me = Workload(id: "me", service: "me", hasIdentity: true)
        guard let fixture = try? CompileFixture(resources: policies) else { return nil }
        return World(resources: fixture.world.resources, workloads: [web, me])
    }

    private func recipient(_ id: String, in world: World) throws -> Recipient {
        Recipient(
            ConnectedNode(
                stream: 1, node: Node(id: id), flavour: .delta, userAgent: "tulle-proxy", features: ["tulle.on_demand"]),
            in: world)
    }

    private func policy(_ name: String, _ namespace: String, _ spec: String) -> String {
        """
        ---
        apiVersion: tulle.dev/v1alpha1
        kind: MeshPolicy
        metadata: {name: \(name), namespace: \(namespace)}
        spec: \(spec)

        """
    }

    @Test(arguments: [
        ("", "", "", MeshPolicy.MTLSMode.permissive), ("STRICT", "", "", .strict),
        ("STRICT", "PERMISSIVE", "", .permissive),
        ("PERMISSIVE", "STRICT", "", .strict), ("PERMISSIVE", "PERMISSIVE", "mode: STRICT", .strict),
        ("STRICT", "STRICT", "mode: STRICT, ports: {\"80\": PERMISSIVE}", .permissive),
        ("STRICT", "STRICT", "ports: {\"81\": PERMISSIVE}", .strict),
    ])
    func `the nearest policy that says something holds`(
        wide: String, namespace: String, workload: String, expected: MeshPolicy.MTLSMode
    ) throws {
        var text = policy("other", "elsewhere", "{mtls: {mode: STRICT}}")
        if !wide.isEmpty { text += policy("mesh", "tulle-system", "{mtls: {mode: \(wide)}}") }
        if !namespace.isEmpty { text += policy("all", "shop", "{mtls: {mode: \(namespace)}}") }
        if !workload.isEmpty {
            text += policy("some", "shop", "{selector: {matchLabels: {app: web}}, mtls: {\(workload)}}")
            text += policy("others", "shop", "{selector: {matchLabels: {app: db}}, mtls: {mode: STRICT}}")
        }
        let world = try #require(mesh(text))
        let web = try #require(world.workload("web-1"))
        #expect(world.mtls(web.ports[0], of: web) == expected)
    }

    @Test func `callers expect the accounts of the service's workloads, and mark only what has a certificate`() throws {
        let world = try #require(mesh())
        let cluster = try #require(
            ClusterCompiler(world: world, recipient: try recipient("me", in: world))
                .cluster("outbound|80||web.shop.svc.cluster.local"))
        let match = try #require(cluster.transportSocketMatches.first)
        let context = try Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext(
            serializedBytes: match.transportSocket.typedConfig.value)
        let names = context.commonTlsContext.combinedValidationContext.defaultValidationContext
            .matchTypedSubjectAltNames
        #expect(names.map(\.matcher.exact) == ["spiffe://cluster.local/ns/shop/sa/front"])
        #expect(context.sni == "80.web.shop.mtls.mesh" && context.commonTlsContext.alpnProtocols.isEmpty)
        let marked = try #require(
            EndpointCompiler(world: world).assignment(cluster.name)?.endpoints.first?.lbEndpoints.first)
        #expect(marked.metadata.filterMetadata["envoy.transport_socket_match"] == match.match)

        let plain = try #require(mesh(identity: false))
        let without = try #require(
            ClusterCompiler(world: plain, recipient: try recipient("me", in: plain)).cluster(cluster.name))
        #expect(without.transportSocketMatches.isEmpty)
    }

    @Test(arguments: ["", "http", "tcp"])
    func `a strict listener has no chain for plain text, and who has no certificate has no listener`(
        protocolName: String
    ) throws {
        let permissive = try #require(mesh(protocolName: protocolName))
        let open = try #require(
            ListenerCompiler(world: permissive, recipient: try recipient("web-1", in: permissive)).listener(
                "inbound|80"))
        let secured = open.filterChains.filter(\.hasTransportSocket)
        #expect(secured.count == (protocolName.isEmpty ? 2 : 1))
        #expect(secured.allSatisfy { $0.filterChainMatch.serverNames == ["*.mtls.mesh"] })
        #expect(open.filterChains.count > secured.count || open.hasDefaultFilterChain)

        let text = policy("strict", "shop", "{mtls: {mode: STRICT}}")
        let strict = try #require(mesh(text, protocolName: protocolName))
        let closed = try #require(
            ListenerCompiler(world: strict, recipient: try recipient("web-1", in: strict)).listener("inbound|80"))
        #expect(closed.filterChains == secured && !closed.hasDefaultFilterChain)

        let nameless = try #require(mesh(text, identity: false, protocolName: protocolName))
        let compiler = ListenerCompiler(world: nameless, recipient: try recipient("web-1", in: nameless))
        #expect(compiler.listener("inbound|80") == nil)
        let assignment = EndpointCompiler(world: nameless).assignment("outbound|80||web.shop.svc.cluster.local")
        #expect(assignment?.endpoints.isEmpty ?? false)
    }
}
