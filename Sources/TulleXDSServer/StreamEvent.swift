internal import TulleModel
internal import TulleXDS

/// What a subscriber's task wakes for.
enum StreamEvent: Sendable {
    /// A request, with the node if it carried one.
    case request(DiscoveryRequest, Presentation?)
    /// There is something to push.
    case pushed
    /// The subscriber half-closed the stream (clean), or it broke.
    case ended(clean: Bool)
    /// The time for the first request is over.
    case late

    /// How a subscriber presents itself in a request.
    struct Presentation: Sendable {
        var node: Node
        var userAgent: String
        var features: Set<String>

        init?(_ message: Envoy_Config_Core_V3_Node, isSet: Bool) {
            guard isSet else { return nil }
            node = Node(message)
            userAgent = message.userAgentName
            features = Set(message.clientFeatures)
        }
    }
}
