import SwiftProtobuf
import TulleConfig
import TulleXDS

/// Compiled resources as JSON with Envoy's field names, in a stable order.
enum GoldenJSON {
    static func text(of resource: NamedResource) throws -> String {
        precondition(registered)
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        options.useDeterministicOrdering = true
        return try resource.any.jsonString(options: options)
    }

    /// SwiftProtobuf prints a Struct's fields in no order.
    static func sorted(_ node: YAMLNode) -> YAMLNode {
        switch node.content {
        case .scalar: return node
        case .sequence(let items): return YAMLNode(.sequence(items.map(sorted)))
        case .mapping(let entries):
            let ordered = entries.sorted { $0.name < $1.name }
            return YAMLNode(.mapping(ordered.map { YAMLEntry($0.name, sorted($0.value)) }))
        }
    }

    /// SwiftProtobuf prints an Any only when its type was named to it.
    private static let registered: Bool = {
        let types: [any Message.Type] = [
            Envoy_Config_Listener_V3_Listener.self, Envoy_Config_Cluster_V3_Cluster.self,
            Envoy_Config_Route_V3_RouteConfiguration.self, Envoy_Config_Route_V3_VirtualHost.self,
            Envoy_Config_Endpoint_V3_ClusterLoadAssignment.self,
            Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager.self,
            Envoy_Extensions_Filters_Network_TcpProxy_V3_TcpProxy.self,
            Envoy_Extensions_Filters_Http_Router_V3_Router.self,
            Envoy_Extensions_Filters_Http_OnDemand_V3_OnDemand.self,
            Envoy_Extensions_Filters_Http_DynamicForwardProxy_V3_FilterConfig.self,
            Envoy_Extensions_Filters_Listener_HttpInspector_V3_HttpInspector.self,
            Envoy_Extensions_Filters_Listener_OriginalDst_V3_OriginalDst.self,
            Envoy_Extensions_Clusters_DynamicForwardProxy_V3_ClusterConfig.self,
            Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions.self,
        ]
        return types.allSatisfy { Google_Protobuf_Any.register(messageType: $0) }
    }()
}
