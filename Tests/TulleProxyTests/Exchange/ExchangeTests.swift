import NIOConcurrencyHelpers
import Testing
import TulleModel
import TulleTesting

@testable import TulleProxy

@Suite("exchanges from socket to socket")
struct ExchangeTests {
    @Test("requests on one connection go over one upstream connection")
    func keepAlive() async throws {
        let server = try ScriptedServer.answering("hello")
        try await withProxy(upstreams: [server.port]) { _, port in
            let client = try await TestClient(port: port)
            for _ in 0..<5 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let (head, body) = try await client.response()
                #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(body == "hello")
            }
        }
        #expect(server.connections == 1)
    }

    @Test("pipelined requests are answered in their order")
    func pipelining() async throws {
        let server = try ScriptedServer { socket, _ in
            while true {
                let head = try socket.receive(through: "\r\n\r\n")
                let path = String(head.split(separator: " ")[1])
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n\(path)")
            }
        }
        try await withProxy(upstreams: [server.port]) { _, port in
            let client = try await TestClient(port: port)
            try await client.send((1...20).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 1...20 { #expect(try await client.response().body == "/\(number)") }
        }
    }

    @Test("a request that met a closing idle connection is sent again")
    func staleConnection() async throws {
        let server = try ScriptedServer { socket, number in
            _ = try socket.receive(through: "\r\n\r\n")
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
            // The second request is read and not answered: the race of an idle timeout.
            _ = try socket.receive(through: "\r\n\r\n")
        }
        try await withProxy(upstreams: [server.port]) { _, port in
            let client = try await TestClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().body == "1")
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().body == "2")
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let (head, _) = try await client.response()
            #expect(head.hasPrefix("HTTP/1.1 503"))
            #expect(head.contains("error=connection_terminated"))
        }
    }

    @Test("an endpoint that refuses is passed over, and set aside")
    func refusing() async throws {
        let server = try ScriptedServer.answering("ok")
        try await withProxy(upstreams: [HeldPort.refusing, server.port]) { _, port in
            let client = try await TestClient(port: port)
            for _ in 0..<10 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().body == "ok")
            }
        }
    }

    @Test("with no endpoint that takes the connection the answer says why")
    func noneTakes() async throws {
        try await withProxy(upstreams: [HeldPort.refusing]) { _, port in
            let client = try await TestClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let (head, body) = try await client.response()
            #expect(head.hasPrefix("HTTP/1.1 503"))
            #expect(
                head.contains(
                    "proxy-status: tulle; error=connection_refused; details=\"cannot connect: Connection refused\""))
            #expect(body.hasPrefix("upstream connect error"))
        }
    }

    @Test("a response later than the route's timeout becomes a 504, and the connection stays usable")
    func timeout() async throws {
        let server = try ScriptedServer { socket, _ in
            _ = try socket.receive(through: "\r\n\r\n")
            _ = try socket.receive()
        }
        try await withProxy(upstreams: [server.port], change: { _, action, _ in action.timeout = .milliseconds(100) }) {
            _, port in
            let client = try await TestClient(port: port)
            for _ in 0..<2 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let (head, body) = try await client.response()
                #expect(head.hasPrefix("HTTP/1.1 504"))
                #expect(body == "upstream request timeout")
            }
        }
    }

    @Test("an exchange longer than the maximum stream duration is ended")
    func duration() async throws {
        let server = try ScriptedServer { socket, _ in
            _ = try socket.receive(through: "\r\n\r\n")
            _ = try socket.receive()
        }
        try await withProxy(
            upstreams: [server.port], change: { manager, _, _ in manager.maxStreamDuration = .milliseconds(80) }
        ) { _, port in
            let client = try await TestClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let (head, body) = try await client.response()
            #expect(head.hasPrefix("HTTP/1.1 408"))
            #expect(body == "downstream duration timeout")
        }
    }

    @Test("a status that the policy names is tried again, up to its number")
    func statusRetry() async throws {
        let server = try ScriptedServer { socket, number in
            while true {
                _ = try socket.receive(through: "\r\n\r\n")
                let status = number < 3 ? "503 Busy" : "200 OK"
                try socket.send("HTTP/1.1 \(status)\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        try await withProxy(
            upstreams: [server.port],
            change: { _, action, _ in action.retryPolicy = RetryPolicy(conditions: [.gatewayError], retries: 2) }
        ) { _, port in
            let client = try await TestClient(port: port)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            #expect(try await client.response().head.hasPrefix("HTTP/1.1 200"))
        }
        #expect(server.connections == 3)
    }

    @Test("a body of 8 MiB passes both ways")
    func largeBodies() async throws {
        let size = 8 << 20
        let server = try ScriptedServer { socket, _ in
            _ = try socket.receive(through: "\r\n\r\n")
            let body = try socket.receive(exactly: size)
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            try socket.send(body)
        }
        try await withProxy(upstreams: [server.port]) { _, port in
            let client = try await TestClient(port: port)
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            try await client.send(body)
            _ = try await client.receive(through: "\r\n\r\n")
            #expect(try await client.receive(exactly: size) == body)
        }
    }

    @Test("an upstream connection that has lasted its time is ended, and the next request has another")
    func connectionAge() async throws {
        let ended = NIOLockedValueBox(0)
        let server = try ScriptedServer { socket, _ in
            defer { ended.withLockedValue { $0 += 1 } }
            while true {
                _ = try socket.receive(through: "\r\n\r\n")
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
        try await withProxy(
            upstreams: [server.port], change: { _, _, cluster in cluster.maxConnectionDuration = .milliseconds(50) }
        ) { _, port in
            try await expectAConnectionEach(to: server, through: port) { ended.withLockedValue { $0 } }
        }
    }

    @Test("connections are opened ahead of their use, as many as are wanted for each exchange", arguments: [1, 2, 3])
    func preconnect(ratio: Int) async throws {
        let server = try ScriptedServer { socket, _ in
            while true {
                _ = try socket.receive(through: "\r\n\r\n")
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
        defer { server.stop() }
        try await withProxy(
            upstreams: [server.port], change: { _, _, cluster in cluster.preconnectRatio = Double(ratio) }
        ) { _, port in
            let client = try await TestClient(port: port)
            for _ in 0..<5 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().head.hasPrefix("HTTP/1.1 200"))
                #expect(await eventually { server.connections == ratio })
            }
        }
        #expect(server.connections == ratio)
    }

    @Test("an upgrade that is allowed becomes a tunnel with half-closed ends")
    func upgrade() async throws {
        let server = try ScriptedServer { socket, _ in
            _ = try socket.receive(through: "\r\n\r\n")
            try socket.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
            let said = try socket.receiveToEnd()
            try socket.send("got \(said)")
        }
        try await withProxy(upstreams: [server.port], change: { manager, _, _ in manager.upgrades = ["echo"] }) {
            _, port in
            let client = try await TestClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            let head = try await client.receive(through: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 101"))
            #expect(head.lowercased().contains("upgrade: echo"))
            #expect(String(decoding: try await client.receive(exactly: 5), as: UTF8.self) == "early")
            try await client.send("words")
            client.endOutput()
            #expect(try await client.receiveToEnd() == "got words")
        }
    }

    @Test("a chunked response to an HTTP/1.0 client ends with the connection")
    func http10() async throws {
        let server = try ScriptedServer { socket, _ in
            _ = try socket.receive(through: "\r\n\r\n")
            try socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            _ = try socket.receive()
        }
        try await withProxy(upstreams: [server.port], change: { manager, _, _ in manager.acceptHTTP10 = true }) {
            _, port in
            let client = try await TestClient(port: port)
            try await client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            let all = try await client.receiveToEnd()
            #expect(all.hasSuffix("\r\n\r\nabcde"))
            #expect(!all.lowercased().contains("transfer-encoding"))
        }
    }

    @Test("what is not HTTP is refused with 400 and the connection closed, and counted once")
    func malformed() async throws {
        try await withProxy(upstreams: [1]) { _, port in
            for text in ["GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "\u{1}\u{2}\r\n\r\n"] {
                let client = try await TestClient(port: port)
                try await client.send(text)
                let all = try await client.receiveToEnd()
                #expect(all.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
                #expect(all.contains("connection: close"))
            }
        }
    }

    @Test("a drain ends idle connections at once and lets the busy one finish")
    func drain() async throws {
        let server = try ScriptedServer { socket, _ in
            _ = try socket.receive(through: "\r\n\r\n")
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
            _ = try socket.receive(through: "go")
            try socket.send("lf")
            _ = try socket.receive()
        }
        try await withProxy(upstreams: [server.port]) { proxy, port in
            let idle = try await TestClient(port: port)
            let busy = try await TestClient(port: port)
            try await busy.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
            _ = try await busy.receive(through: "ha")
            async let drained: Void = proxy.drain(limit: .seconds(10))
            #expect(try await idle.receiveToEnd() == "")
            try await busy.send("go")
            #expect(try await busy.receive(through: "lf") == "lf")
            #expect(try await busy.receiveToEnd() == "")
            await drained
            await #expect(throws: TestSocket.Failure.self) { try await TestClient(port: port) }
        }
    }

    @Test("an endpoint whose own sidecar cannot reach its app is passed over, for requests that may be repeated")
    func endpointWithoutApp() async throws {
        let lost = try ScriptedServer { socket, _ in
            while true {
                _ = try socket.receive(through: "\r\n\r\n")
                try socket.send(
                    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                        + "proxy-status: tulle-web; error=connection_refused; details=\"x\"\r\n\r\n")
            }
        }
        let good = try ScriptedServer.answering("ok")
        try await withProxy(upstreams: [lost.port, good.port]) { _, port in
            let client = try await TestClient(port: port)
            for _ in 0..<8 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().head.hasPrefix("HTTP/1.1 200"))
            }
        }
        // With nobody else to ask, the answer goes on as it came.
        try await withProxy(upstreams: [lost.port]) { _, port in
            let client = try await TestClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().head.hasPrefix("HTTP/1.1 503"))
        }
    }

    @Test("a request answered before its body was read keeps its connection when the body is small")
    func answeredEarly() async throws {
        try await withProxy(upstreams: [HeldPort.refusing]) { _, port in
            let client = try await TestClient(port: port)
            for _ in 0..<3 {
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
                let (head, _) = try await client.response()
                #expect(head.hasPrefix("HTTP/1.1 503"))
                #expect(!head.contains("connection: close"))
                try await client.send("hello")
            }
        }
    }
}
