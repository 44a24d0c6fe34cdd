import Testing
import TulleConfig
import TulleModel

@testable import TulleXDS

/// A text that is refused, and what is said of it.
struct WrongBootstrap: Sendable, CustomTestStringConvertible {
    let name: String
    let yaml: String
    let error: String

    init(_ name: String, _ yaml: String, _ error: String) {
        self.name = name
        self.yaml = yaml
        self.error = error
    }

    var testDescription: String { name }
}

@Suite("A wrong bootstrap")
struct WrongBootstrapTests {
    private static let chain = "static_resources.listeners[0].filter_chains[0]"
    private static let manager = "\(chain).filters[0].typed_config"
    private static let host = "\(manager).route_config.virtual_hosts[0]"
    private static let cluster = "static_resources.clusters[0]"

    private static func route(_ action: String, match: String = "prefix: /", more: String = "") -> String {
        BootstrapFixture.manager(routes: BootstrapFixture.route(action, match: match, more: more))
    }

    private static func listener(_ settings: String) -> String {
        "static_resources: {listeners: [{\(settings)}]}"
    }

    private static func tcp(_ settings: String) -> String {
        listener(
            "address: {socket_address: {address: 127.0.0.1, port_value: 1}}, filter_chains: [{filters: [{name: tcp, "
                + "typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, "
                + "\(settings)}}]}]")
    }

