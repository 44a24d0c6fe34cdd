import NIOCore
import Testing
import TulleBalancing
import TulleModel

@testable import TulleProxy

@Suite struct AccessRulesTests {
    /// What the rules say, condition by condition and policy by policy: no index, no table, no byte.
    private struct Plain {
        var path: String?
        var method: String
        var host: String
        var headers: [(String, String)]
        var remote: [UInt8]
        var forwarded: [UInt8]
        var destination: [UInt8]
        var port: Int
        var serverName: String
        /// Nil without TLS.
        var principals: [String]?

        func matches(_ condition: RBAC.Condition) -> Bool {
            switch condition {
            case .any: true
            case .all(let inner): inner.allSatisfy(matches)
            case .oneOf(let inner): inner.contains(where: matches)
            case .not(let inner): !matches(inner)
            case .path(let test): path.map { Self.holds(test, $0) } ?? false
            case .header(let matcher): holds(matcher)
            case .address(let origin, let prefix):
                switch origin {
                case .destination: Self.holds(prefix, destination)
                case .directRemote: Self.holds(prefix, remote)
                case .remote: Self.holds(prefix, forwarded)
                }
            case .destinationPort(let wanted): port == wanted
            case .destinationPortRange(let start, let end): start <= port && port < end
            case .requestedServerName(let test): Self.holds(test, serverName)
            case .authenticated(nil): principals != nil
            case .authenticated(let test?): principals?.contains { Self.holds(test, $0) } ?? false
            }
        }

        private func holds(_ matcher: HeaderMatcher) -> Bool {
            var values = headers.filter { $0.0 == matcher.name }.map(\.1)
            if matcher.name == ":method" { values = [method] }
            if matcher.name == ":authority" { values = [host] }
            if values.isEmpty, matcher.treatMissingAsEmpty { values = [""] }
            guard case .string(let test) = matcher.test, !values.isEmpty else { return false }
            return values.contains { Self.holds(test, $0) } != matcher.invert
        }

        private static func holds(_ matcher: StringMatcher, _ text: String) -> Bool {
            let text = matcher.ignoreCase ? text.lowercased() : text
            func wanted(_ pattern: String) -> String { matcher.ignoreCase ? pattern.lowercased() : pattern }
            switch matcher.pattern {
            case .exact(let pattern): return text == wanted(pattern)
            case .prefix(let pattern): return text.hasPrefix(wanted(pattern))
            case .suffix(let pattern): return text.hasSuffix(wanted(pattern))
            case .contains(let pattern): return text.contains(wanted(pattern))
            // The only expressions here are PREFIX and .*, whose dot takes all but a line break.
            case .regex(let pattern): return text.hasPrefix(pattern.dropLast(2))
            }
        }

        private static func holds(_ prefix: AddressPrefix, _ address: [UInt8]) -> Bool {
            guard let range = try? PeerAddress(ipAddress: prefix.address, port: 0).ipBytes, range.count == address.count
            else { return false }
            func bit(_ bytes: [UInt8], _ index: Int) -> UInt8 { bytes[index / 8] >> UInt8(7 - index % 8) & 1 }
            return (0..<prefix.length).allSatisfy { bit(range, $0) == bit(address, $0) }
        }
    }

    /// Draws rules and requests from few words, so that they meet often.
    private struct Draw {
        var random: WorkerRandom

        mutating func below(_ bound: Int) -> Int { random.next(below: bound) }
        mutating func one<Element>(_ list: [Element]) -> Element { list[below(list.count)] }
        mutating func some<Result>(_ most: Int, _ make: (inout Draw) -> Result) -> [Result] {
            (0...below(most)).map { _ in make(&self) }
        }

        static let names = [
            "spiffe://m/ns/a/sa/x", "spiffe://m/ns/a/sa/y", "spiffe://m/ns/b/sa/x", "web.example", "CN=z", "",
        ]
        static let paths = ["/", "/a", "/a/b", "/A/b", "/a/b/c", "/b", "/b/c", "/c/long/path", "/c/long/pith"]
        static let hosts = ["web.mesh", "cart.mesh", "Cart.Mesh"]
        static let values = ["v1", "v2", "V1", "v12"]
        static let headers = ["x-a", "x-b", "user-agent"]
        static let addresses = [
            "10.0.0.1", "10.0.0.2", "10.0.1.1", "10.1.0.1", "192.168.7.9", "0.0.0.0", "255.255.255.255", "2001:db8::1",
            "2001:db8::2", "2001:db8:1::1", "::1", "fe80::a:b",
        ]
        static let serverNames = ["", "a.test", "b.test", "sub.a.test"]
        static let ports = [80, 443, 8080, 8081, 9000]

