import Testing
import TulleConfig
import TulleModel

@testable import TulleControl

@Suite("Authorization policies compile")
struct AuthorizationCompilerTests {
    private func policy(
        _ name: String, _ rules: String = "", action: String = "ALLOW", more: String = ""
    ) throws -> AuthorizationPolicy {
        let text = """
            apiVersion: tulle.dev/v1alpha1
            kind: AuthorizationPolicy
            metadata: {name: \(name), namespace: shop}
            spec: {action: \(action), rules: [\(rules)]\(more)}
            """
        let set = try ResourceSet.decode(Array(text.utf8), file: "policy.yaml")
        guard case .authorizationPolicy(let policy)? = set.documents.first?.resource else { throw NoPolicy() }
        return policy
    }

    private struct NoPolicy: Error {}

    /// The one policy of the one filter.
    private func compiled(
        _ rules: String, action: String = "ALLOW", subject: AuthorizationCompiler.Subject = .requests
    ) throws -> RBAC.Policy? {
        let filters = AuthorizationCompiler(policies: [try policy("p", rules, action: action)], port: 8080).filters(
            for: subject)
        #expect(filters.count == 1)
        return filters.first?.rules?.policies["shop/p/rule-0"]
    }

    private func text(_ pattern: StringMatcher.Pattern, folding: Bool = false) -> StringMatcher {
        StringMatcher(pattern, ignoreCase: folding)
    }

    private func header(_ name: String, _ pattern: StringMatcher.Pattern, folding: Bool = false) -> RBAC.Condition {
        .header(HeaderMatcher(name: name, test: .string(text(pattern, folding: folding))))
    }

    @Test("DENY comes before ALLOW, and rules are named by namespace, policy and place")
    func order() throws {
        let policies = [
            try policy("a", "{}, {}"), try policy("b", "{}", action: "DENY"), try policy("c", "{}", action: "AUDIT"),
        ]
        let filters = AuthorizationCompiler(policies: policies, port: 80).filters(for: .requests)
        #expect(filters.map(\.name) == ["audit", "deny", "allow"].map { "tulle.authorization.\($0)" })
        #expect(filters.map { $0.rules?.action } == [nil, .deny, .allow])
        #expect(filters[2].rules?.policies.keys.sorted() == ["shop/a/rule-0", "shop/a/rule-1"])
        #expect(filters[0].shadowRules?.policies.keys.sorted() == ["shop/c/rule-0"])
        #expect(AuthorizationCompiler(policies: [], port: 80).filters(for: .requests).isEmpty)
    }

    @Test("an ALLOW policy without rules allows nothing, and a rule without parts all")
    func empty() throws {
        let nothing = AuthorizationCompiler(policies: [try policy("p")], port: 80).filters(for: .requests)
        #expect(nothing.map(\.rules) == [RBAC(action: .allow)])
        #expect(try compiled("{}") == RBAC.Policy(permissions: [.any], principals: [.any]))
    }

    @Test("a dry run is only counted, together with what holds")
    func dryRun() throws {
        let policies = [try policy("held", "{}"), try policy("tried", "{}", more: ", dryRun: true")]
        let filter = try #require(AuthorizationCompiler(policies: policies, port: 80).filters(for: .requests).first)
        #expect(filter.rules?.policies.keys.sorted() == ["shop/held/rule-0"])
        #expect(filter.shadowRules?.policies.keys.sorted() == ["shop/held/rule-0", "shop/tried/rule-0"])
        let alone = AuthorizationCompiler(policies: [policies[1]], port: 80).filters(for: .requests)
        #expect(alone.map(\.rules) == [nil])
    }

    @Test("each kind of value becomes the matcher that it stands for")
    func values() throws {
        let rule = """
            {from: [{source: {principals: [m/ns/a/sa/b, "*", "*/sa/x"], notNamespaces: [bad], ipBlocks: [10.0.0.0/8, "::1"]}}],
            to: [{operation: {hosts: ["*.test"], methods: [GET, "P*"], notPaths: ["/a/{*}/b.c", "/x/{**}", "/y*"]}}],
            when: [{key: "request.headers[x-a]", values: ["*"]}, {key: connection.sni, notValues: [a.test]}]}
            """
        let policy = try #require(try compiled(rule.replacing("\n", with: " ")))
        #expect(
            policy.principals == [
                .all([
                    .oneOf([
                        .authenticated(text(.exact("spiffe://m/ns/a/sa/b"))), .authenticated(text(.regex(".+"))),
                        .authenticated(text(.suffix("/sa/x"))),
                    ]), .not(.authenticated(text(.regex("spiffe://[^/]+/ns/bad/sa/.+")))),
                    .oneOf([
                        .address(.directRemote, AddressPrefix(address: "10.0.0.0", length: 8)),
                        .address(.directRemote, AddressPrefix(address: "::1", length: 128)),
                    ]),
                ])
            ])
        #expect(
            policy.permissions == [
                .all([
                    .all([
                        header(":authority", .suffix(".test"), folding: true),
                        .oneOf([header(":method", .exact("GET")), header(":method", .prefix("P"))]),
                        .not(
                            .oneOf([
                                .path(text(.regex("/a/[^/]+/b\\.c"))), .path(text(.regex("/x/.*"))),
                                .path(text(.prefix("/y"))),
                            ])),
                    ]), .header(HeaderMatcher(name: "x-a", test: .present(true))),
                    .not(.requestedServerName(text(.exact("a.test")))),
                ])
            ])
    }

    @Test(
        "ports are decided where the listener is made",
        arguments: [
            (#"to: [{operation: {ports: ["8080"]}}]"#, true), (#"to: [{operation: {ports: ["80"]}}]"#, false),
            (#"to: [{operation: {notPorts: ["8080"]}}]"#, false), (#"to: [{operation: {notPorts: ["80"]}}]"#, true),
            (#"when: [{key: destination.port, values: ["8080", "1"]}]"#, true),
            (#"when: [{key: destination.port, notValues: ["8080"]}]"#, false),
        ])
    func ports(rule: String, matches: Bool) throws {
        #expect((try compiled("{\(rule)}") != nil) == matches)
    }

    @Test("on a connection a rule that asks a request allows nothing, and refuses by what is left of it")
    func connections() throws {
        let rule = "{from: [{source: {ipBlocks: [10.0.0.1]}}], to: [{operation: {methods: [GET]}}]}"
        #expect(try compiled(rule, subject: .connections) == nil)
        let left = try #require(try compiled(rule, action: "DENY", subject: .connections))
        #expect(left.permissions == [.any])
        #expect(left.principals == [.address(.directRemote, AddressPrefix(address: "10.0.0.1", length: 32))])
        let plain = "{from: [{source: {ipBlocks: [10.0.0.1]}}]}"
        #expect(try compiled(plain, subject: .connections) == compiled(plain))
    }
}
