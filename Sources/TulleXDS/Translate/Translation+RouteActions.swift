import SwiftProtobuf
import TulleConfig
import TulleModel

/// What a route does: forward, redirect or answer.
extension Translation {
    func routeAction(_ message: Envoy_Config_Route_V3_RouteAction) -> RouteAction? {
        let target: RouteAction.Target?
        switch message.clusterSpecifier {
        case nil:
            fail("one of cluster, cluster_header and weighted_clusters is required")
            target = nil
        case .cluster(let name): target = required("cluster", name) ? .cluster(name) : nil
        case .clusterHeader(let name):
            target = headerName("cluster_header", name, pseudo: true) ? .clusterHeader(name) : nil
        case .weightedClusters(let clusters):
            target = within("weighted_clusters") { weightedClusters(clusters) }.map { .weighted($0) }
        }
        let hostRewrite = hostRewrite(message)
        let pathRewrite = pathRewrite(message)
        let timeout = duration("timeout", message.hasTimeout, message.timeout)
        let idle = duration("idle_timeout", message.hasIdleTimeout, message.idleTimeout)
        let stream = within("max_stream_duration") {
            duration(
                "max_stream_duration", message.maxStreamDuration.hasMaxStreamDuration,
                message.maxStreamDuration.maxStreamDuration)
        }
        let grpc = grpcTimeout(message)
        let retry = message.hasRetryPolicy ? within("retry_policy") { retryPolicy(message.retryPolicy) } : nil
        var terminates = false
        var upgrades: [String: Bool] = [:]
        _ = each("upgrade_configs", message.upgradeConfigs) { upgrade in
            guard required("upgrade_type", upgrade.upgradeType) else { return () }
            let type = upgrade.upgradeType.lowercased()
            let enabled = upgrade.hasEnabled ? upgrade.enabled.value : true
            if upgrades.updateValue(enabled, forKey: type) != nil {
                fail("upgrade_type", "\(ConfigurationError.quoted(upgrade.upgradeType)) is given twice")
            }
            if upgrade.hasConnectConfig {
                if type == "connect" {
                    terminates = enabled
                } else {
                    fail("connect_config", "is for upgrade_type CONNECT, not \(upgrade.upgradeType)")
                }
            }
            return ()
        }
        guard let target else { return nil }
        var action = RouteAction(target: target)
        action.hostRewrite = hostRewrite
        action.appendForwardedHost = message.appendXForwardedHost
        action.pathRewrite = pathRewrite
        action.timeout = timeout ?? action.timeout
        action.idleTimeout = idle
        action.maxStreamDuration = stream
        action.grpcTimeoutMax = grpc.max
        action.grpcTimeoutOffset = grpc.offset ?? .zero
        action.retryPolicy = retry
        action.upgrades = upgrades
        action.terminatesConnect = terminates
        switch message.clusterNotFoundResponseCode {
        case .serviceUnavailable: action.clusterNotFoundStatus = 503
        case .notFound: action.clusterNotFoundStatus = 404
        case .internalServerError: action.clusterNotFoundStatus = 500
        case .UNRECOGNIZED(let code): fail("cluster_not_found_response_code", "unknown value \(code)")
        }
        return action
    }

    /// What is made of a request's own `grpc-timeout`. A `max_stream_duration` takes the place of the older fields, even
    /// where it is silent about gRPC.
    private func grpcTimeout(_ message: Envoy_Config_Route_V3_RouteAction) -> (max: Duration?, offset: Duration?) {
        guard message.hasMaxStreamDuration else {
            return (
                duration("max_grpc_timeout", message.hasMaxGrpcTimeout, message.maxGrpcTimeout),
                duration("grpc_timeout_offset", message.hasGrpcTimeoutOffset, message.grpcTimeoutOffset)
            )
        }
        for (field, given) in [
            ("max_grpc_timeout", message.hasMaxGrpcTimeout), ("grpc_timeout_offset", message.hasGrpcTimeoutOffset),
        ] where given {
            unhonoured(field, "has no effect beside max_stream_duration; write it there")
        }
        let stream = message.maxStreamDuration
        return within("max_stream_duration") {
            (
                duration("grpc_timeout_header_max", stream.hasGrpcTimeoutHeaderMax, stream.grpcTimeoutHeaderMax),
                duration(
                    "grpc_timeout_header_offset", stream.hasGrpcTimeoutHeaderOffset, stream.grpcTimeoutHeaderOffset)
            )
        }
    }