    static let reading: [WrongBootstrap] = [
        WrongBootstrap(
            "unknown key", "static_resource: {}",
            #"f.yaml:1:1: static_resource: unknown field of envoy.config.bootstrap.v3.Bootstrap, did you mean "static_resources"?"#
        ),
        WrongBootstrap(
            "unknown key, deep", BootstrapFixture.manager("server_nam: x"),
            #"f.yaml:13:11: \#(manager).server_nam: unknown field of envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager, did you mean "server_name"?"#
        ),
        WrongBootstrap(
            "list for a mapping", "node: []",
            "f.yaml:1:7: node: expected a mapping of envoy.config.core.v3.Node, found a list"),
        WrongBootstrap(
            "mapping for a list", "static_resources: {clusters: {}}",
            "f.yaml:1:30: static_resources.clusters: expected a list, found a mapping"),
        WrongBootstrap(
            "number for a text", "node: {id: 5}",
            "f.yaml:1:12: node.id: expected a string, found the number 5; put it in quotes"),
        WrongBootstrap(
            "text for a bool", BootstrapFixture.manager("merge_slashes: yes"),
            #"f.yaml:13:26: \#(manager).merge_slashes: expected true or false, found the string "yes""#),
        WrongBootstrap(
            "text for a number", "admin: {address: {socket_address: {address: 127.0.0.1, port_value: http}}}",
            #"f.yaml:1:68: admin.address.socket_address.port_value: expected an integer, found the string "http""#),
        WrongBootstrap(
            "a number too large", "admin: {address: {socket_address: {address: 127.0.0.1, port_value: 5000000000}}}",
            "f.yaml:1:68: admin.address.socket_address.port_value: 5000000000 is not in 0 to 4294967295"),
        WrongBootstrap(
            "a fraction", "admin: {address: {socket_address: {address: 127.0.0.1, port_value: 1.5}}}",
            "f.yaml:1:68: admin.address.socket_address.port_value: expected an integer, found the number 1.5"),
        WrongBootstrap(
            "unknown enumeration value", BootstrapFixture.cluster("name: a, type: STATICS"),
            #"f.yaml:1:47: \#(cluster).type: unknown value "STATICS"; it is one of STATIC, STRICT_DNS, LOGICAL_DNS, EDS, ORIGINAL_DST, did you mean "STATIC"?"#
        ),
        WrongBootstrap(
            "a duration without unit", BootstrapFixture.cluster("name: a, connect_timeout: 5"),
            "f.yaml:1:58: \(cluster).connect_timeout: expected a duration such as 5s or 0.25s, found the number 5"),
        WrongBootstrap(
            "a duration in milliseconds", BootstrapFixture.cluster("name: a, connect_timeout: 5ms"),
            #"f.yaml:1:58: \#(cluster).connect_timeout: expected a duration such as 5s or 0.25s, found the string "5ms""#
        ),
        WrongBootstrap(
            "a key twice", "node: {id: a, id: b}", #"f.yaml:1:15: key "id" is given twice, first in line 1"#),
        WrongBootstrap(
            "a key in both spellings", BootstrapFixture.cluster("name: a, lb_policy: RANDOM, lbPolicy: RANDOM"),
            "f.yaml:1:60: \(cluster).lb_policy: given twice, as lb_policy and as lbPolicy"),
        WrongBootstrap(
            "two of a oneof", route("route: {cluster: a}, redirect: {host_redirect: b}"),
            #"f.yaml:12:130: \#(host).routes[0].redirect: redirect and route exclude each other; leave one out"#),
        WrongBootstrap(
            "unknown extension",
            BootstrapFixture.manager(
                filters:
                    #"{name: x, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}}"#
            ),
            #"f.yaml:11:60: \#(manager).http_filters[0].typed_config: unknown HTTP filter type "envoy.extensions.filters.http.lua.v3.Lua"; Tulle has envoy.extensions.filters.http.router.v3.Router, envoy.extensions.filters.http.on_demand.v3.OnDemand, envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig, envoy.extensions.filters.http.grpc_web.v3.GrpcWeb, envoy.extensions.filters.http.rbac.v3.RBAC"#
        ),
        WrongBootstrap(
            "no @type", BootstrapFixture.manager(filters: "{name: x, typed_config: {}}"),
            #"f.yaml:11:50: \#(manager).http_filters[0].typed_config: "@type" is missing; Tulle has type.googleapis.com/envoy.extensions.filters.http.router.v3.Router, type.googleapis.com/envoy.extensions.filters.http.on_demand.v3.OnDemand, type.googleapis.com/envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig, type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb, type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"#
        ),
        WrongBootstrap(
            "not base64", route("direct_response: {status: 200, body: {inline_bytes: \"%\"}}"),
            #"f.yaml:12:161: \#(host).routes[0].direct_response.body.inline_bytes: "%" is not base64"#),
        WrongBootstrap("two documents", "{}\n---\n{}", "f.yaml:3:1: expected one document, a bootstrap, found 2"),
        WrongBootstrap(
            "not a mapping", "hello",
            #"f.yaml:1:1: expected a mapping of envoy.config.bootstrap.v3.Bootstrap, found the string "hello""#),
    ]

    static let rules: [WrongBootstrap] = [
        WrongBootstrap(
            "no chains", listener("address: {socket_address: {address: 127.0.0.1, port_value: 1}}"),
            "static_resources.listeners[0]: filter_chains is required: at least one, or a default_filter_chain"),
        WrongBootstrap(
            "port too large", "admin: {address: {socket_address: {address: 127.0.0.1, port_value: 65536}}}",
            "f.yaml:1:56: admin.address.socket_address.port_value: 65536 is not in 0 to 65535"),
        WrongBootstrap(
            "no port", "admin: {address: {socket_address: {address: 127.0.0.1}}}",
            "admin.address.socket_address: port_value is required"),
        WrongBootstrap(
            "a name to listen on", "admin: {address: {socket_address: {address: localhost, port_value: 1}}}",
            #"admin.address.socket_address.address: "localhost" is not an IP address"#),
        WrongBootstrap(
            "UDP", "admin: {address: {socket_address: {protocol: UDP, address: 127.0.0.1, port_value: 1}}}",
            "protocol: UDP is not served; use TCP"),
        WrongBootstrap("no stat_prefix", tcp("cluster: a"), "\(manager): stat_prefix is required"),
        WrongBootstrap(
            "no cluster", tcp("stat_prefix: s"), "\(manager): one of cluster and weighted_clusters is required"),
        WrongBootstrap(
            "weight 0 in TCP", tcp("stat_prefix: s, weighted_clusters: {clusters: [{name: a, weight: 0}]}"),
            "\(manager).weighted_clusters.clusters[0].weight: 0 is not in 1 to 4294967295"),
        WrongBootstrap(
            "no router",
            BootstrapFixture.manager(
                filters:
                    #"{name: x, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.on_demand.v3.OnDemand}}"#
            ), "\(manager).http_filters: the last filter must be the router, envoy.filters.http.router"),
        WrongBootstrap(
            "two routers",
            BootstrapFixture.manager(filters: "\(BootstrapFixture.routerFilter), \(BootstrapFixture.routerFilter)"),
            "\(manager).http_filters: the router stands before other filters; it must be the last and the only one"),
        WrongBootstrap(
            "no filters", BootstrapFixture.manager(filters: ""),
            "\(manager): http_filters is required: at least the router, envoy.filters.http.router"),
        WrongBootstrap(
            "no routes", BootstrapFixture.manager(routes: ""), "\(manager): one of route_config and rds is required"),
        WrongBootstrap(
            "no domains", BootstrapFixture.manager(routes: "route_config: {virtual_hosts: [{name: a, domains: []}]}"),
            "\(host): domains is required: a virtual host without any matches nothing"),
        WrongBootstrap(
            "a domain twice",
            BootstrapFixture.manager(
                routes: "route_config: {virtual_hosts: [{name: a, domains: [x.y]}, {name: b, domains: [X.y]}]}"),
            #"\#(manager).route_config.virtual_hosts[1].domains[0]: domain "X.y" is also one of virtual host "a""#),
        WrongBootstrap(
            "no action", route("name: x"), "\(host).routes[0]: one of route, redirect and direct_response is required"),
        WrongBootstrap(
            "no match", route("direct_response: {status: 200}", match: ""),
            "\(host).routes[0].match: one of prefix, path, safe_regex, path_separated_prefix and connect_matcher is required"
        ),
        WrongBootstrap(
            "bad regex", route("direct_response: {status: 200}", match: "safe_regex: {regex: \"(\"}"),
            #"\#(host).routes[0].match.safe_regex.regex: "(" is not an RE2 expression: "#),
        WrongBootstrap(
            "bad separated prefix", route("direct_response: {status: 200}", match: "path_separated_prefix: /a/"),
            "match.path_separated_prefix: \"/a/\" must be two characters or more"),
        WrongBootstrap(
            "status 99", route("direct_response: {status: 99}"),
            "\(host).routes[0].direct_response.status: 99 is not in 200 to 599"),
        WrongBootstrap(
            "no such file", route("direct_response: {status: 200, body: {filename: /no/such}}"),
            #"direct_response.body.filename: "/no/such" cannot be read: No such file or directory"#),
        WrongBootstrap(
            "a body too long",
            route("direct_response: {status: 200, body: {inline_string: \"\(String(repeating: "x", count: 4097))\"}}"),
            "direct_response.body: holds more than 4096 bytes; raise max_direct_response_body_size_bytes"),
        WrongBootstrap(
            "unknown cluster",
            BootstrapFixture.manager(
                routes: BootstrapFixture.route("route: {cluster: shop}"), clusters: "{name: shops}"),
            #"\#(host).routes[0].route.cluster: no cluster "shop" in static_resources, did you mean "shops"?"#),
        WrongBootstrap(
            "unknown cluster among weighted ones",
            route("route: {weighted_clusters: {clusters: [{name: a, weight: 1}]}}"),
            #"route.weighted_clusters.clusters[0].name: no cluster "a" in static_resources"#),
        WrongBootstrap(
            "weights of 0", route("route: {weighted_clusters: {clusters: [{name: a, weight: 0}]}}"),
            "route.weighted_clusters.clusters: the weights add up to 0"),
        WrongBootstrap(
            "no weight", route("route: {weighted_clusters: {clusters: [{name: a}]}}"),
            "route.weighted_clusters.clusters[0]: weight is required"),
        WrongBootstrap(
            "both rewrites",
            route("route: {cluster: a, prefix_rewrite: /x, regex_rewrite: {pattern: {regex: a}, substitution: b}}"),
            "regex_rewrite: prefix_rewrite and regex_rewrite exclude each other; leave one out"),
        WrongBootstrap(
            "no such group",
            route("route: {cluster: a, regex_rewrite: {pattern: {regex: (a), }, substitution: '\\2'}}"),
            #"regex_rewrite.substitution: \2 names no group; the expression has 1"#),
        WrongBootstrap(
            "a negative timeout", route("route: {cluster: a, timeout: -1s}"),
            "route.timeout: -1s is negative; use 0s to switch it off"),
        WrongBootstrap(
            "back-off upside down",
            route(
                "route: {cluster: a, retry_policy: {retry_on: 5xx, retry_back_off: {base_interval: 2s, max_interval: 1s}}}"
            ), "retry_back_off.max_interval: is shorter than base_interval"),
        WrongBootstrap(
            "an upgrade twice",
            BootstrapFixture.manager("upgrade_configs: [{upgrade_type: websocket}, {upgrade_type: WebSocket}]"),
            #"\#(manager).upgrade_configs[1].upgrade_type: "WebSocket" is given twice"#),
        WrongBootstrap(
            "the host changed",
            route("direct_response: {status: 200}", more: "request_headers_to_add: [{header: {key: Host, value: x}}]"),
            #"request_headers_to_add[0].header.key: "Host" may not be changed"#),
        WrongBootstrap(
            "a pseudo header removed",
            route("direct_response: {status: 200}", more: "request_headers_to_remove: [\":path\"]"),
            #"request_headers_to_remove[0]: ":path" may not be removed"#),
        WrongBootstrap(
            "a name that is none",
            route(
                "direct_response: {status: 200}", more: "response_headers_to_add: [{header: {key: \"a b\", value: x}}]"),
            #"response_headers_to_add[0].header.key: "a b" is not a header name"#),
        WrongBootstrap(
            "both appends",
            route(
                "direct_response: {status: 200}",
                more: "response_headers_to_add: [{header: {key: a}, append: true, append_action: ADD_IF_ABSENT}]"),
            "append: append and append_action exclude each other"),
        WrongBootstrap(
            "max_request_headers_kb 0", BootstrapFixture.manager("max_request_headers_kb: 0"),
            "\(manager).max_request_headers_kb: 0 is not in 1 to 8192"),
        WrongBootstrap(
            "two chains alike",
            listener(
                "address: {socket_address: {address: 127.0.0.1, port_value: 1}}, filter_chains: [\(tcpChain), \(tcpChain)]"
            ),
            "static_resources.listeners[0].filter_chains[1].filter_chain_match: matches the same connections as filter_chains[0]"
        ),
        WrongBootstrap(
            "two filters in a chain",
            listener(
                "address: {socket_address: {address: 127.0.0.1, port_value: 1}}, filter_chains: [{filters: [\(tcpFilter), \(tcpFilter)]}]"
            ), "filter_chains[0].filters: 2 filters end the chain; only the last may, so leave one"),
        WrongBootstrap(
            "a bad range",
            listener(
                "address: {socket_address: {address: 127.0.0.1, port_value: 1}}, filter_chains: [{filter_chain_match: {prefix_ranges: [{address_prefix: 10.0.0.0, prefix_len: 33}]}, filters: [\(tcpFilter)]}]"
            ), "filter_chain_match.prefix_ranges[0].prefix_len: 33 is not in 0 to 32"),
        WrongBootstrap(
            "an API listener", listener("name: a, api_listener: {}"),
            "static_resources.listeners[0].api_listener: is for gRPC clients"),
        WrongBootstrap(
            "a port of two listeners",
            "static_resources: {listeners: [{name: a, address: {socket_address: {address: 127.0.0.1, port_value: 1}}, filter_chains: [\(tcpChain)]}, {name: b, address: {socket_address: {address: 127.0.0.1, port_value: 1}}, filter_chains: [\(tcpChain)]}]}",
            "static_resources.listeners[1].address: 127.0.0.1:1 is also the address of listeners[0]"),
        WrongBootstrap(
            "a cluster twice", "static_resources: {clusters: [{name: a}, {name: a}]}",
            #"f.yaml:1:43: static_resources.clusters[1].name: cluster "a" is also clusters[0]"#),
        WrongBootstrap("a nameless cluster", BootstrapFixture.cluster("type: STATIC"), "\(cluster): name is required"),
        WrongBootstrap(
            "EDS without its configuration", BootstrapFixture.cluster("name: a, type: EDS"),
            "\(cluster): eds_cluster_config is required: an EDS cluster needs an eds_config"),
        WrongBootstrap(
            "EDS without ADS",
            BootstrapFixture.cluster("name: a, type: EDS, eds_cluster_config: {eds_config: {ads: {}}}"),
            #"dynamic_resources: ads_config is required by cluster "a""#),
        WrongBootstrap(
            "a name in a STATIC cluster",
            BootstrapFixture.cluster(
                "name: a, load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: web, port_value: 1}}}}]}]}"
            ),
            #"load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address: "web" is not an IP address"#
        ),
        WrongBootstrap(
            "LOGICAL_DNS without endpoint", BootstrapFixture.cluster("name: a, type: LOGICAL_DNS"),
            "\(cluster).load_assignment: a LOGICAL_DNS cluster has exactly one endpoint"),
        WrongBootstrap(
            "weight 0 of an endpoint",
            BootstrapFixture.cluster(
                "name: a, load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{load_balancing_weight: 0, endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 1}}}}]}]}"
            ), "lb_endpoints[0].load_balancing_weight: 0 is not in 1 to 4294967295"),
        WrongBootstrap(
            "ORIGINAL_DST with round robin", BootstrapFixture.cluster("name: a, type: ORIGINAL_DST"),
            "\(cluster).lb_policy: must be CLUSTER_PROVIDED"),
        WrongBootstrap(
            "ratio out of range",
            BootstrapFixture.cluster("name: a, preconnect_policy: {per_upstream_preconnect_ratio: 4}"),
            "\(cluster).preconnect_policy.per_upstream_preconnect_ratio: 4.0 is not from 1 to 3"),
        WrongBootstrap(
            "CLUSTER_PROVIDED in vain", BootstrapFixture.cluster("name: a, lb_policy: CLUSTER_PROVIDED"),
            "\(cluster).lb_policy: CLUSTER_PROVIDED is for ORIGINAL_DST"),
        WrongBootstrap(
            "connect_timeout 0", BootstrapFixture.cluster("name: a, connect_timeout: 0s"),
            "\(cluster).connect_timeout: 0s is too short"),
        WrongBootstrap(
            "a setting without effect",
            BootstrapFixture.cluster("name: a, common_http_protocol_options: {max_headers_count: 5}"),
            "common_http_protocol_options.max_headers_count: has no effect in a cluster; leave it out"),
        WrongBootstrap(
            "lds without ads", "dynamic_resources: {lds_config: {ads: {}, resource_api_version: V3}}",
            "dynamic_resources: ads_config is required by lds_config"),
        WrongBootstrap(
            "ads without node", ads("", clusters: "[{name: xds}]"), "node: id and cluster are required by ads_config"),
        WrongBootstrap(
            "ads without cluster", ads("node: {id: i, cluster: c}", clusters: "[]"),
            #"dynamic_resources.ads_config.grpc_services[0].envoy_grpc.cluster_name: no cluster "xds" in static_resources"#
        ),
        WrongBootstrap(
            "ads by REST", "dynamic_resources: {ads_config: {api_type: REST, transport_api_version: V3}}",
            "dynamic_resources.ads_config.api_type: must be GRPC or DELTA_GRPC"),
        WrongBootstrap(
            "V2", ads("node: {id: i, cluster: c}", clusters: "[{name: xds}]", version: "V2"),
            "ads_config.transport_api_version: must be V3"),
    ]

    private static let tcpFilter =
        "{name: t, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, "
        + "stat_prefix: s, cluster: a}}"
    private static let tcpChain = "{filters: [\(tcpFilter)]}"

    static func ads(_ head: String, clusters: String, version: String = "V3") -> String {
        """
        \(head)
        dynamic_resources:
          ads_config:
            api_type: DELTA_GRPC
            transport_api_version: \(version)
            grpc_services: [{envoy_grpc: {cluster_name: xds}}]
          lds_config: {ads: {}, resource_api_version: V3}
        static_resources: {clusters: \(clusters)}
        """
    }

    @Test("is refused where it is read, with file, line, column and path", arguments: reading)
    func refusedByReader(wrong: WrongBootstrap) {
        #expect(BootstrapFixture.errors(wrong.yaml) == [wrong.error])
    }

    @Test("is refused by Envoy's rules, with file, line, column and path", arguments: rules)
    func refusedByRule(wrong: WrongBootstrap) {
        let errors = BootstrapFixture.errors(wrong.yaml)
        #expect(errors.contains { $0.contains(wrong.error) && $0.hasPrefix("f.yaml:") }, "\(errors)")
        // An unknown cluster is only looked for when all else is right, so nothing is told twice.
        #expect(errors.count == 1, "\(errors)")
    }

    @Test("all errors are told at once, in the order of the file")
    func all() {
        let errors = BootstrapFixture.errors(
            "node: {idd: x}\nadmin: {address: {socket_address: {address: x, port_value: 1}}}\nzoo: 1")
        #expect(errors.count == 3)
        #expect(errors.map { String($0.prefix(8)) } == ["f.yaml:1", "f.yaml:2", "f.yaml:3"])
    }

    @Test("no more errors are told than help")
    func bounded() {
        let yaml = (0..<1000).map { "key\($0): 1" }.joined(separator: "\n")
        #expect(BootstrapFixture.errors(yaml).count == MessageReader.maxErrors)
    }

    @Test("what could not be read is not also said to be missing")
    func once() {
        let errors = BootstrapFixture.errors(
            "admin: {address: {socket_address: {address: 127.0.0.1, port_valu: 1}}}")
        #expect(errors.count == 1)
    }

    @Test("an unknown field is warned of where that is asked for, and everything else still refused")
    func allowed() throws {
        var options = BootstrapFile.Options()
        options.allowsUnknownFields = true
        let loaded = try BootstrapFile.load(yaml: "watchdog: {x: 1}\nnode: {id: n}", file: "f.yaml", options: options)
        #expect(loaded.bootstrap.node.id == "n")
        #expect(
            loaded.warnings.map(\.description)
                == ["f.yaml:1:1: watchdog: unknown field of envoy.config.bootstrap.v3.Bootstrap"])
        #expect(BootstrapFixture.errors("zoo: 1\nnode: {id: 1}", options: options).count == 1)
    }
}
