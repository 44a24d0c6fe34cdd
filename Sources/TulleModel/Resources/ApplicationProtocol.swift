/// What a port speaks, so far as the mesh cares.
public enum ApplicationProtocol: Hashable, Sendable {
    /// Not declared: the first bytes tell, and HTTP goes on in the version that it came in.
    case detect
    /// HTTP/1.1, with WebSocket.
    case http
    /// HTTP/2 without TLS, as gRPC has it.
    case http2
    /// Bytes that are relayed unread.
    case tcp

    /// Values of `appProtocol` that mean HTTP/1.1.
    public static let httpNames = ["http", "http/1.1", "kubernetes.io/ws"]

    /// Values of `appProtocol` that mean HTTP/2 without TLS. `grpc-web` is gRPC whose callers may be browsers: the app itself
    /// is spoken to in gRPC.
    public static let http2Names = ["http2", "http/2", "grpc", "grpc-web", "h2c", "kubernetes.io/h2c"]

    /// Values of `appProtocol` that mean opaque bytes: Kubernetes' own, and the names of the IANA registry and of
    /// Istio that are seen in practice. A name that is missing here is refused with the nearest one, so that a typing
    /// error never turns routing off silently; `tcp` always fits.
    public static let opaqueNames = [
        "tcp", "tls", "https", "kubernetes.io/wss", "redis", "mysql", "postgresql", "mongo", "mongodb", "amqp", "amqps",
        "kafka", "cassandra", "memcached", "mqtt", "nats", "zookeeper", "etcd", "ldap", "ldaps", "smtp", "smtps",
        "imap",
        "imaps", "pop3", "ftp", "ssh", "dns", "ms-sql-s", "oracle", "clickhouse", "elasticsearch",
    ]

    /// All names that `appProtocol` may have without a domain of somebody else's before it.
    public static let names = httpNames + http2Names + opaqueNames

    /// Nil for a name that no list holds. A name with another domain's prefix (`example.com/x`) is opaque.
    public init?(appProtocol name: String) {
        let name = name.lowercased()
        if Self.httpNames.contains(name) {
            self = .http
        } else if Self.http2Names.contains(name) {
            self = .http2
        } else if Self.opaqueNames.contains(name) {
            self = .tcp
        } else if name.contains("/"), !name.hasPrefix("kubernetes.io/"), name.contains(".") {
            self = .tcp
        } else {
            return nil
        }
    }
}
