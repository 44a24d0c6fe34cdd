import Testing
import TulleModel

@testable import TulleProxy

@Suite struct RouteIndexTests {
    func found(_ routes: [Route], _ fixture: Fixture) throws -> String? {
        fixture.route(in: try table(routes))?.name
    }

    @Test("the first route that matches is taken, not the most exact")
    func order() throws {
        let routes = [
            route(.prefix("/a"), to: "prefix", headers: [HeaderMatcher(name: "x", test: .present(true))]),
            route(.regex("/a/[0-9]+"), to: "regex"), route(.exact("/a/1"), to: "late"), route(.prefix("/a/"), to: "a"),
            route(.exact("/b"), to: "b"), route(.prefix(""), to: "all"),
        ]
        #expect(try found(routes, Fixture("GET", "/a/1")) == "regex")
        #expect(try found(routes, Fixture("GET", "/a/1", headers: [("X", "")])) == "prefix")
        #expect(try found(routes, Fixture("GET", "/a/x?1")) == "a")
        #expect(try found(routes, Fixture("GET", "/b?/a")) == "b")
        #expect(try found(routes, Fixture("GET", "/b/")) == "all")
        #expect(try found(routes, Fixture("OPTIONS", "*")) == "all")
        #expect(try found(routes, Fixture("CONNECT", "web.mesh:1", host: "web.mesh:1")) == nil)
    }

    @Test(
        "a separated prefix ends at a slash or at the path's end",
        arguments: [("/api", true), ("/api?x", true), ("/api/", true), ("/api/v1", true), ("/apix", false)])
    func separated(target: String, matches: Bool) throws {
        #expect((try found([route(.separatedPrefix("/api"))], Fixture("GET", target)) != nil) == matches)
    }

    @Test("paths match without regard to case when told so")
    func foldedPaths() throws {
        let routes = [
            route(.exact("/Exact"), to: "exact", caseSensitive: false),
            route(.prefix("/Pre"), to: "prefix", caseSensitive: false),
            route(.separatedPrefix("/Sep"), to: "separated", caseSensitive: false), route(.exact("/CASE"), to: "case"),
        ]
        #expect(try found(routes, Fixture("GET", "/eXACT")) == "exact")
        #expect(try found(routes, Fixture("GET", "/pREfix")) == "prefix")
        #expect(try found(routes, Fixture("GET", "/SEP/x")) == "separated")
        #expect(try found(routes, Fixture("GET", "/SEPx")) == nil)
        #expect(try found(routes, Fixture("GET", "/case")) == nil)
        #expect(try found(routes, Fixture("GET", "/CASE")) == "case")
    }

    @Test("a regex must match the whole path, without the query")
    func regex() throws {
        let routes = [route(.regex("/u/[^/]+/orders"))]
        #expect(try found(routes, Fixture("GET", "/u/7/orders?x=1")) != nil)
        #expect(try found(routes, Fixture("GET", "/u/7/orders/1")) == nil)
        #expect(try found(routes, Fixture("GET", "/x/u/7/orders")) == nil)
    }

    @Test(
        "only what every match must begin with is taken for a regex's prefix",
        arguments: [
            ("/a/b", "/a/b"), ("/a/[0-9]+", "/a/"), ("/ab*", "/a"), ("/ab?c", "/a"), ("/ab+c", "/ab"),
            ("/ab{0,2}", "/a"),
            ("/a|/b", ""), ("/a/(b|c)", "/a/"), ("/a/(?i)x", "/a/"), ("(?i)/a", ""), ("/a\\.b", "/a"), ("/a\\|b", "/a"),
            ("/a[|]b", ""), ("^/a", ""), ("/a.*", "/a"), ("\\Q/a|b\\E", ""), ("/a$", "/a"), ("", ""), ("/é", "/"),
            ("/a)|(b", ""), ("/foo[[:alpha:](]|/bar", ""), ("/foo[](]|/bar", ""),
        ])
    func literalPrefix(pattern: String, expected: String) {
        #expect(CompiledRegex.literalPrefix(of: Array(pattern.utf8)) == Array(expected.utf8))
    }

