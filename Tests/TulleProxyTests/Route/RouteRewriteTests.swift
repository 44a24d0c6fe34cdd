import NIOCore
import Testing
import TulleModel
import TulleTelemetry

@testable import TulleProxy

@Suite struct RouteRewriteTests {
    func rewriting(_ path: RouteMatch.Path, _ change: (inout RouteAction) -> Void) throws -> RouteTable {
        var action = RouteAction(target: .cluster("c"))
        change(&action)
        return try table([Route(match: RouteMatch(path: path), action: .forward(action))])
    }

    @Test(
        "the matched part of the path is replaced by the prefix rewrite",
        arguments: [
            (RouteMatch.Path.prefix("/a/"), "/b/", "/a/x?q=1", "/b/x?q=1"), (.prefix("/a"), "/", "/a/x", "//x"),
            (.exact("/a"), "/b", "/a?q", "/b?q"), (.separatedPrefix("/a"), "/b", "/a", "/b"),
            (.regex("/a.*"), "/b", "/abc/d?q", "/b?q"), (.prefix("/a"), "/b?x=1", "/ac", "/b?x=1c"),
        ])
    func prefixRewrite(path: RouteMatch.Path, rewrite: String, target: String, expected: String) throws {
        var fixture = Fixture("GET", target)
        let lines = try fixture.rewritten(by: try rewriting(path) { $0.pathRewrite = .prefix(rewrite) })
        #expect(lines[0] == "GET \(expected) HTTP/1.1")
        #expect(lines.contains("x-envoy-original-path: \(target)"))
    }

