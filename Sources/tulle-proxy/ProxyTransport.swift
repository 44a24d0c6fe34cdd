import TulleModel
public import TulleProxy
public import TulleXDS

/// The discovery client's streams over the proxy's own HTTP/2.
///
/// The usual limits of a call suit them: a whole mesh of 10,000 clusters is some 10 MiB, and istiod hangs up on pings that
/// come more often than every 15 s.
struct ProxyTransport: DiscoveryTransport {
    let proxy: Proxy

    func open(
        server: SocketAddress, path: String, metadata: [(name: String, value: String)]
    ) async throws -> any DiscoveryStream {
        try await proxy.call(path, at: .plain(server), metadata: metadata)
    }
}

extension GRPCCall: DiscoveryStream {}
