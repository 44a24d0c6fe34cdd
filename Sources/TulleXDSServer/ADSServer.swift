internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
public import Logging
public import TulleModel

/// The aggregated discovery service, in both flavours, over a source of resources.
public final class ADSServer: Sendable {
    /// Where the server listens and what it allows.
    public struct Configuration: Sendable {
        /// An IP address and port; port 0 lets the kernel choose.
        public var address: TulleModel.SocketAddress
        public var limits = SubscriberLimits()
        /// Told to subscribers as `control_plane.identifier`.
        public var identifier: String
        /// After how long a silence a peer is pinged, and how long it has to answer: one that is cut off without a
        /// word is found within half a minute.
        public var keepaliveTime = Duration.seconds(20)
        public var keepaliveTimeout = Duration.seconds(10)
        /// How long a stream may be open without a request.
        public var firstRequestTimeout = Duration.seconds(15)

        public init(address: TulleModel.SocketAddress, identifier: String = "tulle") {
            self.address = address
            self.identifier = identifier
        }
    }

    private let configuration: Configuration
    private let table: SubscriberTable
    private let grpc: GRPCServer<HTTP2ServerTransport.Posix>

    /// - Parameters:
    ///   - source: what the subscribers get.
    ///   - observers: told of everything, in this order; one that refuses a subscriber ends its stream.
    public init(
        _ configuration: Configuration, source: any DiscoverySource, observers: [any SubscriberObserver] = [],
        logger: Logger
    ) {
        self.configuration = configuration
        table = SubscriberTable(limits: configuration.limits)
        var transport = HTTP2ServerTransport.Posix.Config.defaults
        transport.rpc.maxRequestPayloadSize = configuration.limits.maxRequestBytes
        // One subscriber needs one stream; a gRPC program that shares a connection has a few.
        transport.http2.maxConcurrentStreams = 100
        transport.connection.keepalive.time = configuration.keepaliveTime
        transport.connection.keepalive.timeout = configuration.keepaliveTimeout
        // Envoys and gRPC clients may be set to ping every ten seconds; by the defaults we would hang up on them.
        transport.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .seconds(5)
        transport.connection.keepalive.clientBehavior.allowWithoutCalls = true
        transport.connection.maxIdleTime = .seconds(120)
        grpc = GRPCServer(
            transport: HTTP2ServerTransport.Posix(
                address: configuration.address.grpc, transportSecurity: .plaintext, config: transport),
            services: [
                DiscoveryService(
                    configuration: configuration, source: source, observers: observers, table: table,
                    logger: logger)
            ])
    }

    /// Serves until the task is cancelled or `stop` is called.
    /// - Throws: `StreamRefusal` when the address cannot be bound.
    public func run() async throws {
        do {
            try await withTaskCancellationHandler {
                try await grpc.serve()
            } onCancel: {
                stop()
            }
        } catch let error as RuntimeError {
            let cause = error.cause.map { "\($0)" } ?? error.message
            throw StreamRefusal(.unavailable, "xds server on \(configuration.address): \(cause)")
        }
    }

    /// The address bound, with the port that the kernel chose; waits until `run` has bound it.
    public var boundAddress: TulleModel.SocketAddress {
        get async throws {
            let address = try await grpc.transport.listeningAddress
            if let v4 = address.ipv4 { return TulleModel.SocketAddress(host: v4.host, port: v4.port) }
            if let v6 = address.ipv6 { return TulleModel.SocketAddress(host: v6.host, port: v6.port) }
            return configuration.address
        }
    }

    /// Ends all streams and stops listening; `run` returns after that. Subscribers are told UNAVAILABLE and come back.
    public func stop() {
        table.stop()
        grpc.beginGracefulShutdown()
    }

    /// Has every stream look again at the types that may have changed for its node. Returns at once.
    /// - Parameters:
    ///   - since: when the change came, for the convergence time.
    ///   - scope: what to look at; a stream for which it is empty is left alone. Called under the table's lock, so it
    ///     must not call the server.
    public func push(
        since: ContinuousClock.Instant = .now, scope: (ConnectedNode) -> PushScope = { _ in .everything }
    ) {
        table.push(since: since, scope: scope)
    }

    /// The nodes connected now, oldest stream first.
    public var connected: [ConnectedNode] { table.nodes }
}

extension TulleModel.SocketAddress {
    /// A literal address to bind; a name other than `localhost` cannot be bound, and binding says so.
    fileprivate var grpc: GRPCNIOTransportHTTP2Posix.SocketAddress {
        if host.contains(":") { return .ipv6(host: host, port: port) }
        return .ipv4(host: host == "localhost" ? "127.0.0.1" : host, port: port)
    }
}
