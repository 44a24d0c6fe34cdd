import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Testing
import TulleModel
import TulleTesting

@testable import TulleProxy

@Suite("Secrets that a control plane sends")
struct SecretChangeTests {
    private func listener() -> Listener {
        var context = TLSContext()
        context.certificate = .secret("default")
        let respond = Route(
            match: RouteMatch(path: .prefix("/")),
            action: .respond(DirectResponse(status: 200, body: Array("ok".utf8))))
        let routes = RouteConfiguration(
            name: "routes", virtualHosts: [VirtualHost(name: "all", domains: ["*"], routes: [respond])])
        let manager = HTTPConnectionManager(statPrefix: "dynamic", routes: .inline(routes))
        return Listener(
            name: "dynamic", address: TulleModel.SocketAddress(host: "127.0.0.1", port: 0),
            filterChains: [FilterChain(tls: DownstreamTLS(context: context), filter: .http(manager))])
    }

    @Test("a listener waits for its certificate, a bad one is refused, a new one serves the next connections")
    func secrets() async throws {
        try await withProxy(upstreams: [HeldPort.refusing]) { proxy, _ in
            #expect(await proxy.apply([.listener(name: "dynamic", listener())]).isEmpty)
            #expect(await proxy.address(ofListener: "dynamic") == nil)

            var mixed = TestCertificates.first
            mixed.key = TestCertificates.second.key
            let refused = await proxy.apply([.secret(name: "default", .certificate(mixed))])
            #expect(refused["default"]?.hasPrefix("secret \"default\": ") ?? false)
            #expect(refused["default"]?.contains("PRIVATE KEY") == false)
            #expect(await proxy.address(ofListener: "dynamic") == nil)
            let roots = await proxy.apply([.secret(name: "default", .validation(CertificateValidation()))])
            #expect(roots["default"]?.contains("is a validation context where a certificate is needed") ?? false)

            #expect(await proxy.apply([.secret(name: "default", .certificate(TestCertificates.first))]).isEmpty)
            let port = try #require(await proxy.address(ofListener: "dynamic")?.port)
            let kept = try await SecureClient.connect(port)
            #expect(kept.subject == "CN=first,O=Tests\\, Inc.")

            #expect(await proxy.apply([.secret(name: "default", .certificate(TestCertificates.second))]).isEmpty)
            let next = try await SecureClient.connect(port)
            #expect(next.subject == "CN=second,O=Tests\\, Inc.")
            // Refused and gone secrets change nothing, and nor did the second for who came before it.
            #expect(await !proxy.apply([.secret(name: "default", .certificate(mixed))]).isEmpty)
            #expect(await proxy.apply([.secret(name: "default", nil)]).isEmpty)
            let last = try await SecureClient.connect(port)
            #expect(last.subject == next.subject)
            #expect(try await kept.ask().hasPrefix("HTTP/1.1 200 OK"))
            for client in [kept, next, last] { try await client.channel.close() }
        }
    }
}

/// A client that believes whoever answers, and tells who it was.
private struct SecureClient {
    let channel: any Channel
    let subject: String
    private let answers: AsyncStream<String>

    static func connect(_ port: Int) async throws -> SecureClient {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        let context = try NIOSSLContext(configuration: configuration)
        let (answers, told) = AsyncStream.makeStream(of: String.self)
        let greeted = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: String.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(context: context, serverHostname: nil)
                    try channel.pipeline.syncOperations.addHandlers(
                        tls, Listening(tls: tls, greeted: greeted, told: told))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return SecureClient(channel: channel, subject: try await greeted.futureResult.get(), answers: answers)
    }

    func ask() async throws -> String {
        try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        for await answer in answers { return answer }
        throw ProxyError("the connection ended")
    }
}

private final class Listening: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let tls: NIOSSLHandler
    private let greeted: EventLoopPromise<String>
    private let told: AsyncStream<String>.Continuation

    init(tls: NIOSSLHandler, greeted: EventLoopPromise<String>, told: AsyncStream<String>.Continuation) {
        self.tls = tls
        self.greeted = greeted
        self.told = told
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            greeted.succeed(tls.peerCertificate.map(DistinguishedName.text(of:)) ?? "")
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { told.yield(String(buffer: unwrapInboundIn(data))) }

    func channelInactive(context: ChannelHandlerContext) {
        greeted.fail(ChannelError.eof)
        told.finish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        greeted.fail(error)
        context.close(promise: nil)
    }
}
