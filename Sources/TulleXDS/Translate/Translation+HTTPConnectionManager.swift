import SwiftProtobuf
import TulleConfig
import TulleModel

private typealias Message = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager

/// The HTTP connection manager and its filters.
extension Translation {
    func connectionManager(
        _ message: Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager
    ) -> HTTPConnectionManager? {
        let named = required("stat_prefix", message.statPrefix)
        let routes = routes(message)
        let filters = httpFilters(message.httpFilters)
        let upgrades = upgrades(message)
        let logs = each("access_log", message.accessLog, accessLog)
        guard named, let routes else { return nil }
        var manager = HTTPConnectionManager(statPrefix: message.statPrefix, routes: routes)
        manager.httpFilters = filters
        manager.upgrades = upgrades
        manager.accessLogs = logs
        timeouts(message, &manager)
        commonOptions(message, &manager)
        http1Options(message, &manager)
        manager.http2 = http2Options("http2_protocol_options", message.http2ProtocolOptions)
        identity(message, &manager)
        normalization(message, &manager)
        return manager
    }

    // MARK: - Routes and filters

    private func routes(_ message: Message) -> HTTPConnectionManager.Routes? {
        switch message.routeSpecifier {
        case nil:
            fail("one of route_config and rds is required")
            return nil
        case .routeConfig(let configuration):
            return .inline(within("route_config") { routeConfiguration(configuration) })
        case .rds(let rds):
            return within("rds") {
                let good = configSource("config_source", rds.hasConfigSource, rds.configSource)
                guard required("route_config_name", rds.routeConfigName), good else { return nil }
                return .discovered(rds.routeConfigName)
            }
        }
    }

    private func httpFilters(
        _ messages: [Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter]
    ) -> [HTTPFilter] {
        guard !messages.isEmpty else {
            fail("http_filters is required: at least the router, envoy.filters.http.router")
            return []
        }
        var wrong = false
        let filters = each("http_filters", messages) { filter -> HTTPFilter? in
            guard required("name", filter.name) else {
                wrong = true
                return nil
            }
            return within("typed_config") {
                let type = ExtensionPoint.typeName(filter.typedConfig.typeURL)
                if filter.isOptional, !type.isEmpty, !ExtensionPoint.httpFilter.knows(type) {
                    warn("\(ExtensionPoint.httpFilter.refusal(of: type)); left out, since it is optional")
                    return nil
                }
                let translated = httpFilter(filter.name, filter.typedConfig)
                if translated == nil { wrong = true }
                return translated
            }
        }
        guard !wrong else { return filters }
        for (index, filter) in filters.enumerated() {
            switch (filter, index == filters.count - 1) {
            case (.router, false):
                fail("http_filters", "the router stands before other filters; it must be the last and the only one")
                return filters
            case (.router, true), (_, false): break
            case (_, true): fail("http_filters", "the last filter must be the router, envoy.filters.http.router")
            }
        }
        if filters.isEmpty { fail("http_filters", "the last filter must be the router, envoy.filters.http.router") }
        return filters
    }

    private func httpFilter(_ name: String, _ any: Google_Protobuf_Any) -> HTTPFilter? {
        switch unpack(any, at: .httpFilter) {
        case let router as Envoy_Extensions_Filters_Http_Router_V3_Router:
            return .router(suppressEnvoyHeaders: router.suppressEnvoyHeaders)
        case let demand as Envoy_Extensions_Filters_Http_OnDemand_V3_OnDemand:
            guard demand.hasOdcds else { return .onDemand }
            let good = within("odcds") { configSource("source", demand.odcds.hasSource, demand.odcds.source) }
            return good ? .onDemand : nil
        case let proxy as Envoy_Extensions_Filters_Http_DynamicForwardProxy_V3_FilterConfig:
            let cache = proxy.implementationSpecifier.map { specifier in
                switch specifier {
                case .dnsCacheConfig(let cache): cache
                }
            }
            return dnsCache(cache) == nil ? nil : .dynamicForwardProxy
        case is Envoy_Extensions_Filters_Http_GrpcWeb_V3_GrpcWeb: return .grpcWeb
        case let filter as Envoy_Extensions_Filters_Http_Rbac_V3_RBAC: return rbac(name, filter).map { .rbac($0) }
        default: return nil
        }
    }

