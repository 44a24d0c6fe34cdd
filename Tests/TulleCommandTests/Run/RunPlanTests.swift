import Testing
import TulleConfig
import TulleControl
import TulleModel

@testable import TulleCommand

/// What a run tells its sidecar, its command and the control plane.
struct RunPlanTests {
    private let plan = RunPlan(
        service: "web", namespace: "shop", account: "web-account", labels: ["app": "web", "version": "1.2"],
        address: "127.0.0.1",
        ports: [.init(name: "http", app: 8080, inbound: 20_001, proto: "http")],
        upstreams: [
            UpstreamSpec(service: "order-db", namespace: "shop", port: 6379, listen: 20_004),
            UpstreamSpec(service: "order-db", namespace: "shop", port: 6380, listen: 20_005),
        ],
        httpProxy: 20_002, transparent: 0, admin: 20_003, xds: HostPort(host: "mesh.example", port: 15_010),
        instance: "abc", processID: 42)

    @Test("the node id says address, name, namespace and mesh as Istio's do")
    func nodeID() {
        #expect(plan.nodeID == "sidecar~127.0.0.1~web-abc.shop~shop.mesh")
    }

    @Test("the control plane reads the metadata back as it was meant")
    func metadata() throws {
        guard case .object(let fields) = plan.metadata else {
            Issue.record("not an object")
            return
        }
        let node = Node(id: plan.nodeID, cluster: "web", metadata: fields)
        let workload = try #require(try WorkloadMetadata.workload(of: node))
        #expect(workload.service == "web")
        #expect(workload.namespace == "shop")
        #expect(workload.account == "web-account" && !workload.hasIdentity)
        #expect(workload.version == "1.2")
        #expect(workload.ports == [.init(name: "http", app: 8080, inbound: 20_001, protocolName: "http")])
        #expect(workload.outbound.httpProxy == 20_002)
        #expect(workload.upstreams.map(\.listen) == [20_004, 20_005])
        #expect(workload.admin == "127.0.0.1:20003")
        #expect(workload.run == "abc")
    }

    @Test("a sidecar is told where its certificate is to be had, and the control plane that it has one")
    func identity() throws {
        var plan = plan
        plan.identity = .token(file: "token", address: HostPort(host: "::1", port: 15_012), roots: "roots.pem")
        #expect(plan.metadata["TULLE"]?["identity"] == .bool(true))
        #expect(
            plan.identity?.arguments(namespace: "shop", account: "web") == [
                "--signing-address", "[::1]:15012", "--signing-roots", "roots.pem", "--join-token-file", "token",
                "--service-account", "shop/web",
            ])
        #expect(
            RunIdentity.socket(path: "/s").arguments(namespace: "a", account: "b") == [
                "--signing-socket", "/s", "--service-account", "a/b",
            ])
    }

    @Test("a workload is ready once its app listens, and at once where there is nothing to listen on")
    func readiness() throws {
        func isReady(_ plan: RunPlan) throws -> Bool? {
            guard case .object(let fields) = plan.metadata else { return nil }
            return try WorkloadMetadata.workload(of: Node(id: plan.nodeID, metadata: fields))?.ready
        }
        #expect(try isReady(plan) == false)
        var listening = plan
        listening.isReady = true
        #expect(try isReady(listening) == true)
        var client = plan
        client.ports = []
        #expect(try isReady(client) == true)
    }

    @Test("the bootstrap is YAML whose metadata survives the trip", arguments: [false, true])
    func bootstrap(isEnvoy: Bool) throws {
        let text = SidecarBootstrap.yaml(plan, isEnvoy: isEnvoy)
        let root = try #require(try YAMLReader.read(Array(text.utf8), file: "bootstrap.yaml").first)
        #expect(root["node"]?["metadata"]?.value == plan.metadata)
        #expect(root["node"]?["id"]?.scalar?.text == plan.nodeID)
        #expect(root["dynamic_resources"]?["ads_config"]?["api_type"]?.scalar?.text == "DELTA_GRPC")
        let cluster = try #require(root["static_resources"]?["clusters"]?.sequence?.first)
        #expect(cluster["type"]?.scalar?.text == "STRICT_DNS")
        #expect(text.contains("initial_fetch_timeout") == isEnvoy)
    }

    @Test("an app's environment names the sidecar as its proxy, but not for localhost")
    func environment() {
        let environment = AppEnvironment.build(
            plan, over: ["PATH": "/bin", "NO_PROXY": "intranet,localhost", "no_proxy": ""])
        #expect(environment["PATH"] == "/bin")
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"] {
            #expect(environment[name] == "http://127.0.0.1:20002")
        }
        #expect(environment["no_proxy"] == "localhost,127.0.0.1,::1,intranet")
        #expect(environment["TULLE_UPSTREAM_ORDER_DB"] == "127.0.0.1:20004")
        #expect(environment["TULLE_UPSTREAM_ORDER_DB_6380"] == "127.0.0.1:20005")
        #expect(environment["TULLE_PROXY_ADMIN"] == "127.0.0.1:20003")
    }

    @Test("a company's proxy for TLS stays")
    func companyProxy() {
        let environment = AppEnvironment.build(plan, over: ["https_proxy": "http://company:3128"])
        #expect(environment["https_proxy"] == "http://company:3128")
        #expect(environment["HTTPS_PROXY"] == nil)
        #expect(environment["http_proxy"] == "http://127.0.0.1:20002")
    }

    @Test("Envoy gets the flag that keeps two of them apart")
    func arguments() {
        let given = { (path: String) in
            ProxyExecutable(path: path).arguments(
                bootstrap: "b.yaml", cache: "c", concurrency: 2, logLevel: "info", drain: .seconds(5))
        }
        #expect(
            given("/x/tulle-proxy") == [
                "-c", "b.yaml", "--concurrency", "2", "-l", "info", "--drain-time-s", "5", "--cache-dir", "c",
            ])
        #expect(given("/x/envoy").last == "--use-dynamic-base-id")
    }
}