        mutating func matcher(_ words: [String]) -> StringMatcher {
            let word = one(words)
            let folding = below(4) == 0
            switch below(8) {
            case 0...2: return text(.exact(word), folding: folding)
            case 3, 4: return text(.prefix(String(word.prefix(1 + below(max(1, word.count))))), folding: folding)
            case 5: return text(.suffix(String(word.suffix(1 + below(3)))), folding: folding)
            case 6: return text(.contains(String(word.dropFirst().prefix(2))), folding: folding)
            default: return text(.regex(String(word.prefix { $0.isLetter || $0 == "/" }) + ".*"))
            }
        }

        mutating func condition(depth: Int) -> RBAC.Condition {
            if depth > 0 {
                switch below(8) {
                case 0: return .all(some(3) { $0.condition(depth: depth - 1) })
                case 1: return .oneOf(some(6) { $0.condition(depth: depth - 1) })
                case 2: return .not(condition(depth: depth - 1))
                default: break
                }
            }
            switch below(14) {
            case 0: return .any
            case 1...3: return .path(matcher(Self.paths))
            case 4...6: return .authenticated(below(12) == 0 ? nil : matcher(Self.names))
            case 7:
                return .header(HeaderMatcher(name: ":method", test: .string(text(.exact(one(["GET", "POST"]))))))
            case 8: return .header(HeaderMatcher(name: ":authority", test: .string(matcher(Self.hosts))))
            case 9:
                return .header(
                    HeaderMatcher(
                        name: one(Self.headers), test: .string(matcher(Self.values)), invert: below(5) == 0,
                        treatMissingAsEmpty: below(5) == 0))
            case 10, 11:
                let address = one(Self.addresses)
                return .address(
                    one([.destination, .directRemote, .remote]),
                    AddressPrefix(address: address, length: below(address.contains(":") ? 129 : 33)))
            case 12:
                let port = one(Self.ports)
                return below(2) == 0 ? .destinationPort(port) : .destinationPortRange(port, port + 1 + below(400))
            default: return .requestedServerName(matcher(Self.serverNames))
            }
        }

        mutating func rules(_ policies: Int) -> RBAC {
            var all: [String: RBAC.Policy] = [:]
            for _ in 0..<policies {
                all["p\(below(1_000_000))"] = RBAC.Policy(
                    permissions: some(3) { $0.condition(depth: 2) }, principals: some(3) { $0.condition(depth: 2) })
            }
            return RBAC(action: .allow, policies: all)
        }
    }

    /// A request in both readings.
    private struct Question {
        var plain: Plain
        var fixture: Fixture
        var connection: FixturePeer
        var forwarded: IPAddressBits?

        init(_ draw: inout Draw) throws {
            let isSecure = draw.below(3) > 0
            var peer: PeerCertificate?
            if isSecure, draw.below(5) > 0 {
                peer = PeerCertificate(
                    uriNames: draw.below(3) > 0 ? draw.some(2) { $0.one(Draw.names) } : [],
                    dnsNames: draw.below(3) == 0 ? ["web.example"] : [], subject: draw.one(["CN=z", ""]))
            }
            connection = try FixturePeer(
                from: draw.one(Draw.addresses), to: draw.one(Draw.addresses), port: draw.one(Draw.ports),
                serverName: draw.one([nil, "a.test", "b.test", "sub.a.test"]), isSecure: isSecure, peer: peer)
            let client = draw.below(2) == 0 ? nil : draw.one(Draw.addresses)
            forwarded = client.flatMap { IPAddressBits($0) }
            let path = draw.below(10) == 0 ? nil : draw.one(Draw.paths)
            let method = path == nil ? "CONNECT" : draw.one(["GET", "POST"])
            let host = path == nil ? "web.mesh:80" : draw.one(Draw.hosts)
            let headers = draw.below(3) == 0 ? [] : draw.some(3) { ($0.one(Draw.headers), $0.one(Draw.values)) }
            let target = path.map { $0 + (draw.below(3) == 0 ? "?q=/a" : "") } ?? host
            fixture = Fixture(method, target, host: host, headers: headers)
            let remote = try #require(connection.remoteAddress)
            plain = Plain(
                path: path, method: method, host: host, headers: headers, remote: remote.ipBytes,
                forwarded: try client.map { try PeerAddress(ipAddress: $0, port: 0).ipBytes } ?? remote.ipBytes,
                destination: try #require(connection.localAddress).ipBytes, port: connection.localAddress?.port ?? 0,
                serverName: connection.serverName ?? "",
                principals: isSecure ? (peer.map { $0.uriNames + $0.dnsNames } ?? []) + [peer?.subject ?? ""] : nil)
        }

