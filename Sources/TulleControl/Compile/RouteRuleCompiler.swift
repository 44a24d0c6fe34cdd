import SwiftProtobuf
import TulleModel
import TulleXDS

/// What the rules of HTTPRoutes and of GRPCRoutes have in common: backends by their weights, changes and tests of headers.
struct RouteRuleCompiler {
    let world: World
    let dialect: Recipient.Dialect

    /// The way to a rule's backends; nil when none of them exists.
    ///
    /// - Parameter missing: the answer to the share of a backend that does not exist.
    func action(
        _ backends: [HTTPRoute.Backend], missing: XRouteAction.ClusterNotFoundResponseCode
    ) -> XRouteAction? {
        let used = backends.filter { $0.reference.weight > 0 }
        guard used.contains(where: { exists($0.reference) }) else { return nil }
        if used.count == 1, used[0].filters.isEmpty {
            return action(to: used[0].reference.service, used[0].reference.port, missing: missing)
        }
        var action = XRouteAction()
        action.weightedClusters.clusters = used.map { backend in
            var cluster = XWeightedCluster.ClusterWeight()
            // A backend that does not exist keeps its share.
            cluster.name = XDSNames.outboundCluster(backend.reference.service, port: backend.reference.port)
            cluster.weight = Google_Protobuf_UInt32Value(UInt32(backend.reference.weight))
            for filter in backend.filters {
                switch filter {
                case .requestHeaders(let modifier):
                    cluster.requestHeadersToAdd = Self.options(modifier)
                    cluster.requestHeadersToRemove = modifier.remove
                case .responseHeaders(let modifier):
                    cluster.responseHeadersToAdd = Self.options(modifier)
                    cluster.responseHeadersToRemove = modifier.remove
                case .redirect, .rewrite: break
                }
            }
            return cluster
        }
        action.clusterNotFoundResponseCode = missing
        return action
    }

    /// The way to the endpoints of one port.
    func action(
        to service: ServiceName, _ port: Int, missing: XRouteAction.ClusterNotFoundResponseCode
    ) -> XRouteAction {
        var action = XRouteAction()
        action.cluster = XDSNames.outboundCluster(service, port: port)
        action.clusterNotFoundResponseCode = missing
        return action
    }

    private func exists(_ backend: BackendReference) -> Bool {
        world.services[backend.service]?.port(backend.port) != nil
    }

    /// Sets how long an exchange and each try may take, and what is tried again.
    func limit(_ action: inout XRouteAction, request: Duration? = nil, backendRequest: Duration? = nil) {
        let timeout = request ?? .zero
        if dialect == .grpc {
            if timeout != .zero { action.maxStreamDuration.maxStreamDuration = .of(timeout) }
            return
        }
        action.timeout = .of(timeout)
        action.retryPolicy = .unsent(perTry: backendRequest)
    }

    // MARK: - Headers

    static func matcher(_ header: HTTPRoute.ValueMatch) -> XHeaderMatcher {
        var matcher = XHeaderMatcher()
        matcher.name = header.name.lowercased() == "host" ? ":authority" : header.name
        matcher.stringMatch = Self.matcher(header.test)
        return matcher
    }

    static func matcher(_ test: HTTPRoute.ValueMatch.Test) -> Envoy_Type_Matcher_V3_StringMatcher {
        switch test {
        case .exact(let text): .exactly(text)
        case .regularExpression(let expression): .matching(expression)
        }
    }

    /// Sets a rule's changes of headers.
    static func modify(_ route: inout XRoute, by filters: [HTTPRoute.Filter]) {
        for filter in filters {
            switch filter {
            case .requestHeaders(let modifier):
                route.requestHeadersToAdd = options(modifier)
                route.requestHeadersToRemove = modifier.remove
            case .responseHeaders(let modifier):
                route.responseHeadersToAdd = options(modifier)
                route.responseHeadersToRemove = modifier.remove
            case .redirect, .rewrite: break
            }
        }
    }

    private static func options(_ modifier: HTTPRoute.HeaderModifier) -> [XHeaderValueOption] {
        func option(
            _ header: HTTPRoute.HeaderModifier.Header, _ action: XHeaderValueOption.HeaderAppendAction
        ) -> XHeaderValueOption {
            var option = XHeaderValueOption()
            option.header.key = header.name
            // Envoy reads %X% as a format operator; the Gateway API has none.
            option.header.value = header.value.replacing("%", with: "%%")
            option.appendAction = action
            return option
        }
        return modifier.set.map { option($0, .overwriteIfExistsOrAdd) }
            + modifier.add.map { option($0, .appendIfExistsOrAdd) }
    }
}
