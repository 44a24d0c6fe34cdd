import SwiftProtobuf
import TulleConfig
import TulleModel

/// Route configurations, virtual hosts, routes and their matches.
extension Translation {
    func routeConfiguration(_ message: Envoy_Config_Route_V3_RouteConfiguration) -> RouteConfiguration {
        let maxBody = message.hasMaxDirectResponseBodySizeBytes ? message.maxDirectResponseBodySizeBytes.value : 4096
        let hosts = each("virtual_hosts", message.virtualHosts) { virtualHost($0, maxBody: Int(maxBody)) }
        uniqueDomains(message.virtualHosts)
        if message.hasVhds {
            within("vhds") {
                _ = configSource("config_source", message.vhds.hasConfigSource, message.vhds.configSource)
            }
        }
        return RouteConfiguration(
            name: message.name, virtualHosts: hosts, discoversVirtualHosts: message.hasVhds,
            ignorePortInHostMatching: message.ignorePortInHostMatching,
            mutations: mutations(
                requestAdd: message.requestHeadersToAdd, requestRemove: message.requestHeadersToRemove,
                responseAdd: message.responseHeadersToAdd, responseRemove: message.responseHeadersToRemove),
            mostSpecificMutationsWin: message.mostSpecificHeaderMutationsWins,
            rbacOverrides: rbacOverrides(message.typedPerFilterConfig))
    }

    /// A host name may lead to one virtual host only.
    private func uniqueDomains(_ hosts: [Envoy_Config_Route_V3_VirtualHost]) {
        var owners: [String: String] = [:]
        _ = each("virtual_hosts", hosts) { host in
            _ = each("domains", host.domains) { domain in
                if let owner = owners.updateValue(host.name, forKey: domain.lowercased()) {
                    fail(
                        "domain \(ConfigurationError.quoted(domain)) is also one of virtual host "
                            + ConfigurationError.quoted(owner))
                }
                return ()
            }
            return ()
        }
    }

    func virtualHost(_ message: Envoy_Config_Route_V3_VirtualHost, maxBody: Int = 4096) -> VirtualHost {
        _ = required("name", message.name)
        if message.domains.isEmpty { fail("domains is required: a virtual host without any matches nothing") }
        _ = each("domains", message.domains) { domain in
            if domain.isEmpty { fail("is empty; use \"*\" for all hosts") }
            return ()
        }
        return VirtualHost(
            name: message.name, domains: message.domains,
            routes: each("routes", message.routes) { route($0, maxBody: maxBody) },
            mutations: mutations(
                requestAdd: message.requestHeadersToAdd, requestRemove: message.requestHeadersToRemove,
                responseAdd: message.responseHeadersToAdd, responseRemove: message.responseHeadersToRemove),
            retryPolicy: message.hasRetryPolicy ? within("retry_policy") { retryPolicy(message.retryPolicy) } : nil,
            includeRequestAttemptCount: message.includeRequestAttemptCount,
            includeAttemptCountInResponse: message.includeAttemptCountInResponse,
            rbacOverrides: rbacOverrides(message.typedPerFilterConfig))
    }

    private func route(_ message: Envoy_Config_Route_V3_Route, maxBody: Int) -> Route? {
        if !message.hasMatch { fail("match is required") }
        let match = message.hasMatch ? within("match") { routeMatch(message.match) } : nil
        let action: Route.Action?
        switch message.action {
        case nil:
            fail("one of route, redirect and direct_response is required")
            action = nil
        case .route(let forward): action = within("route") { routeAction(forward) }.map { .forward($0) }
        case .redirect(let redirect): action = within("redirect") { redirectAction(redirect) }.map { .redirect($0) }
        case .directResponse(let answer):
            action = within("direct_response") { directResponse(answer, maxBody: maxBody) }.map { .respond($0) }
        }
        let mutations = mutations(
            requestAdd: message.requestHeadersToAdd, requestRemove: message.requestHeadersToRemove,
            responseAdd: message.responseHeadersToAdd, responseRemove: message.responseHeadersToRemove)
        let overrides = rbacOverrides(message.typedPerFilterConfig)
        guard let match, let action else { return nil }
        return Route(
            name: message.name, match: match, action: action, mutations: mutations,
            metadata: metadata(message.metadata), rbacOverrides: overrides)
    }

    private func routeMatch(_ message: Envoy_Config_Route_V3_RouteMatch) -> RouteMatch? {
        let headers = each("headers", message.headers, headerMatcher)
        let parameters = each("query_parameters", message.queryParameters, queryParameter)
        guard let path = pathMatch(message) else { return nil }
        return RouteMatch(
            path: path, caseSensitive: message.hasCaseSensitive ? message.caseSensitive.value : true,
            headers: headers, queryParameters: parameters, grpcOnly: message.hasGrpc)
    }

    private func pathMatch(_ message: Envoy_Config_Route_V3_RouteMatch) -> RouteMatch.Path? {
        switch message.pathSpecifier {
        case nil:
            fail("one of prefix, path, safe_regex, path_separated_prefix and connect_matcher is required")
            return nil
        case .prefix(let prefix): return .prefix(prefix)
        case .path(let path): return .exact(path)
        case .safeRegex(let regex): return self.regex("safe_regex", regex).map { .regex($0) }
        case .connectMatcher: return .connect
        case .pathSeparatedPrefix(let prefix):
            guard prefix.utf8.count >= 2, !prefix.hasSuffix("/"), !prefix.contains("?"), !prefix.contains("#") else {
                fail(
                    "path_separated_prefix",
                    "\(ConfigurationError.quoted(prefix)) must be two characters or more, hold no ? and no #, and not "
                        + "end with /")
                return nil
            }
            return .separatedPrefix(prefix)
        }
    }
}
