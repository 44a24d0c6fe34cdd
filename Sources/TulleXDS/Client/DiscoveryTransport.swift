public import TulleModel

/// Who carries a discovery client's streams: in tulle-proxy, the proxy's own HTTP/2.
public protocol DiscoveryTransport: Sendable {
    /// Opens a bidirectional gRPC stream; answers once there is a connection, be it before the server has said anything.
    ///
    /// - Parameters:
    ///   - server: an IP or a name, looked up at each call.
    ///   - path: `/package.Service/Method`.
    ///   - metadata: sent with the call, in order.
    func open(
        server: SocketAddress, path: String, metadata: [(name: String, value: String)]
    ) async throws -> any DiscoveryStream
}

/// An open gRPC stream, messages as bytes. One task reads and one sends.
///
/// What it throws describes itself by gRPC's code and message, for logs and status. When a task that waits in it is
/// cancelled, so is the stream.
public protocol DiscoveryStream: Sendable {
    /// Waits until the server has taken the stream up. Some do so with their first response only.
    func accepted() async throws
    /// Sends a message; waits while the server is slow to read.
    func send(_ message: [UInt8]) async throws
    /// Ends the sending side in good order.
    func halfClose()
    /// The next message; nil when the server has ended the stream with OK.
    func next() async throws -> [UInt8]?
    /// Ends the stream at once.
    func cancel()
}