    private func upgrades(_ message: Message) -> [String] {
        var seen: Set<String> = []
        return each("upgrade_configs", message.upgradeConfigs) { upgrade -> String? in
            guard required("upgrade_type", upgrade.upgradeType) else { return nil }
            let type = upgrade.upgradeType.lowercased()
            guard seen.insert(type).inserted else {
                fail("upgrade_type", "\(ConfigurationError.quoted(upgrade.upgradeType)) is given twice")
                return nil
            }
            return !upgrade.hasEnabled || upgrade.enabled.value ? type : nil
        }
    }

    // MARK: - Settings

    private func timeouts(_ message: Message, _ manager: inout HTTPConnectionManager) {
        manager.streamIdleTimeout =
            duration("stream_idle_timeout", message.hasStreamIdleTimeout, message.streamIdleTimeout)
            ?? manager.streamIdleTimeout
        manager.requestTimeout =
            duration("request_timeout", message.hasRequestTimeout, message.requestTimeout) ?? manager.requestTimeout
        manager.requestHeadersTimeout =
            duration("request_headers_timeout", message.hasRequestHeadersTimeout, message.requestHeadersTimeout)
            ?? manager.requestHeadersTimeout
        manager.drainTimeout =
            duration("drain_timeout", message.hasDrainTimeout, message.drainTimeout) ?? manager.drainTimeout
        manager.delayedCloseTimeout =
            duration("delayed_close_timeout", message.hasDelayedCloseTimeout, message.delayedCloseTimeout)
            ?? manager.delayedCloseTimeout
    }

    private func commonOptions(_ message: Message, _ manager: inout HTTPConnectionManager) {
        let options = message.commonHTTPProtocolOptions
        within("common_http_protocol_options") {
            manager.idleTimeout =
                duration("idle_timeout", options.hasIdleTimeout, options.idleTimeout) ?? manager.idleTimeout
            manager.maxConnectionDuration =
                duration("max_connection_duration", options.hasMaxConnectionDuration, options.maxConnectionDuration)
                ?? manager.maxConnectionDuration
            manager.maxStreamDuration =
                duration("max_stream_duration", options.hasMaxStreamDuration, options.maxStreamDuration)
                ?? manager.maxStreamDuration
            manager.maxHeadersCount =
                number("max_headers_count", options.hasMaxHeadersCount, options.maxHeadersCount.value, in: 1...65535)
                ?? manager.maxHeadersCount
            if options.hasMaxRequestsPerConnection {
                manager.maxRequestsPerConnection = Int(options.maxRequestsPerConnection.value)
            }
            switch options.headersWithUnderscoresAction {
            case .allow: manager.underscoredHeaders = .allow
            case .rejectRequest: manager.underscoredHeaders = .reject
            case .dropHeader: manager.underscoredHeaders = .drop
            case .UNRECOGNIZED(let value): fail("headers_with_underscores_action", "unknown value \(value)")
            }
        }
        manager.maxRequestHeadersKilobytes =
            number(
                "max_request_headers_kb", message.hasMaxRequestHeadersKb, message.maxRequestHeadersKb.value,
                in: 1...8192)
            ?? manager.maxRequestHeadersKilobytes
    }

    private func http1Options(_ message: Message, _ manager: inout HTTPConnectionManager) {
        switch message.codecType {
        case .auto: manager.codec = .auto
        case .http1: manager.codec = .http1
        case .http2: manager.codec = .http2
        case .UNRECOGNIZED(let value):
            fail("codec_type", "codec \(value) is not one that Tulle has: AUTO, HTTP1, HTTP2")
        }
        let options = message.httpProtocolOptions
        within("http_protocol_options") {
            if options.hasAllowAbsoluteURL, !options.allowAbsoluteURL.value {
                unhonoured("allow_absolute_url", "false has no effect: absolute targets are always taken")
            }
            _ = headerValue("default_host_for_http_10", options.defaultHostForHTTP10)
        }
        manager.acceptHTTP10 = options.acceptHTTP10
        manager.defaultHostForHTTP10 = options.defaultHostForHTTP10
        manager.enableTrailers = options.enableTrailers
        if options.allowChunkedLength {
            unhonoured("allow_chunked_length", "a message with both lengths is always refused (RFC 9112, 6.1)")
        }
    }