    @Test("headers are tested as Envoy does, one of several values is enough")
    func headers() throws {
        func fits(
            _ matcher: HeaderMatcher, _ headers: [(String, String)] = [], _ target: String = "/p?q=1"
        ) throws -> Bool {
            try found([route(.prefix("/"), headers: [matcher])], Fixture("POST", target, headers: headers)) != nil
        }
        func string(_ name: String, _ pattern: StringMatcher.Pattern, folding: Bool = false) -> HeaderMatcher {
            HeaderMatcher(name: name, test: .string(StringMatcher(pattern, ignoreCase: folding)))
        }
        #expect(try fits(string("X-A", .exact("b")), [("x-a", "b")]))
        #expect(try !fits(string("X-A", .exact("b")), [("x-a", "B")]))
        #expect(try fits(string("X-A", .exact("b"), folding: true), [("x-a", "B")]))
        #expect(try fits(string("x-a", .exact("c")), [("x-a", "b"), ("y", "z"), ("X-A", "c"), ("x-a", "d")]))
        #expect(try !fits(string("x-a", .exact("b,c,d")), [("x-a", "b"), ("X-A", "c"), ("x-a", "d")]))
        #expect(try fits(string("x-a", .prefix("ab")), [("x-a", "abc")]))
        #expect(try fits(string("x-a", .suffix("BC"), folding: true), [("x-a", "abc")]))
        #expect(try fits(string("x-a", .contains("b")), [("x-a", "abc")]))
        #expect(try !fits(string("x-a", .contains("bd")), [("x-a", "abc")]))
        #expect(try fits(string("x-a", .regex("a.c")), [("x-a", "abc")]))
        #expect(try !fits(string("x-a", .regex("a.")), [("x-a", "abc")]))
        let range = HeaderMatcher(name: "x-a", test: .range(1, 5))
        #expect(try fits(range, [("x-a", "9"), ("x-a", "3")]))
        #expect(try !fits(range, [("x-a", "9,3")]))
        #expect(try fits(string(":method", .exact("POST"))))
        #expect(try fits(string(":path", .exact("/p?q=1"))))
        #expect(try fits(string(":authority", .exact("web.mesh"))))
        #expect(try fits(string("host", .suffix(".mesh"))))
        #expect(try fits(string(":scheme", .exact("http"))))
        #expect(try fits(string("user-agent", .exact("b")), [("User-Agent", "a"), ("user-agent", "b")]))
    }

    @Test("a missing header fits only a test for its absence, or as an empty value when told so")
    func missing() throws {
        func fits(
            _ test: HeaderMatcher.Test, invert: Bool = false, empty: Bool = false, _ value: String? = nil
        ) throws -> Bool {
            let matcher = HeaderMatcher(name: "x", test: test, invert: invert, treatMissingAsEmpty: empty)
            return try found(
                [route(.prefix("/"), headers: [matcher])], Fixture(headers: value.map { [("x", $0)] } ?? [])) != nil
        }
        let exact = HeaderMatcher.Test.string(StringMatcher(.exact("v")))
        #expect(try !fits(exact))
        #expect(try !fits(exact, invert: true))
        #expect(try fits(exact, invert: true, "w"))
        #expect(try !fits(exact, invert: true, "v"))
        #expect(try fits(exact, invert: true, empty: true))
        #expect(try fits(.string(StringMatcher(.exact(""))), empty: true))
        #expect(try fits(.present(false)))
        #expect(try fits(.present(true), invert: true))
        #expect(try fits(.present(true), ""))
        #expect(try !fits(.present(false), "v"))
        #expect(try fits(.range(-10, 5), "-10"))
        #expect(try !fits(.range(-10, 5), "5"))
        #expect(try !fits(.range(-10, 5), "4x"))
        #expect(try fits(.range(-10, 5), invert: true, "x"))
    }

