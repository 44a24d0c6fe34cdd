import SwiftProtobuf
import TulleConfig
import TulleModel

/// Clusters and the assignments of their endpoints.
extension Translation {
    func cluster(_ message: Envoy_Config_Cluster_V3_Cluster) -> Cluster? {
        let named = required("name", message.name)
        let lookUp = discovery(message)
        let balancing = balancing(message)
        guard let lookUp else { return nil }
        var cluster = Cluster(name: message.name, discovery: lookUp.discovery)
        if let balancing {
            cluster.balancing = balancing
            checkBalancing(message, lookUp.discovery, balancing)
        }
        cluster.altStatName = message.altStatName
        cluster.metadata = metadata(message.metadata)
        if let timeout = duration(
            "connect_timeout", message.hasConnectTimeout, message.connectTimeout, atLeast: .nanoseconds(1))
        {
            cluster.connectTimeout = timeout
        }
        if let limit = number(
            "per_connection_buffer_limit_bytes", message.hasPerConnectionBufferLimitBytes,
            message.perConnectionBufferLimitBytes.value, in: 1...Int(UInt32.max))
        {
            cluster.perConnectionBufferLimitBytes = limit
        }
        cluster.dnsRefreshRate =
            lookUp.refreshRate
            ?? duration(
                "dns_refresh_rate", message.hasDnsRefreshRate, message.dnsRefreshRate, atLeast: .milliseconds(1))
            ?? cluster.dnsRefreshRate
        cluster.dnsFamily = family("dns_lookup_family", lookUp.family ?? message.dnsLookupFamily)
        protocolOptions(message, &cluster)
        if message.hasTransportSocket { cluster.tls = upstreamTLS(message.transportSocket) }
        cluster.tlsMatches = each("transport_socket_matches", message.transportSocketMatches, transportSocketMatch)
        return named ? cluster : nil
    }

    // MARK: - Discovery

    /// How endpoints are found, with the look-up settings that a dynamic forward proxy brings along.
    private struct LookUp {
        var discovery: Cluster.Discovery
        var refreshRate: Duration?
        var family: Envoy_Config_Cluster_V3_Cluster.DnsLookupFamily?
    }

    private func discovery(_ message: Envoy_Config_Cluster_V3_Cluster) -> LookUp? {
        switch message.clusterDiscoveryType {
        case .clusterType(let custom):
            return within("cluster_type") { forwardProxy(custom) }
        case nil, .type(.static):
            return assignment(message, host: .address).map { LookUp(discovery: .fixed($0)) }
        case .type(.strictDns):
            return assignment(message, host: .name).map { LookUp(discovery: .strictDNS($0)) }
        case .type(.logicalDns):
            guard let assignment = assignment(message, host: .name) else { return nil }
            guard assignment.localities.count == 1, assignment.localities[0].endpoints.count == 1 else {
                fail("load_assignment", "a LOGICAL_DNS cluster has exactly one endpoint")
                return nil
            }
            return LookUp(discovery: .logicalDNS(assignment))
        case .type(.eds):
            guard message.hasEdsClusterConfig else {
                fail("eds_cluster_config is required: an EDS cluster needs an eds_config")
                return nil
            }
            let config = message.edsClusterConfig
            let good = within("eds_cluster_config") {
                configSource("eds_config", config.hasEdsConfig, config.edsConfig)
            }
            let service = config.serviceName.isEmpty ? message.name : config.serviceName
            return good ? LookUp(discovery: .eds(serviceName: service)) : nil
        case .type(.originalDst):
            if message.hasLoadAssignment {
                fail("load_assignment", "an ORIGINAL_DST cluster has no endpoints of its own; leave it out")
            }
            return LookUp(discovery: .originalDestination)
        case .type(.UNRECOGNIZED(let type)):
            fail("type", "unknown value \(type)")
            return nil
        }
    }

    private func assignment(_ message: Envoy_Config_Cluster_V3_Cluster, host: Host) -> LoadAssignment? {
        guard message.hasLoadAssignment else { return LoadAssignment(clusterName: message.name) }
        return within("load_assignment") { loadAssignment(message.loadAssignment, host: host) }
    }

