import Testing
import TulleConfig
import TulleModel

@Suite struct ResourceSetTests {
    private func shop() throws -> ResourceSet {
        try ResourceSet.decode(try ResourceFiles.read("Good/shop.yaml"), file: "shop.yaml")
    }

    @Test("a file of several documents and lists is read in order")
    func order() throws {
        let set = try shop()
        #expect(
            set.documents.map { "\($0.key)" } == [
                "Service default/web", "Service default/web-v1", "Service default/web-v2", "HTTPRoute default/web",
                "GRPCRoute default/cart", "TCPRoute default/admin", "BackendPolicy default/web",
                "EndpointSlice default/web-hand",
            ])
        try set.validate()
    }

    @Test("a Service keeps its selector, ports and address")
    func service() throws {
        let set = try shop()
        let key = ResourceKey(kind: .service, namespace: "default", name: "web")
        guard case .service(let service)? = set[key]?.resource else {
            Issue.record("no service")
            return
        }
        #expect(service.selector == ["app": "web"])
        #expect(service.clusterIPs == ["10.96.0.7"])
        #expect(
            service.ports == [
                ServicePort(name: "http", port: 80, target: .number(8080), appProtocol: .http),
                ServicePort(name: "admin", port: 9000, target: .name("admin")),
            ])
    }

    @Test("an HTTPRoute keeps its rules, with defaults filled in")
    func route() throws {
        let set = try shop()
        let key = ResourceKey(kind: .httpRoute, namespace: "default", name: "web")
        guard case .httpRoute(let route)? = set[key]?.resource else {
            Issue.record("no route")
            return
        }
        #expect(route.parents == [ParentReference(service: ServiceName("web"), port: 80)])
        #expect(route.rules.count == 3)
        let canary = route.rules[0]
        #expect(canary.matches[0].path == .prefix("/api"))
        #expect(canary.matches[0].headers == [HTTPRoute.ValueMatch(name: "X-Canary", test: .exact("yes"))])
        #expect(canary.matches[1].method == "POST")
        #expect(canary.requestTimeout == .seconds(90))
        #expect(canary.backendRequestTimeout == .milliseconds(500))
        #expect(canary.backends.map(\.reference.weight) == [9, 1])
        #expect(canary.filters.count == 2)
        #expect(
            route.rules[1].filters == [
                .redirect(HTTPRoute.Redirect(scheme: "https", path: .prefixMatch("/"), statusCode: 301))
            ])
        #expect(route.rules[2].matches == [HTTPRoute.Match()])
    }

    @Test("a GRPCRoute keeps its rules, with defaults filled in")
    func grpcRoute() throws {
        let set = try shop()
        let key = ResourceKey(kind: .grpcRoute, namespace: "default", name: "cart")
        guard case .grpcRoute(let route)? = set[key]?.resource else {
            Issue.record("no route")
            return
        }
        #expect(route.parents == [ParentReference(service: ServiceName("web"), port: 9000)])
        #expect(
            route.rules[0].matches == [
                GRPCRoute.Match(
                    method: .exact(service: "shop.v1.Cart", method: "Add"),
                    headers: [HTTPRoute.ValueMatch(name: "X-Canary", test: .exact("yes"))]),
                GRPCRoute.Match(method: .regularExpression(service: #"shop\..*"#, method: nil)),
                GRPCRoute.Match(headers: [HTTPRoute.ValueMatch(name: "x-user", test: .regularExpression("[0-9]+"))]),
            ])
        #expect(
            route.rules[0].filters
                == [.requestHeaders(HTTPRoute.HeaderModifier(set: [.init(name: "X-Route", value: "add")]))])
        #expect(route.rules[0].backends.map(\.reference.weight) == [9, 1])
        #expect(route.rules[0].backends.map(\.filters.count) == [0, 1])
        #expect(route.rules[1].matches == [GRPCRoute.Match()])
        let bare = """
            apiVersion: gateway.networking.k8s.io/v1
            kind: GRPCRoute
            metadata: {name: all}
            spec: {parentRefs: [{group: "", kind: Service, name: web}]}
            """
        guard case .grpcRoute(let all)? = try ResourceSet.decode(Array(bare.utf8), file: "b").documents.first?.resource
        else {
            Issue.record("no route")
            return
        }
        #expect(all.rules == [GRPCRoute.Rule()])
    }

    @Test("what is written out reads back as the same")
    func roundTrip() throws {
        for document in try shop().documents {
            let json = try ResourceSet.decode(Array(document.json.utf8), file: "j")
            #expect(json.documents.map(\.resource) == [document.resource])
            #expect(json.documents.map(\.json) == [document.json])
            let yaml = try ResourceSet.decode(Array(YAMLWriter.yaml(document.node).utf8), file: "y")
            #expect(yaml.documents.map(\.json) == [document.json])
            let pretty = YAMLWriter.json(document.node, indented: true)
            #expect(try ResourceSet.decode(Array(pretty.utf8), file: "p").documents.map(\.json) == [document.json])
        }
    }

    @Test("what a Kubernetes API server adds is accepted and not kept")
    func serverFields() throws {
        let set = try shop()
        let route = set[ResourceKey(kind: .httpRoute, namespace: "default", name: "web")]
        #expect(route?.node["status"] == nil)
        #expect(route?.node["metadata"]?.mapping?.map(\.name) == ["name", "namespace"])
    }

    @Test("JSON is read, null is nothing, and a namespace of its own is kept")
    func json() throws {
        let set = try ResourceSet.decode(
            try ResourceFiles.read("Good/service.json"), file: "service.json", defaultNamespace: "other")
        guard case .service(let service)? = set.documents.first?.resource else {
            Issue.record("no service")
            return
        }
        #expect(service.name == ServiceName("api", namespace: "prod"))
        #expect(service.selector.isEmpty)
        #expect(service.clusterIPs.isEmpty)
        #expect(service.ports == [ServicePort(port: 80, target: .name("http"), appProtocol: .http)])
    }

    @Test("resources without a namespace belong to the default one given")
    func defaultNamespace() throws {
        let text = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 1}]}}"
        let set = try ResourceSet.decode(Array(text.utf8), file: "f", defaultNamespace: "prod")
        #expect(set.documents.first?.key.namespace == "prod")
        #expect(set.documents.first?.node["metadata"]?["namespace"]?.scalar?.text == "prod")
    }

    @Test("a resource that another file has already is refused, and nothing is added")
    func conflict() throws {
        var set = try shop()
        let text = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 1}]}}"
        let other = try ResourceSet.decode(Array(text.utf8), file: "other.yaml")
        #expect {
            try set.add(other)
        } throws: {
            "\($0)" == "other.yaml:1:1: Service default/web is given twice, first in shop.yaml:2"
        }
        #expect(set.documents.count == 8)
    }

    @Test("services known elsewhere may be named")
    func knownServices() throws {
        let text = """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: web}
            spec:
              parentRefs: [{kind: Service, group: "", name: web}]
              rules: [{backendRefs: [{name: api, port: 80}]}]
            """
        let set = try ResourceSet.decode(Array(text.utf8), file: "f")
        try set.validate(against: ServiceDirectory(ports: [ServiceName("web"): [80], ServiceName("api"): [80]]))
        #expect(throws: ConfigurationErrors.self) {
            try set.validate(against: ServiceDirectory(ports: [ServiceName("web"): [80]]))
        }
    }

    @Test("random changes to a good file never crash the reader")
    func mutations() throws {
        let good = try ResourceFiles.read("Good/shop.yaml")
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]:,-&*!|>'\"% \n0aZ~".utf8)
        for _ in 0..<300 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = alphabet.randomElement(using: &generator) ?? 0
            }
            if let set = try? ResourceSet.decode(bytes, file: "f") { try? set.validate() }
        }
    }
}
