import SwiftProtobuf
import Testing
import TulleModel
import TulleXDS

@testable import TulleControl

@Suite struct GRPCRouteCompilerTests {
    private static let services = """
        {apiVersion: v1, kind: Service, metadata: {name: cart}, spec: {ports: [{port: 50051, appProtocol: grpc}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: v2}, spec: {ports: [{port: 50051, appProtocol: grpc}]}}

        """

    private func route(
        _ name: String, _ rules: String, kind: String = "GRPCRoute", namespace: String = "default", port: String = ""
    ) -> String {
        """
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: \(kind)
        metadata: {name: \(name), namespace: \(namespace)}
        spec:
          parentRefs: [{group: "", kind: Service, name: cart, namespace: default\(port)}]
          rules: [\(rules)]

        """
    }

    /// The routes of `cart` after the one for CONNECT.
    private func routes(_ text: String, from namespace: String = "default") throws -> [Envoy_Config_Route_V3_Route] {
        let fixture = try CompileFixture(Self.services + text, namespace: namespace)
        return Array(try #require(try fixture.virtualHost("cart.default")).routes.dropFirst())
    }

    private func names(_ text: String, from namespace: String = "default") throws -> [String] {
        try routes(text, from: namespace).map(\.name)
    }

    @Test("a method is a path, a service a prefix, and what is left open an expression; none takes what is not gRPC")
    func matches() throws {
        func match(_ method: String) throws -> Envoy_Config_Route_V3_RouteMatch {
            let routes = try routes(route("r", "{matches: [{\(method)}]}"))
            #expect(routes.count == 1)
            var match = routes[0].match
            // gRPC-Web too, which becomes gRPC only further on.
            let kind = match.headers.removeLast()
            #expect(kind.name == "content-type" && kind.stringMatch.prefix == "application/grpc")
            return match
        }
        #expect(try match("method: {service: shop.v1.Cart, method: Add}").path == "/shop.v1.Cart/Add")
        #expect(try match("method: {service: shop.v1.Cart}").prefix == "/shop.v1.Cart/")
        #expect(try match("method: {method: Add}").safeRegex.regex == "/[^/]+/Add")
        let both = "method: {type: RegularExpression, service: 'a|b', method: 'G.t'}"
        #expect(try match(both).safeRegex.regex == "/(?:a|b)/(?:G.t)")
        #expect(
            try match("method: {type: RegularExpression, service: 'a|b'}").safeRegex.regex == "/(?:a|b)/[^/]+")
        #expect(
            try match("method: {type: RegularExpression, method: 'G.t'}").safeRegex.regex == "/[^/]+/(?:G.t)")
        #expect(try match("").prefix == "/")
        let headers = try match("headers: [{name: a, value: b}, {name: c, type: RegularExpression, value: d+}]").headers
        #expect(headers.map(\.name) == ["a", "c"])
        #expect(headers.map(\.stringMatch.exact) == ["b", ""] && headers[1].stringMatch.safeRegex.regex == "d+")
    }

    @Test("the most specific match comes first, whatever the order of the rules")
    func precedence() throws {
        let rules = """
            {name: all},
            {name: metadata, matches: [{headers: [{name: h, value: "1"}]}]},
            {name: expression, matches: [{method: {type: RegularExpression, service: "shop.v1.Ca.*"}}]},
            {name: method, matches: [{method: {method: AddToCartAndCheckOut}}]},
            {name: service, matches: [{method: {service: shop.v1.Cart}}]},
            {name: longer, matches: [{method: {service: shop.v1.Carts}}]},
            {name: both, matches: [{method: {service: shop.v1.Cart, method: Add}}]},
            {name: header, matches: [{method: {service: shop.v1.Cart, method: Add}, headers: [{name: h, value: "1"}]}]}
            """
        let names = try names(route("r", rules)).map { $0.split(separator: "/").last.map(String.init) ?? "" }
        #expect(names == ["longer", "header", "both", "service", "method", "expression", "metadata", "all"])
    }

    @Test("of two routes that match alike the older one wins, then the first by name")
    func age() throws {
        let text = Self.services + route("b", "{name: b}") + route("a", "{name: a}")
        func first(_ created: [ResourceKey: Int64]) throws -> [String] {
            let fixture = try CompileFixture(resources: text, nodes: CompileFixture.me, created: created)
            return try #require(try fixture.virtualHost("cart")).routes.dropFirst().map(\.name)
        }
        let a = ResourceKey(kind: .grpcRoute, namespace: "default", name: "a")
        let b = ResourceKey(kind: .grpcRoute, namespace: "default", name: "b")
        #expect(try first([:]) == ["GRPCRoute/default/a/a", "GRPCRoute/default/b/b"])
        #expect(try first([a: 2, b: 1]) == ["GRPCRoute/default/b/b", "GRPCRoute/default/a/a"])
    }

    @Test("a rule of no backend, or of none that exists, answers with 503, which is UNAVAILABLE")
    func noBackend() throws {
        #expect(try routes(route("r", "{name: none}")).first?.directResponse.status == 503)
        #expect(try routes(route("r", "{backendRefs: [{name: gone, port: 1}]}")).first?.directResponse.status == 503)
        let half = try #require(
            try routes(route("r", "{backendRefs: [{name: gone, port: 1}, {name: v2, port: 50051}]}")).first)
        #expect(half.route.weightedClusters.clusters.map(\.weight.value) == [1, 1])
        #expect(half.route.clusterNotFoundResponseCode == .serviceUnavailable)
    }

    @Test("backends have their weights and their own changes of headers")
    func backends() throws {
        let rule = """
            {filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}],
            backendRefs: [{name: cart, port: 50051, weight: 9}, {name: v2, port: 50051, filters:
            [{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [c]}}]}]}
            """
        let route = try #require(try routes(route("r", rule)).first)
        #expect(route.requestHeadersToAdd.map(\.header.key) == ["a"])
        let clusters = route.route.weightedClusters.clusters
        #expect(clusters.map(\.weight.value) == [9, 1])
        #expect(clusters.map(\.responseHeadersToRemove) == [[], ["c"]])
        #expect(route.route.hasTimeout && route.route.timeout.seconds == 0)
        #expect(route.route.retryPolicy.retryOn == "connect-failure,refused-stream,reset-before-request")
    }

    @Test("a GRPCRoute holds in place of an HTTPRoute of its namespace, on the port that both name")
    func conflict() throws {
        let http = route("h", "{name: h}", kind: "HTTPRoute")
        #expect(try names(http) == ["HTTPRoute/default/h/h"])
        #expect(try names(http + route("g", "{name: g}")) == ["GRPCRoute/default/g/g"])
        #expect(try names(http + route("g", "{name: g}", port: ", port: 1")) == ["HTTPRoute/default/h/h"])
    }

    @Test("a consumer's route holds for callers of its namespace only, whatever the producer's kind")
    func consumer() throws {
        let text = route("p", "{name: p}") + route("c", "{name: c}", kind: "HTTPRoute", namespace: "shop")
        #expect(try names(text, from: "shop") == ["HTTPRoute/shop/c/c"])
        #expect(try names(text, from: "other") == ["GRPCRoute/default/p/p"])
        #expect(try names(text) == ["GRPCRoute/default/p/p"])
    }

    @Test("a gRPC client gets the same, without what only proxies need")
    func client() throws {
        let rules =
            "{matches: [{method: {service: a.B, method: C}}], backendRefs: [{name: v2, port: 50051}]}, "
            + "{backendRefs: [{name: cart, port: 50051}]}"
        let fixture = try CompileFixture(Self.services + route("r", rules), agent: "gRPC Go")
        let resource = try #require(fixture.ask(.routes, ["api|cart.mesh"]).first)
        let routes = try Envoy_Config_Route_V3_RouteConfiguration(serializedBytes: resource.body).virtualHosts[0].routes
        #expect(routes.map(\.match.path) == ["/a.B/C", ""])
        #expect(routes.allSatisfy { !$0.match.hasGrpc && !$0.route.hasRetryPolicy })
    }
}
