import SwiftProtobuf
import TulleConfig

/// A place in the configuration where a message of any type may stand, and the types that Tulle has for it.
struct ExtensionPoint: Sendable {
    /// What stands there, for people: `HTTP filter`.
    let what: String
    let types: [any Message.Type]

    static let networkFilter = ExtensionPoint(
        what: "network filter",
        types: [
            Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager.self,
            Envoy_Extensions_Filters_Network_TcpProxy_V3_TcpProxy.self,
            Envoy_Extensions_Filters_Network_Rbac_V3_RBAC.self,
        ])
    static let listenerFilter = ExtensionPoint(
        what: "listener filter",
        types: [
            Envoy_Extensions_Filters_Listener_OriginalDst_V3_OriginalDst.self,
            Envoy_Extensions_Filters_Listener_HttpInspector_V3_HttpInspector.self,
            Envoy_Extensions_Filters_Listener_TlsInspector_V3_TlsInspector.self,
        ])
    static let httpFilter = ExtensionPoint(
        what: "HTTP filter",
        types: [
            Envoy_Extensions_Filters_Http_Router_V3_Router.self,
            Envoy_Extensions_Filters_Http_OnDemand_V3_OnDemand.self,
            Envoy_Extensions_Filters_Http_DynamicForwardProxy_V3_FilterConfig.self,
            Envoy_Extensions_Filters_Http_GrpcWeb_V3_GrpcWeb.self,
            Envoy_Extensions_Filters_Http_Rbac_V3_RBAC.self,
        ])
    static let routeFilter = ExtensionPoint(
        what: "HTTP filter setting of a route",
        types: [
            Envoy_Extensions_Filters_Http_Rbac_V3_RBACPerRoute.self,
            Envoy_Config_Route_V3_FilterConfig.self,
        ])
    static let transportSocket = ExtensionPoint(
        what: "transport socket",
        types: [
            Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext.self,
            Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext.self,
            Envoy_Extensions_TransportSockets_RawBuffer_V3_RawBuffer.self,
        ])
    static let accessLogger = ExtensionPoint(
        what: "access logger",
        types: [
            Envoy_Extensions_AccessLoggers_File_V3_FileAccessLog.self,
            Envoy_Extensions_AccessLoggers_Stream_V3_StdoutAccessLog.self,
            Envoy_Extensions_AccessLoggers_Stream_V3_StderrAccessLog.self,
        ])
    static let clusterType = ExtensionPoint(
        what: "cluster type", types: [Envoy_Extensions_Clusters_DynamicForwardProxy_V3_ClusterConfig.self])
    static let protocolOptions = ExtensionPoint(
        what: "protocol options", types: [Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions.self])
    static let balancingPolicy = ExtensionPoint(
        what: "load-balancing policy",
        types: [
            Envoy_Extensions_LoadBalancingPolicies_RoundRobin_V3_RoundRobin.self,
            Envoy_Extensions_LoadBalancingPolicies_LeastRequest_V3_LeastRequest.self,
            Envoy_Extensions_LoadBalancingPolicies_Random_V3_Random.self,
            Envoy_Extensions_LoadBalancingPolicies_ClusterProvided_V3_ClusterProvided.self,
        ])
    static let apiListener = ExtensionPoint(
        what: "API listener",
        types: [Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager.self])

    /// The point inside a message of this name, by the message that holds the Any.
    static func inside(_ message: String) -> ExtensionPoint? { points[message] }

    private static let points: [String: ExtensionPoint] = [
        Envoy_Config_Listener_V3_Filter.protoMessageName: networkFilter,
        Envoy_Config_Listener_V3_ListenerFilter.protoMessageName: listenerFilter,
        Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter.protoMessageName: httpFilter,
        Envoy_Config_Route_V3_RouteConfiguration.protoMessageName: routeFilter,
        Envoy_Config_Route_V3_VirtualHost.protoMessageName: routeFilter,
        Envoy_Config_Route_V3_Route.protoMessageName: routeFilter,
        Envoy_Config_Route_V3_WeightedCluster.ClusterWeight.protoMessageName: routeFilter,
        Envoy_Config_Route_V3_FilterConfig.protoMessageName: routeFilter,
        Envoy_Config_Core_V3_TransportSocket.protoMessageName: transportSocket,
        Envoy_Config_Accesslog_V3_AccessLog.protoMessageName: accessLogger,
        Envoy_Config_Cluster_V3_Cluster.CustomClusterType.protoMessageName: clusterType,
        Envoy_Config_Cluster_V3_Cluster.protoMessageName: protocolOptions,
        Envoy_Config_Core_V3_TypedExtensionConfig.protoMessageName: balancingPolicy,
        Envoy_Config_Listener_V3_ApiListener.protoMessageName: apiListener,
    ]

    /// All types that may stand in an Any anywhere.
    static let allTypes: [any Message.Type] = points.values.flatMap(\.types)

    /// The full names of the types. (A key path here crashes the compiler, Swift 6.3.1.)
    var names: [String] { types.map { $0.protoMessageName } }

    func knows(_ name: String) -> Bool { names.contains(name) }

    /// What is said of a type that is not known here.
    func refusal(of name: String) -> String {
        let known = types.map { $0.protoMessageName }.joined(separator: ", ")
        return "unknown \(what) type \(ConfigurationError.quoted(name)); Tulle has \(known)"
    }

    /// The type whose own name is nearest; the packages are too long and too alike to be compared.
    func nearest(to name: String) -> String? {
        func last(_ name: String) -> String { String(name.split(separator: ".").last ?? "") }
        guard let word = NearestKey.suggest(for: last(name), among: names.map(last)) else { return nil }
        return names.first { last($0) == word }
    }

    /// The message's full name in a type URL.
    static func typeName(_ url: String) -> String {
        url.lastIndex(of: "/").map { String(url[url.index(after: $0)...]) } ?? url
    }
}
