import NIOCore

/// A gRPC call to a server of the mesh's own machinery, such as the control plane: messages as bytes, both ways.
///
/// It has an HTTP/2 connection of its own, without TLS. `Proxy.call` makes one. A sequence of the server's messages for
/// one reader; it ends when the server ends the call with OK, and else throws the `GRPCError` that says why. A call that
/// nobody holds any more is cancelled, and so is one whose `next`, `send` or `accepted` is waited for by a task that is.
public final class GRPCCall: Sendable, AsyncSequence {
    /// How large and how patient a call is.
    public struct Options: Sendable {
        /// The largest message that is taken; a larger one ends the call.
        public var maxMessageBytes = 64 << 20
        /// After how long a silence the server is pinged. gRPC servers hang up on pings that come too often.
        public var keepaliveTime = Duration.seconds(30)
        public var keepaliveTimeout = Duration.seconds(10)
        /// How long each of the server's addresses is tried.
        public var connectTimeout = Duration.seconds(10)

        public init() {}
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let call: GRPCCall

        public mutating func next() async throws -> [UInt8]? { try await call.next() }
    }

    private let handler: NIOLoopBound<GRPCCallHandler>
    private let loop: any EventLoop

    init(_ handler: NIOLoopBound<GRPCCallHandler>, on loop: any EventLoop) {
        self.handler = handler
        self.loop = loop
    }

    deinit { cancel() }

    /// Waits until the server has taken the call up. Some servers do so with their first message only, so send before.
    public func accepted() async throws {
        try await wait { handler, answer in handler.whenAccepted(answer) }
    }

    /// Sends a message, and waits while the server is slow to take what was sent.
    public func send(_ message: [UInt8]) async throws {
        try await wait { handler, answer in handler.send(message, answer) }
    }

    /// Says that no more messages will be sent. The server's may still come.
    public func halfClose() {
        loop.execute { [handler] in handler.value.halfClose() }
    }

    /// Gives the call up at once. Does nothing to one that has ended.
    public func cancel() {
        loop.execute { [handler] in handler.value.cancel() }
    }

    /// The server's next message; nil when the call has ended well.
    public func next() async throws -> [UInt8]? {
        try await wait { handler, answer in handler.receive(answer) }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(call: self) }

    /// Asks the handler on its loop, and gives the call up when the task is cancelled meanwhile.
    private func wait<Answer: Sendable>(
        _ ask: @escaping @Sendable (GRPCCallHandler, @escaping (Result<Answer, GRPCError>) -> Void) -> Void
    ) async throws -> Answer {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                loop.execute { [handler] in
                    ask(handler.value) { continuation.resume(with: $0) }
                }
            }
        } onCancel: {
            cancel()
        }
    }
}
