import NIOConcurrencyHelpers
import Testing
import TulleModel
import TulleTesting

@testable import TulleProxy

@Suite("Connections to endpoints over HTTP/2")
struct UpstreamHTTP2ConnectionTests {
    @Test("an endpoint's PINGs count against it only until they are answered")
    func answeredPings() async throws {
        let server = try ScriptedServer { socket, _ in
            _ = try socket.receive(exactly: 24)
            try socket.send(Self.frame(4, 0, 0))
            var pings = 0
            while true {
                let (type, flags, stream) = try Self.next(socket)
                switch type {
                case 1:
                    try socket.send(Self.frame(1, 5, stream, [0x88]))
                    if pings == 0 { try socket.send(Self.ping) }
                case 6 where flags == 1:
                    pings += 1
                    if pings < 50 { try socket.send(Self.ping) }
                case 7:
                    return
                default: break
                }
            }
        }
        defer { server.stop() }
        try await withProxy(
            upstreams: [server.port],
            change: { _, _, cluster in
                cluster.upstreamProtocol = .http2
                cluster.http2.maxOutboundControlFrames = 10
            }
        ) { _, port in
            let client = try await TestClient(port: port)
            for _ in 0..<50 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().head.hasPrefix("HTTP/1.1 200"))
            }
            #expect(server.connections == 1)
        }
    }

    @Test("a connection that has lasted its time is ended, and the next request has another")
    func age() async throws {
        let ended = NIOLockedValueBox(0)
        let server = try Self.answering { ended.withLockedValue { $0 += 1 } }
        defer { server.stop() }
        try await withProxy(
            upstreams: [server.port],
            change: { _, _, cluster in
                cluster.upstreamProtocol = .http2
                cluster.maxConnectionDuration = .milliseconds(50)
            }
        ) { _, port in
            try await expectAConnectionEach(to: server, through: port) { ended.withLockedValue { $0 } }
        }
    }

    @Test("a connection is opened ahead of its use where the streams that are free are too few")
    func preconnect() async throws {
        let server = try Self.answering()
        defer { server.stop() }
        try await withProxy(
            upstreams: [server.port],
            change: { _, _, cluster in
                cluster.upstreamProtocol = .http2
                cluster.http2.maxConcurrentStreams = 1
                cluster.preconnectRatio = 2
            }
        ) { _, port in
            let client = try await TestClient(port: port)
            for _ in 0..<5 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().head.hasPrefix("HTTP/1.1 200"))
            }
            #expect(await eventually { server.connections == 2 })
        }
        #expect(server.connections == 2)
    }

    @Test("an endpoint that has not offered extended CONNECT is not asked for it, and goes on to be asked for the rest")
    func upgradeNotOffered() async throws {
        let server = try Self.answering()
        defer { server.stop() }
        try await withProxy(
            upstreams: [server.port],
            change: { manager, _, cluster in
                manager.upgrades = ["websocket"]
                cluster.upstreamProtocol = .http2
            }
        ) { _, port in
            let client = try await TestClient(port: port)
            for (fields, status) in [("", 200), ("Connection: upgrade\r\nUpgrade: websocket\r\n", 502), ("", 200)] {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
                let head = try await client.response().head
                #expect(head.hasPrefix("HTTP/1.1 \(status) "))
                #expect(head.contains("does not offer extended CONNECT") == (status == 502))
            }
            #expect(server.connections == 1)
        }
    }

    /// A server that answers every request with 200, and is told of a connection's GOAWAY.
    private static func answering(goneAway: @escaping @Sendable () -> Void = {}) throws -> ScriptedServer {
        try ScriptedServer { socket, _ in
            _ = try socket.receive(exactly: 24)
            try socket.send(frame(4, 0, 0))
            while true {
                let (type, _, stream) = try next(socket)
                if type == 1 { try socket.send(frame(1, 5, stream, [0x88])) }
                if type == 7 { return goneAway() }
            }
        }
    }

    private static let ping = frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8])

    private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
        [0, 0, UInt8(payload.count), type, flags, 0, 0, 0, stream] + payload
    }

    private static func next(_ socket: TestSocket) throws -> (type: UInt8, flags: UInt8, stream: UInt8) {
        let head = try socket.receive(exactly: 9)
        let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
        if length > 0 { _ = try socket.receive(exactly: length) }
        return (head[3], head[4], head[8])
    }
}
