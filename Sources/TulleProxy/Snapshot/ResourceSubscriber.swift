/// What a proxy asks a control plane for as it finds that it needs it.
public protocol ResourceSubscriber: Sendable {
    func subscribe(_ kind: DiscoveryKind, _ name: String)
    func unsubscribe(_ kind: DiscoveryKind, _ name: String)
}

/// The types of dynamic resources that are asked for by name.
public enum DiscoveryKind: Hashable, Sendable {
    case routes, clusters, endpoints, secrets
    /// The name is `ROUTE-CONFIGURATION/HOST`.
    case virtualHosts
}
