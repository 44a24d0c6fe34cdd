import SwiftProtobuf
import Testing
import TulleConfig
import TulleModel
import TulleXDS
import TulleXDSServer

@testable import TulleControl

@Suite struct MeshCompilerTests {
    @Test("the same world compiles to the same bytes, and versions tell contents apart")
    func deterministic() throws {
        let text = """
            {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: api}, spec: {ports: [{port: 80}]}}
            """
        let names: Set = ["outbound|80||web.default.svc.cluster.local", "outbound|80||api.default.svc.cluster.local"]
        let first = try CompileFixture(text).ask(.cluster, names)
        let second = try CompileFixture(text).ask(.cluster, names)
        #expect(first.map(\.version) == second.map(\.version))
        #expect(first.map(\.body) == second.map(\.body))
        #expect(Set(first.map(\.version)).count == 2)
    }

    @Test("hostile names are answered with nothing")
    func hostileNames() throws {
        let fixture = try CompileFixture(
            "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}")
        let names: Set = [
            "", "/", "outbound|http-proxy/", "outbound|http-proxy/web:99999999999999999999", "outbound|http-proxy/[::1",
            "outbound|http-proxy/web:+80", "outbound|http-proxy/web:080", "outbound|-1||x.y.svc.cluster.local",
            "outbound|80||.svc.cluster.local", "inbound|||", "upstream||", "upstream|a|1", "api|", "api|[", "\u{0}",
            String(repeating: "|", count: 10_000), "outbound|http-proxy/" + String(repeating: "a.", count: 10_000),
        ]
        for type in [TypeURL.cluster, .endpoints, .listener, .routes, .virtualHost] {
            #expect(fixture.ask(type, names).isEmpty)
        }
        #expect(fixture.ask(TypeURL(rawValue: "x"), ["y"], wildcard: true).isEmpty)
    }