    @Test("query parameters are compared as they stand, the first value counts")
    func query() throws {
        func fits(_ test: QueryParameterMatcher.Test, _ target: String) throws -> Bool {
            try found(
                [route(.prefix("/"), query: [QueryParameterMatcher(name: "q", test: test)])], Fixture("GET", target))
                != nil
        }
        let exact = QueryParameterMatcher.Test.string(StringMatcher(.exact("1")))
        #expect(try fits(exact, "/?q=1"))
        #expect(try fits(exact, "/?a=q&b&q=1&q=2"))
        #expect(try !fits(exact, "/?q=2&q=1"))
        #expect(try !fits(exact, "/?qq=1"))
        #expect(try !fits(exact, "/q=1"))
        #expect(try fits(.string(StringMatcher(.exact("a%20=b"))), "/?q=a%20=b"))
        #expect(try fits(.string(StringMatcher(.exact(""))), "/?q"))
        #expect(try fits(.present(true), "/?x&q&y"))
        #expect(try !fits(.present(true), "/?x"))
        #expect(try fits(.present(false), "/?x"))
        #expect(try !fits(.present(false), "/?q=1"))
    }

    @Test("the index finds what a scan of all routes in order finds, whatever the routes")
    func equalsScan() throws {
        var random = SystemlessRandom(state: 20_261_123)
        let segments = ["a", "b", "ab", "A", "x1", "orders", ""]
        func path() -> String {
            "/"
                + (0..<Int.random(in: 0...4, using: &random)).map { _ in segments.randomElement(using: &random)! }
                .joined(separator: "/")
        }
        for _ in 0..<60 {
            var routes: [Route] = []
            for number in 0..<Int.random(in: 1...120, using: &random) {
                let kind: RouteMatch.Path =
                    switch Int.random(in: 0..<6, using: &random) {
                    case 0: .exact(path())
                    case 1: .separatedPrefix("/" + segments.randomElement(using: &random)!)
                    case 2: .regex(path() + ["", "[ab]*", ".*", "?", "|/b"].randomElement(using: &random)!)
                    case 3: .connect
                    default: .prefix(path())
                    }
                let headers =
                    Bool.random(using: &random)
                    ? [HeaderMatcher(name: "x", test: .string(StringMatcher(.exact("\(number % 3)"))))] : []
                routes.append(
                    route(
                        kind, to: "r\(number)", headers: headers,
                        caseSensitive: Int.random(in: 0..<4, using: &random) > 0))
            }
            let indexed = try table(routes)
            let single = try routes.map { try table([$0]) }
            for _ in 0..<60 {
                let fixture = Fixture(
                    "GET", path() + (Bool.random(using: &random) ? "?x=/a" : ""),
                    headers: [("x", "\(Int.random(in: 0..<4, using: &random))")])
                let expected = single.lazy.compactMap { fixture.route(in: $0)?.name }.first
                #expect(fixture.route(in: indexed)?.name == expected)
            }
        }
    }

    @Test("ten thousand routes match like their linear scan")
    func tenThousand() throws {
        var random = SystemlessRandom(state: 7)
        var routes: [Route] = []
        for number in 0..<10_000 {
            let kind: RouteMatch.Path =
                switch number % 4 {
                case 0: .exact("/svc-\(number % 3000)/item")
                case 1: .prefix("/svc-\(number % 2000)/")
                case 2: .separatedPrefix("/svc-\(number % 1000)/api")
                default: .regex("/svc-\(number % 500)/[a-z]+/\(number % 7)")
                }
            routes.append(route(kind, to: "r\(number)"))
        }
        let indexed = try table(routes)
        func scan(_ path: String) -> String? {
            routes.first {
                switch $0.match.path {
                case .exact(let text): return path == text
                case .prefix(let text): return path.hasPrefix(text)
                case .separatedPrefix(let text): return path == text || path.hasPrefix(text + "/")
                case .regex(let text):
                    let parts = text.split(separator: "/")
                    let given = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
                    return given.count == 3 && given[1] == parts[0] && given[3] == parts[2] && !given[2].isEmpty
                        && given[2].allSatisfy { ("a"..."z").contains($0) }
                case .connect: return false
                }
            }?.name
        }
        for _ in 0..<200 {
            let tail = ["item", "api", "api/x", "", "list/3", "list/9", "apix"].randomElement(using: &random)!
            let path = "/svc-\(Int.random(in: 0..<3500, using: &random))/\(tail)"
            #expect(Fixture("GET", path).route(in: indexed)?.name == scan(path), "\(path)")
        }
    }
}

struct SystemlessRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state ^ (state >> 29)) &* 0xBF58_476D_1CE4_E5B9
    }
}
