public import SwiftProtobuf

/// Writes messages as JSON with Envoy's field names, as `/config_dump` shows them.
public enum ResourceJSON {
    /// The message in an Any as a JSON object with its `@type`; nil for a type that Tulle does not have, or bytes that are not
    /// one.
    public static func string(of any: Google_Protobuf_Any) -> String? {
        guard registered else { return nil }
        return try? any.jsonString(options: options)
    }

    /// A message as a JSON object; nil when an Any in it is of a type that Tulle does not have.
    public static func string(of message: some Message) -> String? {
        guard registered else { return nil }
        return try? message.jsonString(options: options)
    }

    static let resourceTypes: [any Message.Type] = [
        Envoy_Config_Listener_V3_Listener.self,
        Envoy_Config_Cluster_V3_Cluster.self,
        Envoy_Config_Route_V3_RouteConfiguration.self,
        Envoy_Config_Route_V3_VirtualHost.self,
        Envoy_Config_Endpoint_V3_ClusterLoadAssignment.self,
        Envoy_Extensions_TransportSockets_Tls_V3_Secret.self,
    ]

    private static var options: JSONEncodingOptions {
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        options.useDeterministicOrdering = true
        return options
    }

    /// SwiftProtobuf can only print an Any whose type was named to it; done once, at the first use.
    private static let registered: Bool = {
        for type in resourceTypes + ExtensionPoint.allTypes + [Envoy_Config_Bootstrap_V3_Bootstrap.self] {
            Google_Protobuf_Any.register(messageType: type)
        }
        return true
    }()
}