    private func hostRewrite(_ message: Envoy_Config_Route_V3_RouteAction) -> RouteAction.HostRewrite? {
        switch message.hostRewriteSpecifier {
        case nil: return nil
        case .hostRewriteLiteral(let host):
            return headerValue("host_rewrite_literal", host) && !host.isEmpty ? .literal(host) : nil
        case .autoHostRewrite(let flag): return flag.value ? .fromEndpoint : nil
        case .hostRewriteHeader(let name):
            return headerName("host_rewrite_header", name, pseudo: true) ? .header(name) : nil
        }
    }

    private func pathRewrite(_ message: Envoy_Config_Route_V3_RouteAction) -> RouteAction.PathRewrite? {
        if message.hasRegexRewrite, !message.prefixRewrite.isEmpty {
            fail("regex_rewrite", "prefix_rewrite and regex_rewrite exclude each other; leave one out")
            return nil
        }
        if message.hasRegexRewrite {
            return substitution("regex_rewrite", message.regexRewrite).map {
                .regex(pattern: $0.pattern, substitution: $0.substitution)
            }
        }
        guard !message.prefixRewrite.isEmpty, headerValue("prefix_rewrite", message.prefixRewrite) else { return nil }
        return .prefix(message.prefixRewrite)
    }

    private func weightedClusters(_ message: Envoy_Config_Route_V3_WeightedCluster) -> [WeightedCluster]? {
        guard !message.clusters.isEmpty else {
            fail("clusters is required: at least one")
            return nil
        }
        let clusters = each("clusters", message.clusters) { cluster -> WeightedCluster? in
            let mutations = mutations(
                requestAdd: cluster.requestHeadersToAdd, requestRemove: cluster.requestHeadersToRemove,
                responseAdd: cluster.responseHeadersToAdd, responseRemove: cluster.responseHeadersToRemove)
            guard required("name", cluster.name) else { return nil }
            guard cluster.hasWeight else {
                fail("weight is required")
                return nil
            }
            var host: String?
            if case .hostRewriteLiteral(let literal) = cluster.hostRewriteSpecifier {
                host = headerValue("host_rewrite_literal", literal) && !literal.isEmpty ? literal : nil
            }
            return WeightedCluster(
                name: cluster.name, weight: Int(cluster.weight.value), mutations: mutations, hostRewriteLiteral: host,
                rbacOverrides: rbacOverrides(cluster.typedPerFilterConfig))
        }
        let total = clusters.reduce(0) { $0 + $1.weight }
        guard clusters.count < message.clusters.count || 1...Int(UInt32.max) ~= total else {
            fail(
                "clusters",
                total == 0 ? "the weights add up to 0" : "the weights add up to \(total), over \(UInt32.max)")
            return nil
        }
        return clusters
    }

