import SwiftProtobuf
import Testing
import TulleModel

@testable import TulleXDS

@Suite("RBAC")
struct RBACTests {
    private static let type = "type.googleapis.com/envoy.extensions.filters"
    private static let filter =
        "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[0].typed_config"
    private static let policy = "\(filter).rules.policies.p"

    private static func manager(_ settings: String, more: String = "") -> String {
        BootstrapFixture.manager(
            filters: "{name: rbac, typed_config: {\"@type\": \(type).http.rbac.v3.RBAC, \(settings)}}, "
                + BootstrapFixture.routerFilter,
            routes: BootstrapFixture.route("direct_response: {status: 200}", more: more))
    }

    private static func policy(_ permission: String, _ principal: String = "any: true", _ more: String = "") -> String {
        manager("rules: {policies: {p: {permissions: [{\(permission)}], principals: [{\(principal)}]\(more)}}}")
    }

    private static func network(_ filters: String) -> String {
        "static_resources: {listeners: [{address: {socket_address: {address: 127.0.0.1, port_value: 1}}, "
            + "filter_chains: [{filters: [\(filters)]}]}]}"
    }

    private static let tcp =
        "{name: tcp, typed_config: {\"@type\": \(type).network.tcp_proxy.v3.TcpProxy, stat_prefix: t, cluster: c}}"

    private static func networkFilter(_ settings: String) -> String {
        "{name: rbac, typed_config: {\"@type\": \(type).network.rbac.v3.RBAC, \(settings)}}"
    }

