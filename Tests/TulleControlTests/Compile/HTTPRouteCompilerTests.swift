import SwiftProtobuf
import Testing
import TulleModel
import TulleXDS

@testable import TulleControl

@Suite struct HTTPRouteCompilerTests {
    private static let services = """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: v2}, spec: {ports: [{port: 80}]}}

        """

    private func route(_ name: String, _ rules: String, namespace: String = "default") -> String {
        """
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: \(name), namespace: \(namespace)}
        spec:
          parentRefs: [{group: "", kind: Service, name: web, namespace: default}]
          rules: [\(rules)]

        """
    }

    private func routes(_ rules: String) throws -> [Envoy_Config_Route_V3_Route] {
        let fixture = try CompileFixture(Self.services + route("r", rules))
        return Array(try #require(try fixture.virtualHost("web")).routes.dropFirst())
    }

    @Test("the most specific match comes first, whatever the order of the rules")
    func precedence() throws {
        let rules = """
            {name: all},
            {name: long, matches: [{path: {value: /aa/bb}}]},
            {name: regex, matches: [{path: {type: RegularExpression, value: "/x.*"}}]},
            {name: short, matches: [{path: {value: /aa}}]},
            {name: query, matches: [{path: {value: /aa}, queryParams: [{name: q, value: "1"}]}]},
            {name: header, matches: [{path: {value: /aa}, headers: [{name: h, value: "1"}]}]},
            {name: method, matches: [{path: {value: /aa}, method: GET}]},
            {name: exact, matches: [{path: {type: Exact, value: /a}}]}
            """
        let names = try routes(rules).map { $0.name.split(separator: "/").last.map(String.init) ?? "" }
        #expect(names == ["exact", "regex", "long", "method", "header", "query", "short", "all"])
    }

    @Test("of two routes that match alike the older one wins, then the first by name")
    func age() throws {
        let text = Self.services + route("b", "{name: b}") + route("a", "{name: a}")
        func first(_ created: [ResourceKey: Int64]) throws -> [String] {
            let nodes = CompileFixture.me
            let fixture = try CompileFixture(resources: text, nodes: nodes, created: created)
            return try #require(try fixture.virtualHost("web")).routes.dropFirst().map(\.name)
        }
        let a = ResourceKey(kind: .httpRoute, namespace: "default", name: "a")
        let b = ResourceKey(kind: .httpRoute, namespace: "default", name: "b")
        #expect(try first([a: 1, b: 1]) == ["HTTPRoute/default/a/a", "HTTPRoute/default/b/b"])
        #expect(try first([a: 2, b: 1]) == ["HTTPRoute/default/b/b", "HTTPRoute/default/a/a"])
    }

    @Test("a rule of no backend, or of none that exists, answers with 500")
    func noBackend() throws {
        #expect(try routes("{name: none}").first?.directResponse.status == 500)
        #expect(try routes("{backendRefs: [{name: gone, port: 80}]}").first?.directResponse.status == 500)
        #expect(try routes("{backendRefs: [{name: v2, port: 81}]}").first?.directResponse.status == 500)
    }

    @Test("a backend that does not exist keeps its share, which is answered with 500")
    func halfInvalid() throws {
        let route = try #require(try routes("{backendRefs: [{name: gone, port: 80}, {name: v2, port: 80}]}").first)
        #expect(route.route.weightedClusters.clusters.map(\.weight.value) == [1, 1])
        #expect(route.route.clusterNotFoundResponseCode == .internalServerError)
    }

    @Test("a backend of weight 0 gets nothing")
    func weightZero() throws {
        let route = try routes("{backendRefs: [{name: web, port: 80, weight: 0}, {name: v2, port: 80}]}").first
        #expect(route?.route.cluster == "outbound|80||v2.default.svc.cluster.local")
    }

    @Test("a service with routes answers 404 to what none matches")
    func unmatched() throws {
        let routes = try routes("{matches: [{path: {value: /a}}], backendRefs: [{name: v2, port: 80}]}")
        #expect(routes.map(\.match.pathSeparatedPrefix) == ["/a"])
    }

    @Test("without routes the service's endpoints take all, without a time limit and with retries of what was not sent")
    func defaultRoute() throws {
        let fixture = try CompileFixture(Self.services)
        let host = try #require(try fixture.virtualHost("web"))
        #expect(host.domains == ["web"])
        #expect(host.routes.count == 2)
        let route = host.routes[1].route
        #expect(route.cluster == "outbound|80||web.default.svc.cluster.local")
        #expect(route.hasTimeout && route.timeout.seconds == 0)
        #expect(route.retryPolicy.retryOn == "connect-failure,refused-stream,reset-before-request")
    }

    @Test("a consumer's route holds for callers of its namespace only")
    func consumer() throws {
        let text =
            Self.services + route("producer", "{name: p}")
            + route("consumer", "{name: c}", namespace: "shop")
        let inside = try CompileFixture(text, namespace: "shop").virtualHost("web.default")
        #expect(inside?.routes.dropFirst().map(\.name) == ["HTTPRoute/shop/consumer/c"])
        let outside = try CompileFixture(text, namespace: "other").virtualHost("web.default")
        #expect(outside?.routes.dropFirst().map(\.name) == ["HTTPRoute/default/producer/p"])
        let home = try CompileFixture(text).virtualHost("web")
        #expect(home?.routes.dropFirst().map(\.name) == ["HTTPRoute/default/producer/p"])
    }

    @Test(
        "prefixes are replaced by the Gateway API's rules on slashes",
        arguments: [
            ("/foo", "/xyz", PathRewrite.prefix("/xyz")), ("/foo", "/xyz/", .prefix("/xyz")),
            ("/foo", "", .expression(pattern: "^/foo/?(.*)$", substitution: #"/\1"#)),
            ("/foo", "/", .expression(pattern: "^/foo/?(.*)$", substitution: #"/\1"#)),
            ("/f.o", "/", .expression(pattern: #"^/f\.o/?(.*)$"#, substitution: #"/\1"#)),
            ("/", "/xyz", .prefix("/xyz/")), ("/", "/", .prefix("/")),
        ])
    func prefixes(_ prefix: String, _ replacement: String, _ expected: PathRewrite) {
        #expect(PathRewrite(.prefixMatch(replacement), of: HTTPRoute.Match(path: .prefix(prefix))) == expected)
    }

    @Test("a redirect names the port that it needs")
    func redirectPort() throws {
        func port(_ settings: String) throws -> UInt32? {
            let rule = "{filters: [{type: RequestRedirect, requestRedirect: {\(settings)}}]}"
            return try routes(rule).first?.redirect.portRedirect
        }
        #expect(try port("hostname: a.b") == 0)
        #expect(try port("port: 8083") == 8083)
        #expect(try port("scheme: https") == 0)
        #expect(try port("scheme: https, hostname: a.b, port: 443") == 0)
        #expect(try port("scheme: http, hostname: a.b, port: 443") == 443)
    }

    @Test("a gRPC client gets prefixes in a form that it knows")
    func grpcPrefix() throws {
        let rules =
            "{matches: [{path: {value: /pkg.Service}}], backendRefs: [{name: v2, port: 80}], timeouts: {request: 3s}}"
        let fixture = try CompileFixture(Self.services + route("r", rules), agent: "gRPC Go")
        let resource = try #require(fixture.ask(.routes, ["api|web.mesh"]).first)
        let routes = try Envoy_Config_Route_V3_RouteConfiguration(serializedBytes: resource.body).virtualHosts[0].routes
        #expect(routes.map(\.match.path) == ["/pkg.Service", ""])
        #expect(routes.map(\.match.prefix) == ["", "/pkg.Service/"])
        #expect(routes.allSatisfy { $0.route.maxStreamDuration.maxStreamDuration.seconds == 3 })
    }
}
