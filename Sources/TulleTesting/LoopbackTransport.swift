import Logging
public import TulleModel
public import TulleProxy
public import TulleXDS

/// A discovery client's streams as tulle-proxy carries them, for tests of the client or of its server.
public struct LoopbackTransport: DiscoveryTransport {
    /// A proxy without configuration, for its loop; it lives as long as the tests.
    private static let proxy = Task {
        try await Proxy(
            bootstrap: Bootstrap(), options: ProxyOptions(), subscriber: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    public init() {}

    public func open(
        server: SocketAddress, path: String, metadata: [(name: String, value: String)]
    ) async throws -> any DiscoveryStream {
        try await Self.proxy.value.call(path, at: .plain(server), metadata: metadata)
    }
}

extension GRPCCall: DiscoveryStream {}