    @Test("a regex rewrite replaces in the path alone, with groups, and the query stays")
    func regexRewrite() throws {
        var fixture = Fixture("GET", "/u/42/x/u?u=/u/1")
        let table = try rewriting(.prefix("/")) {
            $0.pathRewrite = .regex(pattern: "/u/([0-9]+)", substitution: "/user/\\1")
        }
        #expect(
            try fixture.rewritten(by: table, suppressEnvoyHeaders: true) == [
                "GET /user/42/x/u?u=/u/1 HTTP/1.1", "Host: web.mesh",
            ])
    }

    @Test("hosts are rewritten from a literal, a header or the endpoint, and remembered")
    func hostRewrite() throws {
        var fixture = Fixture(headers: [("X-Forwarded-Host", "a")])
        let literal = try rewriting(.prefix("/")) {
            $0.hostRewrite = .literal("other")
            $0.appendForwardedHost = true
        }
        #expect(
            try fixture.rewritten(by: literal) == [
                "GET / HTTP/1.1", "host: other", "x-forwarded-host: a,web.mesh", "x-envoy-original-host: web.mesh",
            ])
        let header = try rewriting(.prefix("/")) { $0.hostRewrite = .header("X-To") }
        fixture = Fixture(headers: [("x-to", "there:1")])
        #expect(try fixture.rewritten(by: header, suppressEnvoyHeaders: true).contains("host: there:1"))
        fixture = Fixture()
        #expect(try fixture.rewritten(by: header) == ["GET / HTTP/1.1", "Host: web.mesh"])
        fixture = Fixture()
        let endpoint = try rewriting(.prefix("/")) { $0.hostRewrite = .fromEndpoint }
        #expect(
            try fixture.rewritten(by: endpoint, suppressEnvoyHeaders: true, endpoint: "e.mesh") == [
                "GET / HTTP/1.1", "host: e.mesh",
            ])
    }

    @Test("weighted clusters are chosen by the random number modulo the sum of weights")
    func weighted() throws {
        var action = RouteAction(
            target: .weighted([
                WeightedCluster(name: "a", weight: 1), WeightedCluster(name: "none", weight: 0),
                WeightedCluster(name: "b", weight: 3, hostRewriteLiteral: "b.host"),
            ]))
        action.hostRewrite = .literal("route.host")
        let table = try table([Route(match: RouteMatch(path: .prefix("/")), action: .forward(action))])
        var fixture = Fixture()
        let rule = try #require(fixture.route(in: table)?.forward)
        let names = (0..<8).map { table.clusterNames[Int(rule.choose(random: UInt64($0)).cluster)] }
        #expect(names == ["a", "b", "b", "b", "a", "b", "b", "b"])
        #expect(try fixture.rewritten(by: table, random: 0, suppressEnvoyHeaders: true).contains("host: route.host"))
        fixture = Fixture()
        #expect(try fixture.rewritten(by: table, random: 1, suppressEnvoyHeaders: true).contains("host: b.host"))
    }

    func mutating(_ mutations: HeaderMutations) throws -> RouteTable {
        try table([Route(match: RouteMatch(path: .prefix("/")), action: forward("c"), mutations: mutations)])
    }

    @Test("fields are removed, overwritten and added by their actions")
    func actions() throws {
        var fixture = Fixture(headers: [
            ("X-A", "1"), ("X-B", "1"), ("X-C", "1"), ("X-Gone", "1"), ("User-Agent", "me"), ("Cookie", "a=1"),
        ])
        let lines = try fixture.rewritten(
            by: try mutating(
                HeaderMutations(
                    requestAdd: [
                        HeaderAddition(name: "X-A", value: "2"),
                        HeaderAddition(name: "X-B", value: "2", action: .overwriteIfExistsOrAdd),
                        HeaderAddition(name: "X-C", value: "2", action: .addIfAbsent),
                        HeaderAddition(name: "X-D", value: "2", action: .overwriteIfExists),
                        HeaderAddition(name: "X-E", value: "2", action: .addIfAbsent),
                        HeaderAddition(name: "X-Gone", value: "2", action: .addIfAbsent),
                        HeaderAddition(name: "user-agent", value: "you"),
                        HeaderAddition(name: "cookie", value: "b=2"), HeaderAddition(name: "X-Empty", value: ""),
                        HeaderAddition(name: "X-Kept", value: "", keepEmptyValue: true),
                        HeaderAddition(name: "X-P", value: "%PROTOCOL% %REQ(x-a)% %REQ(none)%"),
                        HeaderAddition(name: "X-N", value: "%REQ(none)%"),
                    ], requestRemove: ["x-gone"])))
        #expect(
            lines == [
                "GET / HTTP/1.1", "Host: web.mesh", "X-A: 1", "X-C: 1", "Cookie: a=1", "x-b: 2", "x-a: 2", "x-e: 2",
                "x-gone: 2",
                "user-agent: me,you", "cookie: b=2", "x-kept: ", "x-p: HTTP/1.1 1 ",
            ])
    }

    @Test("the route configuration's value wins, or the route's when the most specific win")
    func precedence() throws {
        func set(_ value: String) -> HeaderMutations {
            let addition = HeaderAddition(name: "x", value: value, action: .overwriteIfExistsOrAdd)
            return HeaderMutations(requestAdd: [addition], responseAdd: [addition])
        }
        for (specific, expected) in [(false, "all"), (true, "cluster")] {
            let action = RouteAction(
                target: .weighted([WeightedCluster(name: "c", weight: 1, mutations: set("cluster"))]))
            let table = try RouteTable(
                RouteConfiguration(
                    name: "r",
                    virtualHosts: [
                        VirtualHost(
                            name: "v", domains: ["*"],
                            routes: [
                                Route(
                                    match: RouteMatch(path: .prefix("/")), action: .forward(action),
                                    mutations: set("route"))
                            ], mutations: set("host"))
                    ], mutations: set("all"), mostSpecificMutationsWin: specific))
            var fixture = Fixture()
            #expect(try fixture.rewritten(by: table) == ["GET / HTTP/1.1", "Host: web.mesh", "x: \(expected)"])
            let entry = try #require(fixture.route(in: table))
            var block = HeaderBlock()
            let choice = try #require(entry.forward).choose(random: 0)
            entry.mutateResponse(&block, choice, values: MutationValues())
            #expect(block.value(.other).map { block.string($0) } == expected)
        }
    }

    @Test("control characters in formatted values become blanks")
    func sanitised() throws {
        var fixture = Fixture()
        var context = FixtureContext()
        context.values[.routeName] = "a\r\nx: y"
        let table = try mutating(HeaderMutations(requestAdd: [HeaderAddition(name: "n", value: "%ROUTE_NAME%")]))
        #expect(try fixture.rewritten(by: table, context: context).last == "n: a  x: y")
    }

    @Test(
        "wrong routes are refused with where and what",
        arguments: [
            (
                RouteMatch.Path.regex("("), RouteAction.Target.cluster("c"), HeaderMutations(),
                "regex \"(\" does not compile"
            ),
            (
                .prefix("/"), .weighted([WeightedCluster(name: "c", weight: 0)]), HeaderMutations(),
                "route 0 \"n\": the sum of"
            ),
            (
                .prefix("/"), .cluster("c"), HeaderMutations(requestAdd: [HeaderAddition(name: ":path", value: "")]),
                "may not be modified"
            ),
            (.prefix("/"), .cluster("c"), HeaderMutations(requestRemove: ["Host"]), "may not be removed"),
            (
                .prefix("/"), .cluster("c"), HeaderMutations(requestAdd: [HeaderAddition(name: "a b", value: "")]),
                "is not a token"
            ),
            (
                .prefix("/"), .cluster("c"),
                HeaderMutations(requestAdd: [HeaderAddition(name: "a", value: "%PROTOCO%")]), "did you mean %PROTOCOL%?"
            ),
            (
                .prefix("/"), .cluster("c"),
                HeaderMutations(responseAdd: [HeaderAddition(name: "a", value: "x\r\ny: z")]), "control character"
            ),
        ])
    func wrong(path: RouteMatch.Path, target: RouteAction.Target, mutations: HeaderMutations, message: String) {
        let error = #expect(throws: RouteError.self) {
            try table([
                Route(
                    name: "n", match: RouteMatch(path: path), action: .forward(RouteAction(target: target)),
                    mutations: mutations)
            ])
        }
        #expect(error?.description.contains("virtual host \"v\": ") ?? false)
        #expect(error?.description.contains(message) ?? false, "\(String(describing: error))")
    }

    func redirecting(_ path: RouteMatch.Path, _ action: RedirectAction) throws -> RouteTable {
        try table([Route(match: RouteMatch(path: path), action: .redirect(action))])
    }

    @Test(
        "a Location is computed as Envoy does",
        arguments: [
            (RedirectAction(scheme: "https"), "a.b", "/x?q", "https://a.b/x?q"),
            (RedirectAction(scheme: "https"), "a.b:80", "/", "https://a.b/"),
            (RedirectAction(scheme: "https"), "a.b:8080", "/", "https://a.b:8080/"),
            (RedirectAction(scheme: "http"), "a.b:80", "/", "http://a.b:80/"),
            (RedirectAction(scheme: "https"), "[::1]:80", "/", "https://[::1]/"),
            (RedirectAction(scheme: "https"), "[::1]", "/", "https://[::1]/"),
            (RedirectAction(port: 8443), "a.b:1", "/", "http://a.b:8443/"),
            (RedirectAction(host: "c.d"), "a.b:1", "/x", "http://c.d/x"),
            (RedirectAction(host: "c.d", port: 81), "a.b", "/x", "http://c.d:81/x"),
            (RedirectAction(path: .replace("/n")), "a.b", "/x?q=1", "http://a.b/n?q=1"),
            (RedirectAction(path: .replace("/n?m=1")), "a.b", "/x?q=1", "http://a.b/n?m=1"),
            (RedirectAction(path: .replace("/n?m=1"), stripQuery: true), "a.b", "/x?q=1", "http://a.b/n?m=1"),
            (RedirectAction(path: .replace("n"), stripQuery: true), "a.b", "/x?q=1", "http://a.b/n"),
            (RedirectAction(path: .prefix("/n")), "a.b", "/x/y?q=1", "http://a.b/n/y?q=1"),
            (RedirectAction(path: .prefix("/n"), stripQuery: true), "a.b", "/x/y?q=1", "http://a.b/n/y"),
            (
                RedirectAction(path: .regex(pattern: "/(x)/", substitution: "/\\1\\1/")), "a.b", "/x/y?q=/x/",
                "http://a.b/xx/y?q=/x/"
            ),
            (RedirectAction(stripQuery: true), "a.b", "/x?q", "http://a.b/x"),
        ])
    func redirects(action: RedirectAction, host: String, target: String, expected: String) throws {
        let table = try redirecting(.prefix("/x"), action)
        let all = try redirecting(.prefix("/"), action)
        let fixture = Fixture("GET", target, host: host)
        #expect(try fixture.location(in: target.hasPrefix("/x") ? table : all) == expected)
    }

    @Test("the default port is judged by X-Forwarded-Proto")
    func forwardedProto() throws {
        let table = try redirecting(.prefix("/"), RedirectAction(scheme: "https"))
        let fixture = Fixture("GET", "/", host: "a.b:443", headers: [("X-Forwarded-Proto", "https")])
        #expect(try fixture.location(in: table) == "https://a.b:443/")
        let down = try redirecting(.prefix("/"), RedirectAction(scheme: "http"))
        #expect(try fixture.location(in: down) == "http://a.b/")
    }

    @Test("a direct response of 201 or 3xx names the request as its Location")
    func directResponse() throws {
        let table = try table([
            Route(
                match: RouteMatch(path: .prefix("/")),
                action: .respond(DirectResponse(status: 302, body: Array("x".utf8))))
        ])
        let fixture = Fixture("GET", "/a?b")
        let response = try #require(fixture.route(in: table)?.response)
        #expect(response.status == 302 && response.hasLocation && response.body == Array("x".utf8))
        #expect(fixture.location(.unchanged) == "http://web.mesh/a?b")
    }

    @Test("timeouts, retries and upgrades are the route's, or the virtual host's")
    func facts() throws {
        var action = RouteAction(target: .cluster("c"))
        action.timeout = .zero
        action.idleTimeout = .seconds(3)
        action.upgrades = ["websocket": true, "CONNECT": false]
        let retries = RetryPolicy(conditions: [.connectFailure], retries: 2)
        let table = try RouteTable(
            RouteConfiguration(
                name: "r",
                virtualHosts: [
                    VirtualHost(
                        name: "v", domains: ["*"],
                        routes: [Route(match: RouteMatch(path: .prefix("/")), action: .forward(action))],
                        retryPolicy: retries)
                ]))
        let rule = try #require(Fixture().route(in: table)?.forward)
        #expect(rule.timeout == nil && rule.idleTimeout == .seconds(3) && rule.retryPolicy == retries)
        func allows(_ type: String) -> Bool? { Array(type.utf8).withUnsafeBytes { rule.allowsUpgrade($0) } }
        #expect(allows("WebSocket") == true && allows("connect") == false && allows("h2c") == nil)
    }
}