    @Test("every spelling of a service's name has its virtual host, and an answer has the name that was asked for")
    func spellings() throws {
        let fixture = try CompileFixture(
            "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}")
        for host in ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local", "web.mesh", "WEB"] {
            for spelling in [host, "\(host):80"] {
                let name = "outbound|http-proxy/\(spelling)"
                #expect(fixture.ask(.virtualHost, [name]).map(\.name) == [name])
                #expect(try fixture.virtualHost(spelling)?.domains == [spelling])
            }
        }
        #expect(try fixture.virtualHost("web:81") == nil)
        #expect(try fixture.virtualHost("web.other") == nil)
        let other = try CompileFixture(
            "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}", namespace: "other")
        #expect(try other.virtualHost("web") == nil)
        #expect(try other.virtualHost("web.default") != nil)
    }

    @Test(
        "a tunnel to a port may hold what the port speaks",
        arguments: [("", "detected"), ("http", "http"), ("grpc", "http"), ("tcp", nil)] as [(String, String?)])
    func tunnels(_ speaks: String, _ content: String?) throws {
        let declared = speaks.isEmpty ? "" : ", appProtocol: \(speaks)"
        let fixture = try CompileFixture(
            "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80\(declared)}]}}")
        let route = try #require(try fixture.virtualHost("web")?.routes.first)
        #expect(route.name == "connect")
        #expect(route.metadata.filterMetadata["tulle.dev"]?.fields["tunnel"]?.stringValue == content)
    }

    @Test("two instances of an implied service on one machine share its load, whatever their ports")
    func impliedService() throws {
        let nodes = """
            me: {onDemand: true, TULLE: {service: ""}}
            w1: {TULLE: {service: web, ports: [{name: http, app: 8080, inbound: 30001}]}}
            w2: {TULLE: {service: web, ports: [{name: http, app: 8081, inbound: 30002}]}}
            """
        let fixture = try CompileFixture(resources: "", nodes: YAMLReader.read(nodes, file: "n").first)
        let cluster = try #require(try fixture.virtualHost("web")).routes[1].route.cluster
        let resource = try #require(fixture.ask(.endpoints, [cluster]).first)
        let assignment = try Envoy_Config_Endpoint_V3_ClusterLoadAssignment(serializedBytes: resource.body)
        let ports = assignment.endpoints.flatMap(\.lbEndpoints).map(\.endpoint.address.socketAddress.portValue)
        #expect(ports == [30001, 30002])
        #expect(try fixture.virtualHost("web:8081") != nil)
    }

    @Test("a workload whose app does not listen yet has a service and no endpoint")
    func notReady() throws {
        let nodes = """
            me: {onDemand: true, TULLE: {service: ""}}
            w1: {TULLE: {service: web, ready: false, ports: [{name: http, app: 8080, inbound: 30001}]}}
            w2: {TULLE: {service: web, ready: true, ports: [{name: http, app: 8081, inbound: 30002}]}}
            w3: {TULLE: {service: slow, ready: false, ports: [{name: http, app: 8082, inbound: 30003}]}}
            """
        let fixture = try CompileFixture(resources: "", nodes: YAMLReader.read(nodes, file: "n").first)
        func ports(_ host: String) throws -> [UInt32] {
            let cluster = try #require(try fixture.virtualHost(host)).routes[1].route.cluster
            let resource = try #require(fixture.ask(.endpoints, [cluster]).first)
            let assignment = try Envoy_Config_Endpoint_V3_ClusterLoadAssignment(serializedBytes: resource.body)
            return assignment.endpoints.flatMap(\.lbEndpoints).map(\.endpoint.address.socketAddress.portValue)
        }
        #expect(try ports("web") == [30002])
        #expect(try ports("slow") == [])
        let rows = ServiceTable(world: fixture.world, lost: []).rows()
        let slow = try #require(rows.first { $0.name == "slow" })
        #expect(slow.endpoints.map(\.health) == [.starting])
    }

    @Test("what a slice says a port speaks holds where its Service is silent, and is told to whoever called it before")
    func sliceProtocol() throws {
        let text = """
            {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {ports: [{port: 80, appProtocol: http}]}}
            ---
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a, labels: {kubernetes.io/service-name: a}}, addressType: IPv4, endpoints: [], ports: [{port: 81, appProtocol: grpc}]}
            ---
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: b, labels: {kubernetes.io/service-name: b}}, addressType: IPv4, endpoints: [], ports: [{port: 81, appProtocol: grpc}]}
            """
        let world = try CompileFixture(text).world
        #expect(world.services[ServiceName("a", namespace: "default")]?.ports.map(\.appProtocol) == [.http2])
        #expect(world.services[ServiceName("b", namespace: "default")]?.ports.map(\.appProtocol) == [.http])
        let slice = try #require(world.slices[ServiceName("a", namespace: "default")]?.first)
        func services(_ before: EndpointSlice?, _ after: EndpointSlice?) -> Set<String> {
            var change = Change()
            change.add(before.map { .endpointSlice($0) }, after.map { .endpointSlice($0) })
            #expect(change.endpoints == ["default/a"])
            return change.services
        }
        #expect(services(nil, slice) == ["default/a"] && services(slice, nil) == ["default/a"])
        var moved = slice
        moved.endpoints = [EndpointSlice.Endpoint(addresses: ["10.0.0.1"])]
        #expect(services(slice, moved).isEmpty)
        moved.ports[0].appProtocol = .tcp
        #expect(services(slice, moved) == ["default/a"])
    }

    @Test("a host name without a port means the port that is HTTP of either version")
    func defaultPort() throws {
        let text = """
            {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{name: x, port: 7, appProtocol: tcp}, {name: d, port: 8}, {name: g, port: 9, appProtocol: grpc}]}}
            """
        let host = try #require(try CompileFixture(text).virtualHost("a"))
        #expect(host.routes.last?.route.cluster == "outbound|9||a.default.svc.cluster.local")
    }

    @Test("whole route configurations never hold a domain twice")
    func domains() throws {
        let text = """
            {apiVersion: v1, kind: Service, metadata: {name: a, namespace: default}, spec: {ports: [{port: 80}, {name: b, port: 81}]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: a, namespace: mesh}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: b, namespace: default}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}
            """.replacing("[{port: 80}, {name", with: "[{name: a, port: 80}, {name")
        let nodes = "me: {TULLE: {service: x, outbound: {bind: 127.0.0.1, httpProxy: 3128}}}"
        let fixture = try CompileFixture(
            resources: text, nodes: YAMLReader.read(nodes, file: "n").first)
        let resource = try #require(fixture.ask(.routes, ["outbound|http-proxy"]).first)
        let configuration = try Envoy_Config_Route_V3_RouteConfiguration(serializedBytes: resource.body)
        let domains = configuration.virtualHosts.flatMap(\.domains)
        #expect(Set(domains).count == domains.count)
        #expect(Set(configuration.virtualHosts.map(\.name)).count == configuration.virtualHosts.count)
        #expect(domains.contains("a:81") && domains.contains("a.mesh:80") && domains.contains("127.0.0.1:3128"))
    }

    @Test("one service of 10,000 is compiled without a look at the others")
    func lazy() throws {
        let resources = (0..<10_000).map { number in
            Resource.service(
                Service(
                    metadata: ResourceMetadata(name: "s\(number)"), selector: ["app": "s\(number)"],
                    ports: [ServicePort(port: 80)]))
        }
        let workloads = (0..<10_000).map { number in
            Workload(
                id: "w\(number)", service: "s\(number)", labels: ["app": "s\(number)", "all": "yes"],
                ports: [Workload.Port(name: "", app: 80, inbound: 20_000)])
        }
        let world = World(resources: resources, workloads: workloads)
        var node = Node(id: "me")
        node.metadata["TULLE"] = .object(["service": .string("")])
        let connected = ConnectedNode(
            stream: 1, node: node, flavour: .delta, userAgent: "tulle-proxy", features: ["tulle.on_demand"])
        let clock = ContinuousClock()
        let time = clock.measure {
            for number in 0..<100 {
                let name = "outbound|80||s\(number * 97).default.svc.cluster.local"
                let subscription = Subscription(names: [name])
                #expect(MeshCompiler().compile(.endpoints, subscription, for: connected, in: world).count == 1)
                #expect(MeshCompiler().compile(.cluster, subscription, for: connected, in: world).count == 1)
            }
        }
        // A walk over the mesh for each would take seconds in a debug build.
        #expect(time < .seconds(2))
    }

    @Test("a change touches the clusters and endpoints of its service only")
    func affects() {
        let compiler = MeshCompiler()
        let web = "outbound|80||web.default.svc.cluster.local"
        let change = Change(endpoints: ["default/web"])
        #expect(compiler.affects(change, type: .endpoints, name: web))
        #expect(!compiler.affects(change, type: .endpoints, name: "outbound|80||api.default.svc.cluster.local"))
        #expect(!compiler.affects(change, type: .virtualHost, name: "outbound|http-proxy/web"))
        #expect(
            compiler.affects(Change(services: ["default/api"]), type: .virtualHost, name: "outbound|http-proxy/web"))
        #expect(!compiler.affects(Change(services: ["default/api"]), type: .cluster, name: web))
        #expect(compiler.affects(.everything, type: .cluster, name: web))
    }
}