    /// How the proxy names itself, its caller and each request.
    private func identity(_ message: Message, _ manager: inout HTTPConnectionManager) {
        if headerValue("server_name", message.serverName), !message.serverName.isEmpty {
            manager.serverName = message.serverName
        }
        switch message.serverHeaderTransformation {
        case .overwrite: manager.serverHeader = .overwrite
        case .appendIfAbsent: manager.serverHeader = .appendIfAbsent
        case .passThrough: manager.serverHeader = .passThrough
        case .UNRECOGNIZED(let value): fail("server_header_transformation", "unknown value \(value)")
        }
        if headerValue("via", message.via) { manager.via = message.via }
        manager.generateRequestID = message.hasGenerateRequestID ? message.generateRequestID.value : true
        manager.preserveExternalRequestID = message.preserveExternalRequestID
        manager.alwaysSetRequestIDInResponse = message.alwaysSetRequestIDInResponse
        manager.useRemoteAddress = message.useRemoteAddress.value
        manager.skipXFFAppend = message.skipXffAppend
        // Nobody stands behind more proxies than that; it bounds the walk along the field.
        manager.xffTrustedHops =
            number("xff_num_trusted_hops", true, message.xffNumTrustedHops, in: 0...1000) ?? 0
        manager.clientCertificate = clientCertificate(message)
    }

    private func clientCertificate(_ message: Message) -> ForwardedClientCertificate {
        var forwarded = ForwardedClientCertificate()
        switch message.forwardClientCertDetails {
        case .sanitize: forwarded.action = .sanitize
        case .forwardOnly: forwarded.action = .forwardOnly
        case .appendForward: forwarded.action = .appendForward
        case .sanitizeSet: forwarded.action = .sanitizeSet
        case .alwaysForwardOnly: forwarded.action = .alwaysForwardOnly
        case .UNRECOGNIZED(let value): fail("forward_client_cert_details", "unknown value \(value)")
        }
        let details = message.setCurrentClientCertDetails
        forwarded.subject = details.subject.value
        forwarded.certificate = details.cert
        forwarded.dns = details.dns
        forwarded.uri = details.uri
        if message.hasSetCurrentClientCertDetails, ![.appendForward, .sanitizeSet].contains(forwarded.action) {
            unhonoured(
                "set_current_client_cert_details",
                "has no effect without forward_client_cert_details: APPEND_FORWARD or SANITIZE_SET")
        }
        return forwarded
    }

    private func normalization(_ message: Message, _ manager: inout HTTPConnectionManager) {
        manager.normalizePath = message.normalizePath.value
        manager.mergeSlashes = message.mergeSlashes
        switch message.pathWithEscapedSlashesAction {
        case .implementationSpecificDefault, .keepUnchanged: manager.escapedSlashes = .keepUnchanged
        case .rejectRequest: manager.escapedSlashes = .reject
        case .unescapeAndRedirect: manager.escapedSlashes = .unescapeAndRedirect
        case .unescapeAndForward: manager.escapedSlashes = .unescapeAndForward
        case .UNRECOGNIZED(let value): fail("path_with_escaped_slashes_action", "unknown value \(value)")
        }
        manager.stripMatchingHostPort = message.stripMatchingHostPort
        if case .stripAnyHostPort(true) = message.stripPortMode { manager.stripAnyHostPort = true }
        if manager.stripMatchingHostPort, manager.stripAnyHostPort {
            fail("strip_any_host_port", "strip_matching_host_port and strip_any_host_port exclude each other")
        }
        manager.stripTrailingHostDot = message.stripTrailingHostDot
    }
}
