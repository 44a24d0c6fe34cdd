/// What one subscriber, or all together, may take of a discovery server.
public struct SubscriberLimits: Hashable, Sendable {
    /// Names in force per type. The largest meshes that Envoy is known in have some 10,000 clusters.
    public var maxNamesPerType = 20_000
    /// Bytes of one name: a host name has at most 253, and ours join two or three of them.
    public var maxNameBytes = 1_024
    /// Types asked for on one stream; xDS v3 has about a dozen.
    public var maxTypes = 24
    /// Bytes of one request; the first carries the node, a reconnect all versions held.
    public var maxRequestBytes = 4 * 1_024 * 1_024
    /// Bytes of resources in one delta response, over which it is split: gRPC clients take no message over 4 MiB.
    public var maxResponseBytes = 3 * 1_024 * 1_024
    /// Bytes of text and entries in a node, all told.
    public var maxNodeBytes = 256 * 1_024
    /// Streams of one node id. Several gRPC programs often share one bootstrap file, and so one id.
    public var maxStreamsPerNode = 64
    public var maxStreams = 20_000

    public init() {}
}

/// Why a subscriber's stream is ended, in terms of gRPC.
public struct StreamRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: Hashable, Sendable { case invalidArgument, resourceExhausted, unavailable, aborted }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