    private func forwardProxy(_ custom: Envoy_Config_Cluster_V3_Cluster.CustomClusterType) -> LookUp? {
        within("typed_config") {
            guard let config = unpack(custom.typedConfig, at: .clusterType) else { return nil }
            guard let config = config as? Envoy_Extensions_Clusters_DynamicForwardProxy_V3_ClusterConfig,
                let cache = dnsCache(
                    config.clusterImplementationSpecifier.map { specifier in
                        switch specifier {
                        case .dnsCacheConfig(let cache): cache
                        }
                    })
            else { return nil }
            return LookUp(discovery: .dynamicForwardProxy, refreshRate: cache.refreshRate, family: cache.family)
        }
    }

    /// The settings of a DNS cache, checked; the cache of a filter and that of its cluster bear the same name.
    func dnsCache(
        _ config: Envoy_Extensions_Common_DynamicForwardProxy_V3_DnsCacheConfig?
    ) -> (refreshRate: Duration, family: Envoy_Config_Cluster_V3_Cluster.DnsLookupFamily)? {
        guard let config else {
            fail("dns_cache_config is required")
            return nil
        }
        return within("dns_cache_config") {
            guard required("name", config.name) else { return nil }
            let rate = duration(
                "dns_refresh_rate", config.hasDnsRefreshRate, config.dnsRefreshRate, atLeast: .milliseconds(1))
            return (rate ?? .seconds(60), config.dnsLookupFamily)
        }
    }

    private func family(
        _ field: String, _ family: Envoy_Config_Cluster_V3_Cluster.DnsLookupFamily
    ) -> Cluster.DNSFamily {
        switch family {
        case .auto: return .auto
        case .v4Only: return .v4Only
        case .v6Only: return .v6Only
        case .v4Preferred: return .v4Preferred
        case .all: return .all
        case .UNRECOGNIZED(let value):
            fail(field, "unknown value \(value)")
            return .auto
        }
    }

    // MARK: - Balancing

    private func balancing(_ message: Envoy_Config_Cluster_V3_Cluster) -> Cluster.Balancing? {
        if message.hasLoadBalancingPolicy {
            return within("load_balancing_policy") { firstKnown(message.loadBalancingPolicy.policies) }
        }
        switch message.lbPolicy {
        case .roundRobin: return .roundRobin
        case .random: return .random
        case .clusterProvided: return .provided
        case .leastRequest:
            return within("least_request_lb_config") {
                leastRequest(message.leastRequestLbConfig.hasChoiceCount, message.leastRequestLbConfig.choiceCount)
            }
        case .loadBalancingPolicyConfig:
            fail("load_balancing_policy is required by lb_policy LOAD_BALANCING_POLICY_CONFIG")
        case .UNRECOGNIZED(let policy):
            fail(
                "lb_policy",
                "policy \(policy) is not one that Tulle has: ROUND_ROBIN, LEAST_REQUEST, RANDOM, CLUSTER_PROVIDED")
        }
        return nil
    }

    private func firstKnown(_ policies: [Envoy_Config_Cluster_V3_LoadBalancingPolicy.Policy]) -> Cluster.Balancing? {
        let known = policies.enumerated().first {
            ExtensionPoint.balancingPolicy.knows(
                ExtensionPoint.typeName($0.element.typedExtensionConfig.typedConfig.typeURL))
        }
        guard let known else {
            let names = policies.map { ExtensionPoint.typeName($0.typedExtensionConfig.typedConfig.typeURL) }
            fail(
                names.isEmpty
                    ? "policies is required: at least one"
                    : "none of its policies is known: "
                        + ExtensionPoint.balancingPolicy.refusal(of: names.joined(separator: ", ")))
            return nil
        }
        return within("policies", index: known.offset) {
            within("typed_extension_config") {
                within("typed_config") { policy(known.element.typedExtensionConfig.typedConfig) }
            }
        }
    }

    private func policy(_ any: Google_Protobuf_Any) -> Cluster.Balancing? {
        switch unpack(any, at: .balancingPolicy) {
        case is Envoy_Extensions_LoadBalancingPolicies_RoundRobin_V3_RoundRobin: .roundRobin
        case is Envoy_Extensions_LoadBalancingPolicies_Random_V3_Random: .random
        case is Envoy_Extensions_LoadBalancingPolicies_ClusterProvided_V3_ClusterProvided: .provided
        case let least as Envoy_Extensions_LoadBalancingPolicies_LeastRequest_V3_LeastRequest:
            leastRequest(least.hasChoiceCount, least.choiceCount)
        default: nil
        }
    }

