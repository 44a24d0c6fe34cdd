import Testing
import TulleConfig
import TulleModel

@testable import TulleXDS

@Suite("A bootstrap file")
struct BootstrapFileTests {
    @Test("may be empty, and may be JSON with lower camel case names")
    func json() throws {
        #expect(try BootstrapFixture.load("{}") == Bootstrap())
        let text = #"{"admin": {"address": {"socketAddress": {"address": "::1", "portValue": "9901"}}}}"#
        #expect(try BootstrapFixture.load(text).admin == SocketAddress(host: "::1", port: 9901))
    }

    @Test("tells who the proxy is; the command line wins")
    func node() throws {
        let yaml =
            "node: {id: n, cluster: c, locality: {region: r, zone: z, sub_zone: s}, metadata: {a: [1, null, {b: true}]}}"
        var options = BootstrapFile.Options()
        options.serviceCluster = "other"
        let node = try BootstrapFile.load(yaml: yaml, file: "f", options: options).bootstrap.node
        #expect(node.id == "n" && node.cluster == "other")
        #expect(node.locality == Locality(region: "r", zone: "z", subZone: "s"))
        #expect(node.metadata == ["a": .list([.number(1), .null, .object(["b": .bool(true)])])])
    }

    @Test("tells where the dynamic resources come from")
    func ads() throws {
        let yaml = """
            node: {id: n, cluster: c}
            dynamic_resources:
              ads_config:
                api_type: GRPC
                transport_api_version: V3
                set_node_on_first_message_only: true
                grpc_services:
                - envoy_grpc: {cluster_name: xds}
                  initial_metadata: [{key: x-token, value: t}]
              cds_config: {ads: {}, resource_api_version: V3}
            static_resources:
              clusters:
              - name: xds
                type: STRICT_DNS
                typed_extension_protocol_options:
                  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                    explicit_http_config: {http2_protocol_options: {}}
                load_assignment:
                  cluster_name: xds
                  endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: control, port_value: 15010}}}}]}]
            """
        let bootstrap = try BootstrapFixture.load(yaml)
        #expect(
            bootstrap.ads
                == AggregatedDiscovery(flavour: .stateOfTheWorld, cluster: "xds", initialMetadata: [("x-token", "t")]))
        #expect(bootstrap.dynamicClusters && !bootstrap.dynamicListeners)
        #expect(bootstrap.clusters[0].upstreamProtocol == .http2)
        let endpoint = Endpoint(address: SocketAddress(host: "control", port: 15010))
        #expect(
            bootstrap.clusters[0].discovery
                == .strictDNS(
                    LoadAssignment(clusterName: "xds", localities: [LocalityEndpoints(endpoints: [endpoint])])))
    }

    @Test("merges with a second text: values replaced, lists appended, errors told by their own file")
    func merging() throws {
        let file = BootstrapFile.Source(
            name: "a.yaml", text: "node: {id: one, cluster: c}\nstatic_resources: {clusters: [{name: a}]}")
        let more = BootstrapFile.Source(
            name: "b.yaml", text: "node: {id: two}\nstatic_resources: {clusters: [{name: b}]}")
        let bootstrap = try BootstrapFile.load([file, more]).bootstrap
        #expect(bootstrap.node.id == "two" && bootstrap.node.cluster == "c")
        #expect(bootstrap.clusters.map(\.name) == ["a", "b"])
        let wrong = BootstrapFile.Source(name: "b.yaml", text: "\nstatic_resources: {clusters: [{name: a}]}")
        #expect(throws: ConfigurationErrors.self) { try BootstrapFile.load([file, wrong]) }
        do {
            _ = try BootstrapFile.load([file, wrong])
        } catch {
            #expect(
                error.description
                    == #"b.yaml:2:32: static_resources.clusters[1].name: cluster "a" is also clusters[0]"#)
        }
    }

    @Test("gives clusters, each kind of discovery and balancing")
    func clusters() throws {
        func load(_ settings: String) throws -> Cluster {
            try BootstrapFixture.load(BootstrapFixture.cluster(settings)).clusters[0]
        }
        var cluster = Cluster(name: "a", discovery: .fixed(LoadAssignment(clusterName: "a")))
        #expect(try load("name: a") == cluster)
        cluster.connectTimeout = .milliseconds(250)
        cluster.idleTimeout = .zero
        cluster.maxRequestsPerConnection = 7
        cluster.balancing = .leastRequest(choices: 3)
        cluster.perConnectionBufferLimitBytes = 1000
        cluster.altStatName = "b"
        cluster.dnsFamily = .v4Only
        cluster.dnsRefreshRate = .seconds(60)
        cluster.preconnectRatio = 1.5
        cluster.metadata = ["istio": .object(["x": .string("y")])]
        #expect(
            try load(
                "name: a, connect_timeout: 0.25s, common_http_protocol_options: {idle_timeout: 0s}, "
                    + "max_requests_per_connection: 7, lb_policy: LEAST_REQUEST, least_request_lb_config: {choice_count: 3}, "
                    + "per_connection_buffer_limit_bytes: 1000, alt_stat_name: b, dns_lookup_family: V4_ONLY, "
                    + "dns_refresh_rate: 60s, metadata: {filter_metadata: {istio: {x: y}}}, "
                    + "preconnect_policy: {per_upstream_preconnect_ratio: 1.5}") == cluster)
        #expect(try load("name: a, type: ORIGINAL_DST, lb_policy: CLUSTER_PROVIDED").discovery == .originalDestination)
        let forward = try load(
            "name: a, lb_policy: CLUSTER_PROVIDED, cluster_type: {name: dfp, typed_config: {\"@type\": "
                + "type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig, "
                + "dns_cache_config: {name: d, dns_lookup_family: V6_ONLY}}}")
        #expect(forward.discovery == .dynamicForwardProxy)
        #expect(forward.dnsFamily == .v6Only && forward.dnsRefreshRate == .seconds(60))
        let policy = "type.googleapis.com/envoy.extensions.load_balancing_policies"
        #expect(
            try load(
                "name: a, load_balancing_policy: {policies: ["
                    + "{typed_extension_config: {name: x, typed_config: {\"@type\": \(policy).maglev.v3.Maglev}}}, "
                    + "{typed_extension_config: {name: y, typed_config: {\"@type\": \(policy).random.v3.Random}}}]}"
            ).balancing == .random)
    }

    @Test("gives listeners with what their settings call for")
    func listeners() throws {
        let filters = [
            "original_dst.v3.OriginalDst", "http_inspector.v3.HttpInspector", "tls_inspector.v3.TlsInspector",
        ]
        .map { "{name: x, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.listener.\($0)}}" }
        let tcp =
            "{name: t, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, "
            + "stat_prefix: s, weighted_clusters: {clusters: [{name: a, weight: 1}, {name: b, weight: 3}]}, idle_timeout: 0s}}"
        func load(_ settings: String) throws -> Listener {
            try BootstrapFixture.load(
                "static_resources: {listeners: [{address: {socket_address: {address: 0.0.0.0, port_value: 15001}}, \(settings)}]}"
            ).listeners[0]
        }
        let all = try load(
            "name: l, listener_filters: [\(filters.joined(separator: ", "))], traffic_direction: OUTBOUND, "
                + "listener_filters_timeout: 0.05s, continue_on_listener_filters_timeout: true, bind_to_port: false, "
                + "enable_reuse_port: false, tcp_backlog_size: 9, stat_prefix: p, default_filter_chain: {filters: [\(tcp)]}, "
                + "filter_chains: [{name: c, filter_chain_match: {destination_port: 80, server_names: [\"*.A.b\"], "
                + "prefix_ranges: [{address_prefix: 10.0.0.0, prefix_len: 8}], application_protocols: [h2], "
                + "transport_protocol: tls}, filters: [\(tcp)]}]")
        let relay = NetworkFilter.tcp(
            TCPProxy(
                statPrefix: "s",
                clusters: [WeightedCluster(name: "a", weight: 1), WeightedCluster(name: "b", weight: 3)],
                idleTimeout: .zero))
        let match = FilterChainMatch(
            destinationPort: 80, destinationPrefixes: [AddressPrefix(address: "10.0.0.0", length: 8)],
            serverNames: ["*.a.b"], transportProtocol: "tls", applicationProtocols: ["h2"])
        #expect(
            all
                == Listener(
                    name: "l", address: SocketAddress(host: "0.0.0.0", port: 15001), direction: .outbound,
                    filterChains: [FilterChain(name: "c", match: match, filter: relay)],
                    defaultFilterChain: FilterChain(filter: relay),
                    listenerFilters: [.originalDestination, .httpInspector, .tlsInspector],
                    listenerFiltersTimeout: .milliseconds(50), continueOnListenerFiltersTimeout: true,
                    bindToPort: false,
                    enableReusePort: false, tcpBacklogSize: 9, statPrefix: "p"))
        let implied = try load(
            "use_original_dst: true, filter_chains: [{filter_chain_match: {server_names: [a.b]}, filters: [\(tcp)]}]")
        #expect(implied.name == "0.0.0.0:15001")
        #expect(implied.listenerFilters == [.originalDestination, .tlsInspector])
        let inspected = try load(
            "listener_filters: [\(filters[1])], "
                + "filter_chains: [{filter_chain_match: {application_protocols: [http/1.1]}, filters: [\(tcp)]}]")
        #expect(inspected.listenerFilters == [.httpInspector])
    }

    @Test("gives connection managers with Envoy's defaults, and their settings")
    func managers() throws {
        let plain = try BootstrapFixture.loadManager(BootstrapFixture.manager())
        #expect(
            plain
                == HTTPConnectionManager(
                    statPrefix: "main",
                    routes: .inline(
                        RouteConfiguration(
                            name: "r",
                            virtualHosts: [
                                VirtualHost(
                                    name: "all", domains: ["*"],
                                    routes: [
                                        Route(
                                            match: RouteMatch(path: .prefix("/")),
                                            action: .respond(DirectResponse(status: 200)))
                                    ])
                            ]))))
        let demand = "type.googleapis.com/envoy.extensions.filters.http.on_demand.v3.OnDemand"
        let forward = "type.googleapis.com/envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig"
        let full = try BootstrapFixture.loadManager(
            BootstrapFixture.manager(
                "common_http_protocol_options: {max_headers_count: 50, headers_with_underscores_action: DROP_HEADER}\n"
                    + "          http_protocol_options: {accept_http_10: true, default_host_for_http_10: h}\n"
                    + "          path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT\n"
                    + "          upgrade_configs: [{upgrade_type: WebSocket}, {upgrade_type: CONNECT, enabled: false}]\n"
                    + "          strip_any_host_port: true\n          stream_idle_timeout: 0s\n          codec_type: HTTP1",
                filters: "{name: d, typed_config: {\"@type\": \(demand), odcds: {source: {ads: {}}}}}, "
                    + "{name: f, typed_config: {\"@type\": \(forward), dns_cache_config: {name: c}}}, "
                    + "{name: w, is_optional: true, typed_config: {\"@type\": type.googleapis.com/x.Y, z: 1}}, "
                    + BootstrapFixture.routerFilter))
        #expect(full.httpFilters == [.onDemand, .dynamicForwardProxy, .router(suppressEnvoyHeaders: false)])
        #expect(full.maxHeadersCount == 50 && full.underscoredHeaders == .drop)
        #expect(full.acceptHTTP10 && full.defaultHostForHTTP10 == "h" && full.stripAnyHostPort)
        #expect(full.escapedSlashes == .unescapeAndRedirect && full.upgrades == ["websocket"])
        #expect(full.streamIdleTimeout == .zero && full.codec == .http1)
    }

    @Test("gives access logs, each sink and format")
    func accessLogs() throws {
        func log(_ type: String, _ settings: String) -> String {
            "{name: l, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.access_loggers.\(type), \(settings)}}"
        }
        let logs = [
            log("file.v3.FileAccessLog", "path: /tmp/x, log_format: {text_format: \"%PROTOCOL%\"}"),
            log("file.v3.FileAccessLog", "path: /dev/stdout, json_format: {a: \"%PROTOCOL%\"}"),
            log("stream.v3.StdoutAccessLog", "log_format: {json_format: {n: 1}}"),
            log("stream.v3.StderrAccessLog", "log_format: {text_format_source: {inline_string: t}}"),
            log("file.v3.FileAccessLog", "path: /tmp/y"),
        ]
        let manager = try BootstrapFixture.loadManager(
            BootstrapFixture.manager("access_log: [\(logs.joined(separator: ", "))]"))
        #expect(
            manager.accessLogs == [
                AccessLog(sink: .file("/tmp/x"), format: .text("%PROTOCOL%")),
                AccessLog(sink: .standardOutput, format: .json(.object(["a": .string("%PROTOCOL%")]))),
                AccessLog(sink: .standardOutput, format: .json(.object(["n": .number(1)]))),
                AccessLog(sink: .standardError, format: .text("t")),
                AccessLog(sink: .file("/tmp/y")),
            ])
    }

    @Test("gives routes: matches, actions and header mutations")
    func routes() throws {
        func load(_ action: String, match: String = "prefix: /", more: String = "") throws -> Route {
            try BootstrapFixture.loadRoute(
                BootstrapFixture.manager(
                    routes: BootstrapFixture.route(action, match: match, more: more), clusters: "{name: a}, {name: b}"))
        }
        let matched = try load(
            "direct_response: {status: 201, body: {inline_bytes: aGk}}",
            match:
                "path_separated_prefix: /api, case_sensitive: false, headers: [{name: \":method\", string_match: {exact: GET}}, "
                + "{name: a, exact_match: b}, {name: c, range_match: {start: 1, end: 5}, invert_match: true}, {name: d}], "
                + "query_parameters: [{name: q, string_match: {safe_regex: {google_re2: {}, regex: a+}}}, {name: p}]")
        #expect(matched.action == .respond(DirectResponse(status: 201, body: Array("hi".utf8))))
        #expect(
            matched.match
                == RouteMatch(
                    path: .separatedPrefix("/api"), caseSensitive: false,
                    headers: [
                        HeaderMatcher(name: ":method", test: .string(StringMatcher(.exact("GET")))),
                        HeaderMatcher(name: "a", test: .string(StringMatcher(.exact("b")))),
                        HeaderMatcher(name: "c", test: .range(1, 5), invert: true),
                        HeaderMatcher(name: "d", test: .present(true)),
                    ],
                    queryParameters: [
                        QueryParameterMatcher(name: "q", test: .string(StringMatcher(.regex("a+")))),
                        QueryParameterMatcher(name: "p", test: .present(true)),
                    ]))
        var action = RouteAction(
            target: .weighted([
                WeightedCluster(name: "a", weight: 0), WeightedCluster(name: "b", weight: 2, hostRewriteLiteral: "h"),
            ]))
        action.hostRewrite = .fromEndpoint
        action.pathRewrite = .regex(pattern: "^/(.*)$", substitution: "/x/\\1")
        action.timeout = .zero
        action.idleTimeout = .seconds(2)
        action.maxStreamDuration = .seconds(3)
        action.clusterNotFoundStatus = 404
        action.upgrades = ["connect": true]
        action.terminatesConnect = true
        action.retryPolicy = RetryPolicy(
            conditions: [.serverError, .retriableStatusCodes], retries: 2, perTryTimeout: .seconds(1),
            retriableStatusCodes: [503], backOffBase: .milliseconds(10), backOffMax: .milliseconds(100))
        #expect(
            try load(
                "route: {weighted_clusters: {clusters: [{name: a, weight: 0}, {name: b, weight: 2, host_rewrite_literal: h}]}, "
                    + "auto_host_rewrite: true, regex_rewrite: {pattern: {regex: \"^/(.*)$\"}, substitution: '/x/\\1'}, timeout: 0s, "
                    + "idle_timeout: 2s, max_stream_duration: {max_stream_duration: 3s}, cluster_not_found_response_code: NOT_FOUND, "
                    + "upgrade_configs: [{upgrade_type: CONNECT, connect_config: {}}], retry_policy: {retry_on: \"5xx, "
                    + "retriable-status-codes\", num_retries: 2, per_try_timeout: 1s, retriable_status_codes: [503], "
                    + "retry_back_off: {base_interval: 0.01s}}}",
                match: "connect_matcher: {}"
            ).action == .forward(action))
        #expect(
            try load(
                "redirect: {https_redirect: true, port_redirect: 8443, prefix_rewrite: /, response_code: PERMANENT_REDIRECT, strip_query: true}"
            )
            .action
                == .redirect(
                    RedirectAction(scheme: "https", port: 8443, path: .prefix("/"), status: 308, stripQuery: true)))
        let mutated = try load(
            "direct_response: {status: 200}",
            more: "request_headers_to_add: [{header: {key: a, value: \"%PROTOCOL%\"}, append: false}], "
                + "response_headers_to_add: [{header: {key: b, value: c}, append_action: ADD_IF_ABSENT, keep_empty_value: true}], "
                + "response_headers_to_remove: [d]")
        #expect(
            mutated.mutations
                == HeaderMutations(
                    requestAdd: [HeaderAddition(name: "a", value: "%PROTOCOL%", action: .overwriteIfExistsOrAdd)],
                    responseAdd: [HeaderAddition(name: "b", value: "c", action: .addIfAbsent, keepEmptyValue: true)],
                    responseRemove: ["d"]))
    }

    @Test("reads durations as protobuf writes them")
    func durations() {
        #expect(MessageReader.duration("1.5s")! == (1, 500_000_000))
        #expect(MessageReader.duration("-0.000000001s")! == (0, -1))
        for wrong in [
            "", "s", "1", "1.s", ".5s", "1.0000000000s", "1e3s", "+1s", "315576000001s", "99999999999999999999s",
        ] {
            #expect(MessageReader.duration(wrong) == nil, "\(wrong)")
        }
    }

    @Test("counts the groups of an expression")
    func groups() {
        for (pattern, count) in [
            ("", 0), ("(a)(b)", 2), ("(?:a)(?P<x>b)", 1), ("[(](a)", 1), ("[]()](a)", 1), (#"\((a)\)"#, 1),
            (#"\Q(\E(a)"#, 1), ("[[:alpha:](](a)", 1), ("((a)(?i:b))", 2),
        ] {
            #expect(Translation.groups(in: pattern) == count, "\(pattern)")
        }
    }
}