        func fits(_ policy: RBAC.Policy) -> Bool {
            policy.permissions.contains(where: plain.matches) && policy.principals.contains(where: plain.matches)
        }
    }

    @Test("the index finds the first policy that a plain reading of random rules finds", arguments: 1...40)
    func sameAsPlain(seed: Int) throws {
        var draw = Draw(random: WorkerRandom(seed: UInt64(seed)))
        let isLarge = seed % 4 == 0
        var rules = draw.rules(isLarge ? 900 : 1 + draw.below(12))
        let questions = try (0..<150).map { _ in try Question(&draw) }
        if isLarge {
            // Some of them fit nearly all requests, and would hide the rest.
            rules.policies = rules.policies.filter { policy in questions.count { $0.fits(policy.value) } < 10 }
            #expect(rules.policies.count > 80)
        }
        let compiled = try AccessRules(rules)
        let order = rules.policies.sorted { $0.key < $1.key }
        var found: Set<String> = []
        for question in questions {
            let expected = order.first { question.fits($0.value) }?.key
            let actual = compiled.match(question.fixture, from: question.connection, forwarded: question.forwarded)
            #expect(actual == expected, "\(question.plain)")
            found.insert(expected ?? "-")
        }
        if isLarge { #expect(found.count > 10) }
    }

    @Test("of several policies that match, the first by name is found", arguments: ["ab", "b", "B", "a/rule-0"])
    func order(winner: String) throws {
        let policy = RBAC.Policy(permissions: [.path(text(.prefix("/x")))], principals: [.any])
        let later = ["c", "cc", "é"]
        var policies = Dictionary(uniqueKeysWithValues: later.map { ($0, policy) })
        policies[winner] = RBAC.Policy(permissions: [.path(text(.suffix("y")))], principals: [.any])
        let compiled = try rules(.deny, policies)
        #expect(compiled.match(Fixture("GET", "/xy"), from: try FixturePeer()) == winner)
        #expect(compiled.match(Fixture("GET", "/xz"), from: try FixturePeer()) == "c")
    }

    @Test("no policies deny all where policies allow, and none where they deny")
    func none() throws {
        for (action, expected) in [
            (RBAC.Action.allow, Admission.denied(policy: nil)), (.deny, .allowed), (.log, .allowed),
        ] {
            let compiled = try rules(action, [:])
            let subject = AdmissionSubject(try FixturePeer(), Fixture().subject, forwardedAddress: nil)
            #expect(compiled.decide(compiled.firstMatch(subject, Fixture().head.block)) == expected)
        }
    }

    @Test("an unknown part of a request is refused by the policy's name")
    func wrongHeader() throws {
        let policy = RBAC.Policy(permissions: [header(":status", .exact("200"))], principals: [.any])
        let error = #expect(throws: RouteError.self) { try rules(.allow, ["mine": policy]) }
        #expect("\(try #require(error))".hasPrefix("policy \"mine\": header matcher \":status\""))
    }

    @Test(
        "x-forwarded-for is read from its end",
        arguments: [
            (["10.0.0.1"], 0, "10.0.0.1"), (["10.0.0.1, 10.0.0.2"], 0, "10.0.0.2"),
            (["10.0.0.1, 10.0.0.2"], 1, "10.0.0.1"),
            (["10.0.0.1, 10.0.0.2"], 2, nil), (["10.0.0.1", "\t10.0.0.2 "], 0, "10.0.0.2"),
            (["10.0.0.1", "10.0.0.2"], 1, "10.0.0.1"), (["10.0.0.1,"], 0, nil), ([], 0, nil), (["unknown"], 0, nil),
            (["2001:db8::1"], 0, "2001:db8::1"), (["::ffff:10.0.0.1"], 0, "10.0.0.1"), (["10.0.0.1:80"], 0, nil),
        ] as [([String], Int, String?)])
    func forwarded(values: [String], skipping: Int, expected: String?) throws {
        let fixture = Fixture(headers: values.map { ("X-Forwarded-For", $0) })
        #expect(fixture.head.block.forwardedAddress(skipping: skipping) == expected.flatMap { IPAddressBits($0) })
    }

    @Test("a connection over a socket of both families counts as what it is")
    func mappedAddress() throws {
        let mapped = try #require(IPAddressBits(PeerAddress(ipAddress: "::ffff:10.1.2.3", port: 1)))
        #expect(mapped == IPAddressBits("10.1.2.3"))
        #expect(IPAddressBits(try PeerAddress(ipAddress: "10.1.2.3", port: 1)) == mapped)
    }
}