    func retryPolicy(_ message: Envoy_Config_Route_V3_RetryPolicy) -> RetryPolicy {
        var conditions: Set<RetryPolicy.Condition> = []
        for word in message.retryOn.split(separator: ",") {
            let word = word.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
            let name = String(word)
            if let condition = Self.retryConditions[name] {
                conditions.insert(condition)
            } else if !name.isEmpty {
                // Envoy passes over words that it does not know.
                warn(
                    "retry_on",
                    "\(ConfigurationError.quoted(name)) is not one of \(Self.retryConditions.keys.sorted().joined(separator: ", "))"
                        + " and has no effect")
            }
        }
        let codes = each("retriable_status_codes", message.retriableStatusCodes) { code -> Int? in
            guard 100...599 ~= code else {
                fail("\(code) is no status; it is in 100 to 599")
                return nil
            }
            return Int(code)
        }
        var base: Duration?
        var longest: Duration?
        if message.hasRetryBackOff {
            within("retry_back_off") {
                let backOff = message.retryBackOff
                if !backOff.hasBaseInterval { fail("base_interval is required") }
                base = duration(
                    "base_interval", backOff.hasBaseInterval, backOff.baseInterval, atLeast: .nanoseconds(1))
                // Timers of a proxy count milliseconds; Envoy rounds up too.
                base = base.map { max($0, .milliseconds(1)) }
                longest = duration(
                    "max_interval", backOff.hasMaxInterval, backOff.maxInterval, atLeast: .nanoseconds(1))
                longest = longest.map { max($0, .milliseconds(1)) }
                if let base, let longest, longest < base {
                    fail("max_interval", "is shorter than base_interval")
                }
            }
        }
        return RetryPolicy(
            conditions: conditions, retries: message.hasNumRetries ? Int(message.numRetries.value) : 1,
            perTryTimeout: duration("per_try_timeout", message.hasPerTryTimeout, message.perTryTimeout) ?? .zero,
            retriableStatusCodes: codes, backOffBase: base ?? .milliseconds(25),
            backOffMax: longest ?? base.map { $0 * 10 } ?? .milliseconds(250))
    }

    private static let retryConditions: [String: RetryPolicy.Condition] = [
        "5xx": .serverError, "gateway-error": .gatewayError, "reset": .reset,
        "reset-before-request": .resetBeforeRequest, "connect-failure": .connectFailure,
        "refused-stream": .refusedStream, "retriable-4xx": .retriable4xx,
        "retriable-status-codes": .retriableStatusCodes, "cancelled": .grpcCancelled,
        "deadline-exceeded": .grpcDeadlineExceeded, "internal": .grpcInternal,
        "resource-exhausted": .grpcResourceExhausted, "unavailable": .grpcUnavailable,
    ]

    func redirectAction(_ message: Envoy_Config_Route_V3_RedirectAction) -> RedirectAction? {
        let status: Int
        switch message.responseCode {
        case .movedPermanently: status = 301
        case .found: status = 302
        case .seeOther: status = 303
        case .temporaryRedirect: status = 307
        case .permanentRedirect: status = 308
        case .UNRECOGNIZED(let code):
            fail("response_code", "unknown value \(code)")
            return nil
        }
        let scheme: String? =
            switch message.schemeRewriteSpecifier {
            case .httpsRedirect(true): "https"
            case .schemeRedirect(let scheme) where !scheme.isEmpty: scheme
            default: nil
            }
        let path: RedirectAction.Path?
        switch message.pathRewriteSpecifier {
        case nil: path = nil
        case .pathRedirect(let text): path = headerValue("path_redirect", text) ? .replace(text) : nil
        case .prefixRewrite(let text): path = headerValue("prefix_rewrite", text) ? .prefix(text) : nil
        case .regexRewrite(let rewrite):
            path = substitution("regex_rewrite", rewrite).map {
                .regex(pattern: $0.pattern, substitution: $0.substitution)
            }
        }
        let port = number("port_redirect", message.portRedirect != 0, message.portRedirect, in: 1...65535)
        guard headerValue("host_redirect", message.hostRedirect) else { return nil }
        return RedirectAction(
            scheme: scheme, host: message.hostRedirect.isEmpty ? nil : message.hostRedirect, port: port, path: path,
            status: status, stripQuery: message.stripQuery)
    }

    func directResponse(_ message: Envoy_Config_Route_V3_DirectResponseAction, maxBody: Int) -> DirectResponse? {
        guard let status = number("status", true, message.status, in: 200...599) else { return nil }
        guard message.hasBody else { return DirectResponse(status: status) }
        let body = dataSource(
            "body", message.body, limit: maxBody, remedy: "; raise max_direct_response_body_size_bytes")
        guard let body else { return nil }
        return DirectResponse(status: status, body: body)
    }
}