    private func leastRequest(_ given: Bool, _ count: Google_Protobuf_UInt32Value) -> Cluster.Balancing? {
        // Envoy compares as many as are asked for; more than a hundred is a scan of the cluster.
        guard given else { return .leastRequest(choices: 2) }
        return number("choice_count", true, count.value, in: 2...100).map { .leastRequest(choices: $0) }
    }

    /// Only a discovery that names the endpoint by itself goes with CLUSTER_PROVIDED, and with nothing else.
    private func checkBalancing(
        _ message: Envoy_Config_Cluster_V3_Cluster, _ discovery: Cluster.Discovery, _ balancing: Cluster.Balancing
    ) {
        let provides =
            switch discovery {
            case .originalDestination, .dynamicForwardProxy: true
            case .fixed, .strictDNS, .logicalDNS, .eds: false
            }
        let field = message.hasLoadBalancingPolicy ? "load_balancing_policy" : "lb_policy"
        if provides, balancing != .provided {
            fail(
                field,
                "must be CLUSTER_PROVIDED: an ORIGINAL_DST or dynamic forward proxy cluster names the endpoint itself")
        } else if !provides, balancing == .provided {
            fail(field, "CLUSTER_PROVIDED is for ORIGINAL_DST and dynamic forward proxy clusters only")
        }
    }

    // MARK: - Protocol

    private func protocolOptions(_ message: Envoy_Config_Cluster_V3_Cluster, _ cluster: inout Cluster) {
        if message.hasHTTP2ProtocolOptions {
            cluster.upstreamProtocol = .http2
            cluster.http2 = http2Options("http2_protocol_options", message.http2ProtocolOptions)
        }
        if message.hasHTTPProtocolOptions {
            within("http_protocol_options") { upstreamHTTP1(message.httpProtocolOptions) }
        }
        switch message.protocolSelection {
        case .useConfiguredProtocol:
            if message.hasHTTP2ProtocolOptions, message.hasHTTPProtocolOptions {
                fail(
                    "http2_protocol_options",
                    "http_protocol_options and http2_protocol_options exclude each other; leave one out, or set "
                        + "protocol_selection to USE_DOWNSTREAM_PROTOCOL")
            }
        case .useDownstreamProtocol: cluster.upstreamProtocol = .downstream
        case .UNRECOGNIZED(let value): fail("protocol_selection", "unknown value \(value)")
        }
        if message.hasMaxRequestsPerConnection {
            cluster.maxRequestsPerConnection = Int(message.maxRequestsPerConnection.value)
        }
        if message.preconnectPolicy.hasPerUpstreamPreconnectRatio {
            let ratio = message.preconnectPolicy.perUpstreamPreconnectRatio.value
            if (1...3).contains(ratio) {
                cluster.preconnectRatio = ratio
            } else {
                within("preconnect_policy") { fail("per_upstream_preconnect_ratio", "\(ratio) is not from 1 to 3") }
            }
        }
        if message.hasCommonHTTPProtocolOptions {
            common("common_http_protocol_options", message.commonHTTPProtocolOptions, &cluster)
        }
        let expected = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        for (key, any) in message.typedExtensionProtocolOptions.sorted(by: { $0.key < $1.key }) {
            within("typed_extension_protocol_options", key: key) {
                guard key == expected else {
                    fail("unknown protocol options; Tulle has \(expected)")
                    return
                }
                if let options = unpack(any, at: .protocolOptions)
                    as? Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions
                {
                    upstreamOptions(options, &cluster)
                }
            }
        }
    }

    private func upstreamOptions(
        _ options: Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions, _ cluster: inout Cluster
    ) {
        if options.hasCommonHTTPProtocolOptions {
            common("common_http_protocol_options", options.commonHTTPProtocolOptions, &cluster)
        }
        switch options.upstreamProtocolOptions {
        case nil: fail("one of explicit_http_config and use_downstream_protocol_config is required")
        case .explicitHTTPConfig(let explicit):
            within("explicit_http_config") {
                switch explicit.protocolConfig {
                case nil: fail("one of http_protocol_options and http2_protocol_options is required")
                case .httpProtocolOptions(let http1):
                    cluster.upstreamProtocol = .http1
                    within("http_protocol_options") { upstreamHTTP1(http1) }
                case .http2ProtocolOptions(let http2):
                    cluster.upstreamProtocol = .http2
                    cluster.http2 = http2Options("http2_protocol_options", http2)
                }
            }
        case .useDownstreamProtocolConfig(let config):
            cluster.upstreamProtocol = .downstream
            within("use_downstream_protocol_config") {
                within("http_protocol_options") { upstreamHTTP1(config.httpProtocolOptions) }
                cluster.http2 = http2Options("http2_protocol_options", config.http2ProtocolOptions)
            }
        case .autoConfig:
            fail(
                "auto_config",
                "needs TLS to agree on the protocol, and upstreams are called without TLS; use explicit_http_config or "
                    + "use_downstream_protocol_config")
        }
    }

