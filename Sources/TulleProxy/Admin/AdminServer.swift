import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import TulleModel

/// Serves the admin endpoints on a listener of their own. Not the data path: NIO's own HTTP codec will do.
///
/// There is no authentication, as with Envoy's, so that it should listen on loopback. A page in a browser on the same
/// machine must not reach it by a name that its author resolves to 127.0.0.1, hence requests whose Host is a name other
/// than `localhost` are refused.
final class AdminServer: Sendable {
    private let channel: any Channel

    /// Where it listens, with the port that the kernel gave.
    var address: PeerAddress? { channel.localAddress }

    private init(channel: any Channel) {
        self.channel = channel
    }

    /// Begins to listen. Throws what `bind` throws.
    static func start(
        on address: ConfiguredAddress, source: any AdminSource, group: any EventLoopGroup, logger: Logger
    ) async throws -> AdminServer {
        let router = AdminRouter(source: source, logger: logger)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(AdminHandler(router: router))
                }
            }
            .bind(host: address.host, port: address.port).get()
        return AdminServer(channel: channel)
    }

    /// Stops listening.
    func stop() async {
        try? await channel.close()
    }
}

/// One admin connection: a request at a time, answered by a task, since the answer waits for the workers.
private final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let router: AdminRouter
    private var head: HTTPRequestHead?
    private var bodyBytes = 0
    private var idle: Scheduled<Void>?

    /// No endpoint takes a body; what some client sends along is passed over up to here.
    private static let maxBodyBytes = 64 << 10
    /// A client that sends nothing must not hold a connection for ever.
    private static let idleTimeout = TimeAmount.seconds(60)

    init(router: AdminRouter) {
        self.router = router
    }

    func channelActive(context: ChannelHandlerContext) {
        watch(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        idle?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            bodyBytes = 0
        case .body(let bytes):
            bodyBytes += bytes.readableBytes
            if bodyBytes > Self.maxBodyBytes { context.close(promise: nil) }
        case .end:
            guard let head else { return }
            self.head = nil
            watch(context)
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let router = router
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        guard Self.isLocal(head.headers.first(name: "host")) else {
            write(.text("the Host must be an address or localhost\n", status: 403), to: head, context)
            return
        }
        let request = AdminRequest(method: head.method.rawValue, target: head.uri)
        // One task a request: the answer is put together from all workers, each on its own loop.
        Task {
            let response = await router.answer(request)
            loop.execute {
                let (handler, context) = bound.value
                handler.write(response, to: head, context)
            }
        }
    }

    private func write(_ response: AdminResponse, to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        var headers = HTTPHeaders()
        headers.add(name: "content-type", value: response.contentType)
        headers.add(name: "content-length", value: "\(response.body.count)")
        headers.add(name: "cache-control", value: "no-cache, max-age=0")
        headers.add(name: "x-content-type-options", value: "nosniff")
        headers.add(name: "server", value: "tulle")
        if !head.isKeepAlive { headers.add(name: "connection", value: "close") }
        let answer = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
        context.write(wrapOutboundOut(.head(answer)), promise: nil)
        if head.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let end = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !head.isKeepAlive {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            end.whenComplete { _ in bound.value.close(promise: nil) }
        }
    }

    private func watch(_ context: ChannelHandlerContext) {
        idle?.cancel()
        let channel = context.channel
        idle = context.eventLoop.scheduleTask(in: Self.idleTimeout) { channel.close(promise: nil) }
    }

    /// Whether a Host is an IP address or `localhost`, or is not given.
    static func isLocal(_ host: String?) -> Bool {
        guard let host, !host.isEmpty else { return true }
        if host.hasPrefix("[") { return true }
        let name = host.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)[0]
        if name.lowercased() == "localhost" { return true }
        return name.utf8.allSatisfy { $0 == 0x2E || $0 &- 0x30 < 10 }
    }
}
