import FoundationEssentials
import SwiftProtobuf
import TulleModel
import TulleXDS

// Short names for the generated messages that compilation writes.
typealias XCluster = Envoy_Config_Cluster_V3_Cluster
typealias XLoadAssignment = Envoy_Config_Endpoint_V3_ClusterLoadAssignment
typealias XLocalityEndpoints = Envoy_Config_Endpoint_V3_LocalityLbEndpoints
typealias XEndpoint = Envoy_Config_Endpoint_V3_LbEndpoint
typealias XListener = Envoy_Config_Listener_V3_Listener
typealias XFilterChain = Envoy_Config_Listener_V3_FilterChain
typealias XRouteConfiguration = Envoy_Config_Route_V3_RouteConfiguration
typealias XVirtualHost = Envoy_Config_Route_V3_VirtualHost
typealias XRoute = Envoy_Config_Route_V3_Route
typealias XRouteMatch = Envoy_Config_Route_V3_RouteMatch
typealias XRouteAction = Envoy_Config_Route_V3_RouteAction
typealias XWeightedCluster = Envoy_Config_Route_V3_WeightedCluster
typealias XRetryPolicy = Envoy_Config_Route_V3_RetryPolicy
typealias XHeaderMatcher = Envoy_Config_Route_V3_HeaderMatcher
typealias XHeaderValueOption = Envoy_Config_Core_V3_HeaderValueOption
typealias XConnectionManager = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager
typealias XHTTPFilter = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter
typealias XTCPProxy = Envoy_Extensions_Filters_Network_TcpProxy_V3_TcpProxy
typealias XConfigSource = Envoy_Config_Core_V3_ConfigSource

extension Google_Protobuf_Any {
    /// Packs a message in a stable order.
    static func packed(_ message: some Message) -> Google_Protobuf_Any {
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        var any = Google_Protobuf_Any()
        any.typeURL = "type.googleapis.com/\(type(of: message).protoMessageName)"
        // Encoding fails only beyond 2 GiB and for proto2's required fields, of which there are none; an empty message
        // of the right type would then be refused by the proxy.
        any.value = (try? message.serializedBytes(options: options) as Data) ?? Data()
        return any
    }
}

extension Google_Protobuf_Duration {
    static func of(_ duration: Duration) -> Google_Protobuf_Duration {
        let parts = duration.components
        return Google_Protobuf_Duration(seconds: parts.seconds, nanos: Int32(parts.attoseconds / 1_000_000_000))
    }
}

extension Envoy_Config_Listener_V3_ListenerFilter {
    static func of(_ name: String, _ settings: some Message) -> Self {
        var filter = Self()
        filter.name = name
        filter.typedConfig = .packed(settings)
        return filter
    }
}

extension Envoy_Config_Core_V3_Address {
    static func of(_ host: String, _ port: Int) -> Self {
        var socket = Envoy_Config_Core_V3_SocketAddress()
        socket.address = host
        socket.portValue = UInt32(port)
        var address = Self()
        address.socketAddress = socket
        return address
    }
}

extension Envoy_Config_Core_V3_ConfigSource {
    /// The stream that the resource itself came by.
    static var aggregated: Self {
        var source = Self()
        source.ads = Envoy_Config_Core_V3_AggregatedConfigSource()
        source.resourceApiVersion = .v3
        return source
    }
}

extension Envoy_Config_Core_V3_Metadata {
    /// `filter_metadata.istio`, which telemetry takes its labels from.
    static func istio(_ fields: [String: Google_Protobuf_Value]) -> Self {
        var metadata = Self()
        metadata.filterMetadata["istio"] = Google_Protobuf_Struct(fields: fields)
        return metadata
    }

    /// What our proxy may find in the tunnels of a route. Envoy knows nothing of it, and relays them.
    static func tunnel(_ content: TunnelContent) -> Self {
        var metadata = Self()
        metadata.filterMetadata[TunnelContent.metadataName] = Google_Protobuf_Struct(fields: [
            TunnelContent.metadataKey: Google_Protobuf_Value(stringValue: content.rawValue)
        ])
        return metadata
    }

    /// The services that a cluster is of.
    static func services(_ services: [ServiceName]) -> Self {
        istio([
            "services": Google_Protobuf_Value(
                listValue: Google_Protobuf_ListValue(
                    values: services.map { service in
                        Google_Protobuf_Value(
                            structValue: Google_Protobuf_Struct(fields: [
                                "host": Google_Protobuf_Value(stringValue: service.host),
                                "name": Google_Protobuf_Value(stringValue: service.name),
                                "namespace": Google_Protobuf_Value(stringValue: service.namespace),
                            ]))
                    }))
        ])
    }
}

extension Envoy_Config_Route_V3_RetryPolicy {
    /// Retries what was never sent, and nothing else: no policy of the user's has said that more is safe.
    static func unsent(perTry: Duration? = nil) -> Self {
        var policy = Self()
        policy.retryOn = "connect-failure,refused-stream,reset-before-request"
        policy.numRetries = 2
        if let perTry, perTry != .zero { policy.perTryTimeout = .of(perTry) }
        return policy
    }

    /// Towards the app itself, which may be starting: again after a crash, or under a proxy of which nobody says when it is
    /// ready. Half a second of waiting instead of an error; longer would keep callers of a dead app from hearing so.
    static func starting() -> Self {
        var policy = unsent()
        policy.numRetries = 6
        policy.retryBackOff.baseInterval = .of(.milliseconds(50))
        policy.retryBackOff.maxInterval = .of(.milliseconds(250))
        return policy
    }
}

extension Envoy_Type_Matcher_V3_StringMatcher {
    static func exactly(_ text: String) -> Self {
        var matcher = Self()
        matcher.exact = text
        return matcher
    }

    static func matching(_ expression: String) -> Self {
        var matcher = Self()
        matcher.safeRegex = .of(expression)
        return matcher
    }
}

extension Envoy_Type_Matcher_V3_RegexMatcher {
    static func of(_ expression: String) -> Self {
        var matcher = Self()
        matcher.regex = expression
        return matcher
    }
}
