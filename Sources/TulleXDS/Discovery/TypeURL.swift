/// The kind of a discovery resource, spelled as xDS spells it: `type.googleapis.com/` and the message's full name.
public struct TypeURL: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public static let cluster = TypeURL(rawValue: "type.googleapis.com/envoy.config.cluster.v3.Cluster")
    public static let endpoints = TypeURL(
        rawValue: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment")
    public static let listener = TypeURL(rawValue: "type.googleapis.com/envoy.config.listener.v3.Listener")
    public static let routes = TypeURL(rawValue: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration")
    public static let virtualHost = TypeURL(rawValue: "type.googleapis.com/envoy.config.route.v3.VirtualHost")
    public static let secret = TypeURL(
        rawValue: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret")

    /// The order in which a push makes before it breaks: what is pointed to goes ahead of what points to it
    /// (xDS protocol, "eventual consistency considerations").
    public static let pushOrder: [TypeURL] = [.cluster, .endpoints, .listener, .routes, .virtualHost, .secret]

    /// Whether a state-of-the-world response of this type is the whole truth, so that absence means removal.
    /// Of the others a response may hold only what changed.
    public var isWholeState: Bool { self == .listener || self == .cluster }

    /// The everyday short name (`CDS`), or the last part of the URL for a type that has none.
    public var shortName: String {
        switch self {
        case .cluster: "CDS"
        case .endpoints: "EDS"
        case .listener: "LDS"
        case .routes: "RDS"
        case .virtualHost: "VHDS"
        case .secret: "SDS"
        default: rawValue.split(separator: ".").last.map(String.init) ?? rawValue
        }
    }

    /// Where the type stands in a push; unknown types come last.
    public var pushRank: Int { Self.pushOrder.firstIndex(of: self) ?? Self.pushOrder.count }

    public var description: String { shortName }
}
