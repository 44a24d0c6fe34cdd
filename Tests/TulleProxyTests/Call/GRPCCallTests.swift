import NIOCore
import NIOEmbedded
import NIOPosix
import Testing
import TulleModel
import TulleTesting

@testable import TulleProxy

@Suite struct GRPCCallTests {
    @Test("the request is a POST of application/grpc with the caller's metadata")
    func request() throws {
        let call = try CallHarness(metadata: [("authorization", "Bearer x"), ("x-id", "7")])
        #expect(
            call.requestFields == [
                ":method: POST", ":scheme: http", ":authority: control:15010", ":path: /test.Service/Method",
                "content-type: application/grpc", "te: trailers",
                "user-agent: tulle-proxy/\(TulleVersion.number)", "authorization: Bearer x", "x-id: 7",
            ])
    }

    @Test(
        "metadata that no field may hold is refused",
        arguments: [("a b", "x"), ("", "x"), (":path", "x"), ("grpc-status", "0"), ("x", "a\r\nb")])
    func wrongMetadata(name: String, value: String) {
        #expect(throws: GRPCError.self) {
            try GRPCRequest(path: "/a/b", to: .socket(path: "c"), metadata: [(name: name, value: value)])
        }
        #expect(throws: GRPCError.self) { try GRPCRequest(path: "/a b", to: .socket(path: "c"), metadata: []) }
    }

    @Test("what is sent gets its length in front, and the half-close comes behind it")
    func sends() throws {
        let call = try CallHarness()
        var isSent = false
        call.handler.send(Array("hello".utf8)) { _ in isSent = true }
        call.handler.halfClose()
        call.takeClientBytes()
        #expect(isSent)
        #expect(call.sent == CallHarness.message(Array("hello".utf8)))
        #expect(call.isHalfClosed)
    }

    @Test("a sender waits while the server takes nothing, and goes on when it does")
    func waitsForWindow() throws {
        let call = try CallHarness(serverWindow: 65_535)
        var isSent = false
        let large = [UInt8](repeating: 1, count: 200_000)
        call.handler.send(large) { _ in isSent = true }
        #expect(!isSent)
        for _ in 0..<8 {
            call.takeClientBytes()
            call.deliver()
        }
        #expect(isSent)
        #expect(call.sent == CallHarness.message(large))
    }

    @Test("messages are put together however frames and reads cut them", arguments: [1, 2, 7, 100, 20_000])
    func cutMessages(size: Int) throws {
        let call = try CallHarness()
        var accepted = false
        call.handler.whenAccepted { accepted = (try? $0.get()) != nil }
        #expect(!accepted)
        call.head([("content-type", "application/grpc")])
        let texts = ["one", "", String(repeating: "x", count: 3000), "last"]
        let content = texts.flatMap { CallHarness.message(Array($0.utf8)) }
        var rest = content[...]
        while !rest.isEmpty {
            call.content(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        call.trailers([("grpc-status", "0")])
        call.deliver(readBytes: size)
        #expect(accepted)
        #expect(texts.map { _ in call.next() } == texts)
        #expect(call.next() == "end")
        #expect(call.next() == "end")
    }

    @Test("a reader that waits gets the message as it comes")
    func waitingReader() throws {
        let call = try CallHarness()
        call.accept()
        var got: [UInt8]?
        call.handler.receive { got = try? $0.get() }
        #expect(got == nil)
        call.content(CallHarness.message([1, 2, 3]))
        call.deliver()
        #expect(got == [1, 2, 3])
    }

    @Test("the server sends no more than its window while nobody takes its messages")
    func backPressure() throws {
        let call = try CallHarness()
        call.accept()
        let message = CallHarness.message([UInt8](repeating: 0x61, count: 1000))
        for _ in 0..<3000 { call.content(message) }
        call.deliver()
        for _ in 0..<10 { call.pump() }
        let window = HTTP2Options().streamWindowBytes
        #expect(call.unsentBytes == 3000 * message.count - window)
        // All that came is taken, which opens the window for as much again.
        for _ in 0..<window / message.count { #expect(call.next().count == 1000) }
        call.takeClientBytes()
        call.pump()
        #expect(call.unsentBytes < 3000 * message.count - window)
    }

    @Test("a message larger than the window arrives though nothing is taken before it is whole")
    func largeMessage() throws {
        let call = try CallHarness()
        call.accept()
        let text = String(repeating: "y", count: 5 << 20)
        call.content(CallHarness.message(Array(text.utf8)))
        for _ in 0..<20 { call.pump() }
        #expect(call.next() == text)
    }
}

@Suite struct GRPCCallEndTests {
    @Test("a head that is all there is tells the error, percent-decoded")
    func trailersOnly() throws {
        let call = try CallHarness()
        var refused: GRPCError?
        call.handler.whenAccepted { if case .failure(let error) = $0 { refused = error } }
        call.head(
            [
                ("content-type", "application/grpc"), ("grpc-status", "3"),
                ("grpc-message", "node %22a%22: 100%25, %C3%A9, 5%"),
            ], end: true)
        call.deliver()
        #expect(refused == GRPCError(.invalidArgument, "node \"a\": 100%, é, 5%"))
        #expect(call.next() == "invalidArgument: node \"a\": 100%, é, 5%")
        #expect(!call.channel.isActive)
    }

    @Test(
        "trailers say how the call ended",
        arguments: [
            ("0", "end"), ("14", "unavailable: why"), ("99", "unknown: why"), ("-1", "unknown: why"),
            ("00", "unknown: why"), ("x", "unknown: why"),
        ] as [(String, String)])
    func trailers(status: String, said: String) throws {
        let texts: [String: StaticString] = ["0": "0", "14": "14", "99": "99", "-1": "-1", "00": "00", "x": "x"]
        let call = try CallHarness()
        call.accept()
        call.content(CallHarness.message(Array("m".utf8)))
        call.trailers([("grpc-status", texts[status]!), ("grpc-message", "why")])
        call.deliver()
        #expect(call.next() == "m")
        #expect(call.next() == said)
        #expect(call.hasGoneAway)
    }

    @Test(
        "an answer that is no gRPC counts by its HTTP status",
        arguments: [
            (400, "internalError"), (401, "unauthenticated"), (403, "permissionDenied"), (404, "unimplemented"),
            (429, "unavailable"), (502, "unavailable"), (503, "unavailable"), (504, "unavailable"), (500, "unknown"),
        ])
    func httpStatus(status: Int, code: String) throws {
        let call = try CallHarness()
        call.head([("content-type", "text/html")], status: status)
        call.deliver()
        #expect(call.next() == "\(code): the server answered with HTTP status \(status)")
        #expect(call.resetCode == .cancel)
    }

    @Test("an answer of another content-type is refused")
    func contentType() throws {
        for (type, isRight): (StaticString, Bool) in [
            ("application/grpc", true), ("application/grpc+proto", true), ("application/grpc;a=b", true),
            ("APPLICATION/GRPC", true), ("application/grpc-web", false), ("text/html", false), ("app", false),
        ] {
            let call = try CallHarness()
            call.head([("content-type", type)])
            call.deliver()
            #expect(call.next() == (isRight ? "nothing" : "unknown: the answer is \(type), not application/grpc"))
        }
        let call = try CallHarness()
        call.head([])
        call.deliver()
        #expect(call.next() == "unknown: the answer has no content-type")
    }

    @Test("an interim head is passed over")
    func interim() throws {
        let call = try CallHarness()
        call.head([], status: 103)
        call.deliver()
        #expect(call.next() == "nothing")
        call.accept()
        call.trailers([("grpc-status", "0")])
        call.deliver()
        #expect(call.next() == "end")
    }

    @Test("a call that ends without a status, or within a message, has failed")
    func incomplete() throws {
        let silent = try CallHarness()
        silent.accept()
        silent.endWithoutTrailers()
        silent.deliver()
        #expect(silent.next() == "unknown: the server ended the call without a grpc-status")
        let cut = try CallHarness()
        cut.accept()
        cut.content([0, 0, 0, 0, 9, 1])
        cut.trailers([("grpc-status", "0")])
        cut.deliver()
        #expect(cut.next() == "internalError: the call ended within a message")
    }

    @Test("a message over the limit ends the call before it is read")
    func oversized() throws {
        let call = try CallHarness { $0.maxMessageBytes = 1000 }
        call.accept()
        call.content(CallHarness.message([UInt8](repeating: 1, count: 1000)))
        call.content([0, 0, 0, 0x03, 0xE9])
        call.deliver()
        #expect(call.next().utf8.count == 1000)
        #expect(call.next() == "resourceExhausted: a message of 1001 bytes, at most 1000 are taken")
        #expect(call.resetCode == .cancel)
    }

    @Test("a compressed message is refused", arguments: [1, 2, 255] as [UInt8])
    func compressed(flag: UInt8) throws {
        let call = try CallHarness()
        call.accept()
        call.content([flag, 0, 0, 0, 1, 1])
        call.deliver()
        #expect(call.next() == "internalError: a compressed message, though the call accepts none")
    }

    @Test("GOAWAY ends a call that it leaves out, and no other")
    func goAway() throws {
        let left = try CallHarness()
        left.goAway(last: 0, code: .noError)
        left.deliver()
        #expect(left.next() == "unavailable: the server takes no calls: GOAWAY with code 0")
        let kept = try CallHarness()
        kept.goAway(last: 0x7FFF_FFFF, code: .noError)
        kept.goAway(last: 1, code: .enhanceYourCalm)
        kept.accept()
        kept.content(CallHarness.message(Array("still".utf8)))
        kept.deliver()
        #expect(kept.next() == "still")
        _ = try kept.channel.finish()
        #expect(kept.next() == "unavailable: the server closed the connection after GOAWAY with code 11")
    }

    @Test("a reset is told by gRPC's code for it")
    func reset() throws {
        for (code, said): (HTTP2ErrorCode, String) in [
            (.refusedStream, "unavailable"), (.cancel, "cancelled"), (.enhanceYourCalm, "resourceExhausted"),
            (.internalError, "internalError"), (.noError, "internalError"),
        ] {
            let call = try CallHarness()
            call.accept()
            call.content(CallHarness.message(Array("m".utf8)))
            call.reset(code)
            call.deliver()
            #expect(call.next() == "m")
            #expect(call.next() == "\(said): the server reset the call with code \(code.rawValue)")
        }
    }

    @Test("what is no HTTP/2 ends the call")
    func noHTTP2() throws {
        let call = try CallHarness()
        _ = try call.channel.writeInbound(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n"))
        #expect(call.next().hasPrefix("internalError: the server does not speak HTTP/2 as it should"))
        #expect(!call.channel.isActive)
    }

    @Test("a connection that closes makes the call unavailable, for readers and senders that wait too")
    func closed() throws {
        let call = try CallHarness(serverWindow: 0)
        var ends: [GRPCCode] = []
        call.handler.whenAccepted { if case .failure(let error) = $0 { ends.append(error.code) } }
        call.handler.receive { if case .failure(let error) = $0 { ends.append(error.code) } }
        call.handler.send([UInt8](repeating: 0, count: 100_000)) {
            if case .failure(let error) = $0 { ends.append(error.code) }
        }
        #expect(ends == [])
        _ = try call.channel.finish()
        #expect(ends == [.unavailable, .unavailable, .unavailable])
    }

    @Test("a cancelled call resets its stream, and its messages are gone")
    func cancelled() throws {
        let call = try CallHarness()
        call.accept()
        call.content(CallHarness.message([1]))
        call.deliver()
        call.handler.cancel()
        call.takeClientBytes()
        #expect(call.resetCode == .cancel)
        #expect(call.hasGoneAway)
        #expect(!call.channel.isActive)
        #expect(call.next() == "cancelled: the call was cancelled")
    }

    @Test("a silent server is pinged, and left when it does not answer")
    func keepalive() throws {
        let call = try CallHarness()
        call.accept()
        func pings() -> Int {
            call.takeClientBytes()
            return call.frames.filter { $0 == HTTP2FrameType.ping }.count
        }
        call.channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(pings() == 0)
        // A word from the server begins the silence anew.
        call.content(CallHarness.message([1]))
        call.deliver()
        call.channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(pings() == 0)
        call.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(pings() == 1)
        // The server machine has answered the ping; the next comes after as long a silence again.
        call.deliver()
        call.channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(pings() == 1)
        call.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(pings() == 2)
        call.channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(call.channel.isActive)
        call.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!call.channel.isActive)
        _ = call.next()
        #expect(call.next() == "unavailable: the server did not answer a ping")
    }
}

@Suite struct GRPCCallConnectTests {
    private func open(_ server: ConfiguredAddress) async throws -> GRPCCall {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        do {
            let call = try await GRPCCall.open(
                GRPCRequest(path: "/a.B/C", to: .plain(server), metadata: []), at: .plain(server),
                options: GRPCCall.Options(), on: MultiThreadedEventLoopGroup.singleton.next(),
                resolver: NameResolver(pool: pool))
            try await pool.shutdownGracefully()
            return call
        } catch {
            try await pool.shutdownGracefully()
            throw error
        }
    }

    @Test("an address where nobody listens is unavailable, in the system's words")
    func refused() async throws {
        let port = HeldPort.refusing
        let error = await #expect(throws: GRPCError.self) {
            _ = try await open(ConfiguredAddress(host: "127.0.0.1", port: port))
        }
        #expect(
            "\(error!)".hasPrefix("unavailable: cannot connect to 127.0.0.1:\(port): ")
                && "\(error!)".lowercased().contains("connection refused"))
    }

    @Test("a name is looked up, and one that does not exist is unavailable")
    func names() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let call = try await open(ConfiguredAddress(host: "localhost", port: server.localAddress?.port ?? 0))
        call.cancel()
        try await server.close()
        let error = await #expect(throws: GRPCError.self) {
            _ = try await open(ConfiguredAddress(host: "no-such-name.invalid", port: 80))
        }
        #expect("\(error!)".hasPrefix("unavailable: cannot resolve no-such-name.invalid: "))
    }

    @Test("a task that is cancelled gives its call up")
    func cancelled() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let call = try await open(ConfiguredAddress(host: "127.0.0.1", port: server.localAddress?.port ?? 0))
        let reading = Task { try await call.next() }
        reading.cancel()
        let error = await #expect(throws: GRPCError.self) { try await reading.value }
        #expect(error?.code == .cancelled)
        try await server.close()
    }
}