    @Test("every kind of permission and principal is read")
    func kinds() throws {
        let permissions = [
            "{any: true}", "{and_rules: {rules: [{any: true}]}}", "{or_rules: {rules: [{any: true}, {any: true}]}}",
            "{not_rule: {any: true}}", "{header: {name: x, present_match: true}}", "{url_path: {path: {prefix: /a}}}",
            "{destination_ip: {address_prefix: 10.0.0.0, prefix_len: 8}}", "{destination_port: 80}",
            "{destination_port_range: {start: 1, end: 9}}", "{requested_server_name: {exact: a}}",
        ]
        let principals = [
            "{any: true}", "{and_ids: {ids: [{any: true}]}}", "{or_ids: {ids: [{any: true}]}}", "{not_id: {any: true}}",
            "{authenticated: {}}", "{authenticated: {principal_name: {suffix: b, ignore_case: true}}}",
            "{source_ip: {address_prefix: \"::1\", prefix_len: 128}}",
            "{direct_remote_ip: {address_prefix: 10.0.0.0, prefix_len: 8}}",
            "{remote_ip: {address_prefix: 10.0.0.0, prefix_len: 8}}", "{header: {name: x}}",
            "{url_path: {path: {exact: /}}}",
        ]
        let read = try BootstrapFixture.loadManager(
            Self.manager(
                "rules_stat_prefix: r, shadow_rules_stat_prefix: s, shadow_rules: {action: LOG}, rules: {action: DENY, "
                    + "policies: {p: {permissions: [\(permissions.joined(separator: ", "))], "
                    + "principals: [\(principals.joined(separator: ", "))]}}}"))
        let net = AddressPrefix(address: "10.0.0.0", length: 8)
        let here = HeaderMatcher(name: "x", test: .present(true))
        let policy = RBAC.Policy(
            permissions: [
                .any, .all([.any]), .oneOf([.any, .any]), .not(.any), .header(here),
                .path(StringMatcher(.prefix("/a"))),
                .address(.destination, net), .destinationPort(80), .destinationPortRange(1, 9),
                .requestedServerName(StringMatcher(.exact("a"))),
            ],
            principals: [
                .any, .all([.any]), .oneOf([.any]), .not(.any), .authenticated(nil),
                .authenticated(StringMatcher(.suffix("b"), ignoreCase: true)),
                .address(.directRemote, AddressPrefix(address: "::1", length: 128)), .address(.directRemote, net),
                .address(.remote, net), .header(here), .path(StringMatcher(.exact("/"))),
            ])
        #expect(
            read.httpFilters == [
                .rbac(
                    RBACFilter(
                        name: "rbac", rules: RBAC(action: .deny, policies: ["p": policy]),
                        shadowRules: RBAC(action: .log),
                        rulesStatPrefix: "r", shadowRulesStatPrefix: "s")), .router(suppressEnvoyHeaders: false),
            ])
    }

    @Test("routes put other rules in the filter's place, or take it off")
    func overrides() throws {
        func overrides(_ setting: String) throws -> [String: RBACFilter] {
            try BootstrapFixture.loadRoute(Self.manager("", more: "typed_per_filter_config: {rbac: {\(setting)}}"))
                .rbacOverrides
        }
        let perRoute = "\"@type\": \(Self.type).http.rbac.v3.RBACPerRoute"
        let wrapper = "\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig"
        let off = ["rbac": RBACFilter(name: "rbac")]
        let denyAll = ["rbac": RBACFilter(name: "rbac", rules: RBAC())]
        #expect(try overrides(perRoute) == off)
        #expect(try overrides("\(perRoute), rbac: {rules: {}}") == denyAll)
        #expect(try overrides("\(wrapper), disabled: true") == off)
        #expect(try overrides("\(wrapper), config: {\(perRoute), rbac: {rules: {}}}") == denyAll)
    }

    @Test("a network filter stands before the filter that ends the chain")
    func networkFilters() throws {
        let chain = try BootstrapFixture.load(
            Self.network("\(Self.networkFilter("stat_prefix: n, rules: {}")), \(Self.tcp)")
        ).listeners[0].filterChains[0]
        #expect(chain.rbac == [RBACFilter(name: "rbac", statPrefix: "n", rules: RBAC())])
    }

    static let wrong: [WrongBootstrap] = [
        WrongBootstrap(
            "no permission", manager("rules: {policies: {p: {principals: [{any: true}]}}}"),
            "\(policy): permissions is required: at least one; any: true permits all"),
        WrongBootstrap(
            "no principal", manager("rules: {policies: {p: {permissions: [{any: true}]}}}"),
            "\(policy): principals is required: at least one; any: true stands for all"),
        WrongBootstrap("any is false", policy("any: false"), "\(policy).permissions[0].any: must be true"),
        WrongBootstrap(
            "empty list", policy("and_rules: {rules: []}"),
            "\(policy).permissions[0].and_rules: rules is required: at least one"),
        WrongBootstrap(
            "range", policy("destination_port_range: {start: 9, end: 9}"),
            "\(policy).permissions[0].destination_port_range: 9 to 9 is no range of ports: from start, at least 0, up to but "
                + "without end, at most 65536"),
        WrongBootstrap(
            "address", policy("any: true", "remote_ip: {address_prefix: a.b}"),
            "\(policy).principals[0].remote_ip.address_prefix: \"a.b\" is not an IP address"),
        WrongBootstrap(
            "metadata", policy("metadata: {}"),
            "\(policy).permissions[0].metadata: unknown field of envoy.config.rbac.v3.Permission"),
        WrongBootstrap(
            "condition", policy("any: true", "any: true", ", condition: {}"),
            "\(policy).condition: CEL is not evaluated here"),
        WrongBootstrap(
            "matcher", manager("matcher: {}"), "\(filter).matcher: matcher trees are not evaluated here; use rules"),
        WrongBootstrap(
            "header in a network filter",
            network(
                "\(networkFilter("stat_prefix: n, rules: {policies: {p: {permissions: [{header: {name: x}}], principals: [{any: true}]}}}")), \(tcp)"
            ),
            "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.rules.policies.p.permissions[0].header: "
                + "a connection has no request to ask; use the HTTP filter"),
        WrongBootstrap(
            "behind the end", network("\(tcp), \(networkFilter("stat_prefix: n"))"),
            "static_resources.listeners[0].filter_chains[0].filters: an RBAC filter stands behind the filter that ends the chain"
        ),
        WrongBootstrap(
            "no end", network(networkFilter("stat_prefix: n")),
            "static_resources.listeners[0].filter_chains[0].filters: no filter ends the chain; the last must be an HTTP "
                + "connection manager or a TCP proxy"),
    ]

    @Test("what is wrong is refused by its path", arguments: wrong)
    func refusal(of text: WrongBootstrap) {
        let errors = BootstrapFixture.errors(text.yaml)
        #expect(errors.contains { $0.hasSuffix(": \(text.error)") || $0.contains(": \(text.error)") }, "\(errors)")
    }

    @Test("a rule that a control plane sends is refused when a part of it is unknown, not weakened")
    func unknownInDynamicResource() throws {
        var policy = Envoy_Config_Rbac_V3_Policy()
        policy.principals = [.with { $0.any = true }]
        // Permission.metadata, which this schema does not have.
        policy.permissions = [try Envoy_Config_Rbac_V3_Permission(serializedBytes: [0x3A, 0x00])]
        var filter = Envoy_Extensions_Filters_Http_Rbac_V3_RBAC()
        filter.rules.policies["p"] = policy
        let translation = Translation(origin: .dynamic)
        _ = translation.rbac("rbac", filter)
        #expect(translation.problems.map(\.path) == ["rules.policies.p.permissions[0]"])
    }
}
