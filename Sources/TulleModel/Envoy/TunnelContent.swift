/// What a tunnel may hold that a CONNECT route opens and that ends at the proxy: whether the proxy looks into it.
///
/// A control plane says so in the route's metadata, `tulle.dev: {tunnel: NAME}`. Without it, as under Envoy, which knows
/// nothing of it, a tunnel's bytes are relayed whatever they are.
public enum TunnelContent: String, Sendable {
    /// Requests, which are served like those of any other connection of the listener.
    case http
    /// Requests where the first bytes are such; all else is relayed. A client that says nothing within the listener's
    /// `listener_filters_timeout` waits for a server that speaks first.
    case detected

    /// The names of the metadata.
    public static let metadataName = "tulle.dev"
    public static let metadataKey = "tunnel"
}

extension Route {
    public var tunnelContent: TunnelContent? {
        metadata[TunnelContent.metadataName]?[TunnelContent.metadataKey]?.string.flatMap(TunnelContent.init)
    }
}