    private func common(
        _ field: String, _ options: Envoy_Config_Core_V3_HttpProtocolOptions, _ cluster: inout Cluster
    ) {
        let noEffect = "has no effect in a cluster; leave it out"
        within(field) {
            if let idle = duration("idle_timeout", options.hasIdleTimeout, options.idleTimeout) {
                cluster.idleTimeout = idle
            }
            if options.hasMaxRequestsPerConnection {
                cluster.maxRequestsPerConnection = Int(options.maxRequestsPerConnection.value)
            }
            let longest = options.maxConnectionDuration
            if let longest = duration("max_connection_duration", options.hasMaxConnectionDuration, longest) {
                cluster.maxConnectionDuration = longest
            }
            if options.hasMaxHeadersCount { unhonoured("max_headers_count", noEffect) }
            if options.hasMaxStreamDuration { unhonoured("max_stream_duration", noEffect) }
            if options.headersWithUnderscoresAction != .allow {
                unhonoured("headers_with_underscores_action", noEffect)
            }
        }
    }

    /// `enable_trailers` goes without saying: trailers of an upstream are always read, and the connection manager's own
    /// setting decides whether they are passed on.
    private func upstreamHTTP1(_ options: Envoy_Config_Core_V3_Http1ProtocolOptions) {
        let noEffect = "has no effect in a cluster; leave it out"
        if options.acceptHTTP10 { unhonoured("accept_http_10", noEffect) }
        if !options.defaultHostForHTTP10.isEmpty { unhonoured("default_host_for_http_10", noEffect) }
        if options.allowChunkedLength { unhonoured("allow_chunked_length", noEffect) }
    }

    // MARK: - Endpoints

    func loadAssignment(
        _ message: Envoy_Config_Endpoint_V3_ClusterLoadAssignment, host: Host
    ) -> LoadAssignment? {
        guard required("cluster_name", message.clusterName) else { return nil }
        let localities = each("endpoints", message.endpoints) { group -> LocalityEndpoints? in
            if group.hasLoadBalancingWeight {
                _ = number("load_balancing_weight", true, group.loadBalancingWeight.value, in: 1...Int(UInt32.max))
            }
            guard let priority = number("priority", true, group.priority, in: 0...128) else { return nil }
            let endpoints = each("lb_endpoints", group.lbEndpoints) { endpoint($0, host: host) }
            return LocalityEndpoints(
                locality: locality(group.locality), priority: priority, endpoints: endpoints)
        }
        return LoadAssignment(clusterName: message.clusterName, localities: localities)
    }

    private func endpoint(_ message: Envoy_Config_Endpoint_V3_LbEndpoint, host: Host) -> Endpoint? {
        guard case .endpoint(let inner) = message.hostIdentifier else {
            fail("endpoint is required")
            return nil
        }
        let address = within("endpoint") { self.address("address", inner.hasAddress, inner.address, host: host) }
        let weight: Int? =
            message.hasLoadBalancingWeight
            ? number("load_balancing_weight", true, message.loadBalancingWeight.value, in: 1...Int(UInt32.max)) : 1
        let health: Endpoint.Health? =
            switch message.healthStatus {
            case .unknown: .unknown
            case .healthy: .healthy
            case .unhealthy: .unhealthy
            case .draining: .draining
            case .timeout: .timeout
            case .degraded: .degraded
            case .UNRECOGNIZED: nil
            }
        if health == nil { fail("health_status", "unknown value \(message.healthStatus.rawValue)") }
        guard let address, let weight, let health else { return nil }
        return Endpoint(
            address: address, hostname: inner.hostname, health: health, weight: weight,
            metadata: message.hasMetadata ? metadata(message.metadata) : [:])
    }
}
