/// One thing about an exchange that a format operator can name. Values come from a `FormatContext`.
public enum FormatField: Int, Hashable, Sendable, CaseIterable {
    case requestProtocol, upstreamProtocol
    case bytesReceived, bytesSent, requestHeadersBytes, responseHeadersBytes, responseTrailersBytes
    case upstreamWireBytesReceived, upstreamWireBytesSent
    case responseCode, responseCodeDetails, responseFlags, responseFlagsLong, connectionTerminationDetails
    case duration, requestDuration, requestTransmitDuration, responseDuration, responseTransmitDuration
    case routeName, virtualHostName, filterChainName
    case upstreamCluster, upstreamHost, upstreamHostName, upstreamTransportFailureReason
    case upstreamRequestAttemptCount, upstreamConnectionID
    case upstreamRemoteAddress, upstreamRemoteAddressWithoutPort, upstreamRemotePort
    case upstreamLocalAddress, upstreamLocalAddressWithoutPort, upstreamLocalPort
    case downstreamRemoteAddress, downstreamRemoteAddressWithoutPort, downstreamRemotePort
    case downstreamDirectRemoteAddress, downstreamDirectRemoteAddressWithoutPort, downstreamDirectRemotePort
    case downstreamLocalAddress, downstreamLocalAddressWithoutPort, downstreamLocalPort
    case downstreamPeerURINames, downstreamPeerDNSNames, downstreamPeerSubject, downstreamLocalURINames,
        downstreamTLSVersion
    case connectionID, requestedServerName, uniqueID, streamID

    /// The operator's name between the percent signs.
    public var name: String {
        switch self {
        case .requestProtocol: "PROTOCOL"
        case .upstreamProtocol: "UPSTREAM_PROTOCOL"
        case .bytesReceived: "BYTES_RECEIVED"
        case .bytesSent: "BYTES_SENT"
        case .requestHeadersBytes: "REQUEST_HEADERS_BYTES"
        case .responseHeadersBytes: "RESPONSE_HEADERS_BYTES"
        case .responseTrailersBytes: "RESPONSE_TRAILERS_BYTES"
        case .upstreamWireBytesReceived: "UPSTREAM_WIRE_BYTES_RECEIVED"
        case .upstreamWireBytesSent: "UPSTREAM_WIRE_BYTES_SENT"
        case .responseCode: "RESPONSE_CODE"
        case .responseCodeDetails: "RESPONSE_CODE_DETAILS"
        case .responseFlags: "RESPONSE_FLAGS"
        case .responseFlagsLong: "RESPONSE_FLAGS_LONG"
        case .connectionTerminationDetails: "CONNECTION_TERMINATION_DETAILS"
        case .duration: "DURATION"
        case .requestDuration: "REQUEST_DURATION"
        case .requestTransmitDuration: "REQUEST_TX_DURATION"
        case .responseDuration: "RESPONSE_DURATION"
        case .responseTransmitDuration: "RESPONSE_TX_DURATION"
        case .routeName: "ROUTE_NAME"
        case .virtualHostName: "VIRTUAL_HOST_NAME"
        case .filterChainName: "FILTER_CHAIN_NAME"
        case .upstreamCluster: "UPSTREAM_CLUSTER"
        case .upstreamHost: "UPSTREAM_HOST"
        case .upstreamHostName: "UPSTREAM_HOST_NAME"
        case .upstreamTransportFailureReason: "UPSTREAM_TRANSPORT_FAILURE_REASON"
        case .upstreamRequestAttemptCount: "UPSTREAM_REQUEST_ATTEMPT_COUNT"
        case .upstreamConnectionID: "UPSTREAM_CONNECTION_ID"
        case .upstreamRemoteAddress: "UPSTREAM_REMOTE_ADDRESS"
        case .upstreamRemoteAddressWithoutPort: "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT"
        case .upstreamRemotePort: "UPSTREAM_REMOTE_PORT"
        case .upstreamLocalAddress: "UPSTREAM_LOCAL_ADDRESS"
        case .upstreamLocalAddressWithoutPort: "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT"
        case .upstreamLocalPort: "UPSTREAM_LOCAL_PORT"
        case .downstreamRemoteAddress: "DOWNSTREAM_REMOTE_ADDRESS"
        case .downstreamRemoteAddressWithoutPort: "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT"
        case .downstreamRemotePort: "DOWNSTREAM_REMOTE_PORT"
        case .downstreamDirectRemoteAddress: "DOWNSTREAM_DIRECT_REMOTE_ADDRESS"
        case .downstreamDirectRemoteAddressWithoutPort: "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT"
        case .downstreamDirectRemotePort: "DOWNSTREAM_DIRECT_REMOTE_PORT"
        case .downstreamLocalAddress: "DOWNSTREAM_LOCAL_ADDRESS"
        case .downstreamLocalAddressWithoutPort: "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT"
        case .downstreamLocalPort: "DOWNSTREAM_LOCAL_PORT"
        case .downstreamPeerURINames: "DOWNSTREAM_PEER_URI_SAN"
        case .downstreamPeerDNSNames: "DOWNSTREAM_PEER_DNS_SAN"
        case .downstreamPeerSubject: "DOWNSTREAM_PEER_SUBJECT"
        case .downstreamLocalURINames: "DOWNSTREAM_LOCAL_URI_SAN"
        case .downstreamTLSVersion: "DOWNSTREAM_TLS_VERSION"
        case .connectionID: "CONNECTION_ID"
        case .requestedServerName: "REQUESTED_SERVER_NAME"
        case .uniqueID: "UNIQUE_ID"
        case .streamID: "STREAM_ID"
        }
    }

    /// Whether JSON writes it as a number.
    var isNumber: Bool {
        switch self {
        case .bytesReceived, .bytesSent, .requestHeadersBytes, .responseHeadersBytes, .responseTrailersBytes,
            .upstreamWireBytesReceived, .upstreamWireBytesSent, .responseCode, .duration, .requestDuration,
            .requestTransmitDuration, .responseDuration, .responseTransmitDuration, .upstreamRequestAttemptCount,
            .upstreamConnectionID, .upstreamRemotePort, .upstreamLocalPort, .downstreamRemotePort,
            .downstreamDirectRemotePort, .downstreamLocalPort, .connectionID:
            true
        default:
            false
        }
    }
}
