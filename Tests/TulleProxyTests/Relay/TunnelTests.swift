import Foundation
import Testing
import TulleModel
import TulleTesting

@testable import TulleProxy

@Suite("tunnels that end at the proxy")
struct TunnelTests {
    /// A proxy whose service `svc` is tunnelled to with this content, beside what `others` adds.
    private func withTunnels(
        _ content: String?, upstreams: [Int], detection: Duration = .seconds(15), others: [VirtualHost] = [],
        logs: [AccessLog] = [], _ body: (_ port: Int) async throws -> Void
    ) async throws {
        try await withProxy(
            upstreams: upstreams,
            change: { manager, _, _ in
                manager.routes = .inline(
                    RouteConfiguration(name: "mesh", virtualHosts: [host("svc", content)] + others))
                manager.accessLogs = logs
            }, detection: detection
        ) { proxy, port in
            try await body(port)
            // So that the end of every exchange has been seen, and is in the log.
            await proxy.drain(limit: .seconds(10))
        }
    }

    private func host(_ name: String, _ content: String?, connect: String = "up") -> VirtualHost {
        var tunnel = RouteAction(target: .cluster(connect))
        tunnel.upgrades = ["CONNECT": true]
        tunnel.terminatesConnect = true
        var metadata: Metadata = [:]
        if let content { metadata["tulle.dev"] = .object(["tunnel": .string(content)]) }
        return VirtualHost(
            name: name, domains: [name, "\(name):80"],
            routes: [
                Route(match: RouteMatch(path: .connect), action: .forward(tunnel), metadata: metadata),
                Route(match: RouteMatch(path: .prefix("/")), action: .forward(RouteAction(target: .cluster("up")))),
            ])
    }

    private func connect(_ port: Int, to authority: String = "svc:80", early: [UInt8] = []) async throws -> TestClient {
        let client = try await TestClient(port: port)
        try await client.send(Array("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n".utf8) + early)
        let head = try await client.receive(through: "\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(head)")
        return client
    }

    /// Sends back what it is sent, until the client has said all.
    private func echo() throws -> ScriptedServer {
        try ScriptedServer { socket, _ in
            while case let bytes = try socket.receive(), !bytes.isEmpty { try socket.send(bytes) }
        }
    }

    // MARK: HTTP inside

    @Test("requests in a tunnel are balanced one by one", arguments: ["http", "detected"])
    func http1(_ content: String) async throws {
        let servers = try ["one", "two"].map { try ScriptedServer.answering($0) }
        try await withTunnels(content, upstreams: servers.map(\.port)) { port in
            let client = try await connect(port)
            var seen: Set<String> = []
            for _ in 0..<4 {
                try await client.send("GET / HTTP/1.1\r\nHost: svc\r\n\r\n")
                seen.insert(try await client.response().body)
            }
            #expect(seen == ["one", "two"])
        }
    }

    @Test("streams of HTTP/2 in a tunnel are balanced one by one", arguments: ["http", "detected"])
    func http2(_ content: String) async throws {
        let servers = try ["one", "two"].map { try ScriptedServer.answering($0) }
        try await withTunnels(content, upstreams: servers.map(\.port)) { port in
            let client = try await connect(port)
            try await client.send(Self.preface + Self.get(1, "svc") + Self.get(3, "svc"))
            #expect(Set(try await content2(client, count: 2)) == ["one", "two"])
        }
    }

    @Test("the first bytes are told wherever they are cut, and whenever they come", arguments: [true, false])
    func split(_ isHTTP2: Bool) async throws {
        let server = try ScriptedServer.answering("found")
        try await withTunnels("detected", upstreams: [server.port]) { port in
            let bytes = isHTTP2 ? Self.preface + Self.get(1, "svc") : Array("GET / HTTP/1.1\r\nHost: svc\r\n\r\n".utf8)
            // All at once behind the CONNECT, and each byte by itself behind its answer.
            let early = try await connect(port, early: bytes)
            let late = try await connect(port)
            for byte in bytes { try await late.send([byte]) }
            for client in [early, late] {
                if isHTTP2 {
                    #expect(try await content2(client, count: 1) == ["found"])
                } else {
                    #expect(try await client.response().body == "found")
                }
            }
        }
    }

    @Test("a service that has routes and no endpoints of its own is reached through a tunnel")
    func withoutEndpoints() async throws {
        let server = try ScriptedServer.answering("routed")
        let routed = host("routed", "detected", connect: "nowhere")
        try await withTunnels("detected", upstreams: [server.port], others: [routed]) { port in
            let client = try await connect(port, to: "routed:80")
            try await client.send("GET / HTTP/1.1\r\nHost: routed\r\n\r\n")
            #expect(try await client.response().body == "routed")
        }
    }

    @Test("a request goes where its own Host says, and where the tunnel leads when nobody is known by that name")
    func hosts() async throws {
        let server = try ScriptedServer.answering("svc")
        let other = VirtualHost(
            name: "other", domains: ["other"],
            routes: [Route(match: RouteMatch(path: .prefix("/")), action: .respond(DirectResponse(status: 201)))])
        let elsewhere = VirtualHost(
            name: "elsewhere", domains: ["*"],
            routes: [Route(match: RouteMatch(path: .prefix("/")), action: .respond(DirectResponse(status: 202)))])
        try await withTunnels("http", upstreams: [server.port], others: [other, elsewhere]) { port in
            let client = try await connect(port)
            for (host, status) in [("svc", 200), ("other", 201), ("www.example", 200)] {
                try await client.send("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                let (head, _) = try await client.response()
                #expect(head.hasPrefix("HTTP/1.1 \(status)"), "\(host): \(head)")
            }
        }
    }

    @Test("a tunnel in a tunnel is refused as a loop, and no byte behind it is read as a request")
    func nested() async throws {
        let server = try ScriptedServer.answering("svc")
        try await withTunnels("detected", upstreams: [server.port]) { port in
            let client = try await connect(port)
            let line = "CONNECT svc:80 HTTP/1.1\r\nHost: svc:80\r\n\r\n"
            try await client.send(line + "GET / HTTP/1.1\r\nHost: svc\r\n\r\n")
            let all = try await client.receiveToEnd()
            #expect(all.hasPrefix("HTTP/1.1 508"))
            #expect(all.contains("error=proxy_loop_detected") && !all.contains("HTTP/1.1 200"))
        }
        #expect(server.connections == 0)
    }

    @Test("a client that has said all in its tunnel is answered")
    func halfClosed() async throws {
        let server = try ScriptedServer.answering("found")
        try await withTunnels("detected", upstreams: [server.port]) { port in
            let client = try await connect(port)
            try await client.send("GET / HTTP/1.1\r\nHost: svc\r\n\r\n")
            client.endOutput()
            #expect(try await client.receiveToEnd().hasSuffix("found"))
        }
    }

    // MARK: Anything else inside

    @Test(
        "what is not HTTP is relayed with the bytes that told",
        arguments: ["*1\r\n$4\r\nPING\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}", "SSH-2.0-client\r\n", "get me\r\n"])
    func opaque(_ text: String) async throws {
        let server = try echo()
        try await withTunnels("detected", upstreams: [server.port]) { port in
            let client = try await connect(port)
            try await client.send(text)
            #expect(try await client.receive(exactly: text.utf8.count) == Array(text.utf8))
            // From here on nothing is looked at any more.
            try await client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try await client.receive(through: "\r\n\r\n") == "GET / HTTP/1.1\r\n\r\n")
            client.endOutput()
            #expect(try await client.receiveToEnd().isEmpty)
        }
        #expect(server.connections == 1)
    }

    @Test("much that comes before the endpoint has been reached arrives whole")
    func large() async throws {
        let server = try ScriptedServer { socket, _ in try socket.send("\(try socket.receiveToEnd().utf8.count)") }
        try await withTunnels("detected", upstreams: [server.port]) { port in
            let client = try await connect(port)
            try await client.send([UInt8](repeating: 0x2A, count: 3 << 20))
            client.endOutput()
            #expect(try await client.receiveToEnd() == "\(3 << 20)")
        }
    }

    @Test("a server that speaks first is heard when its client is silent")
    func serverFirst() async throws {
        let server = try ScriptedServer { socket, _ in
            try socket.send("220 banner\r\n")
            try socket.send(try socket.receive(through: "\r\n\r\n"))
        }
        try await withTunnels("detected", upstreams: [server.port], detection: .milliseconds(20)) { port in
            let client = try await connect(port)
            #expect(try await client.receive(through: "\r\n") == "220 banner\r\n")
            try await client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try await client.receiveToEnd() == "GET / HTTP/1.1\r\n\r\n")
        }
    }

    @Test("a service that speaks HTTP is waited for, however long its client is silent")
    func silent() async throws {
        let banner = try ScriptedServer { socket, _ in try socket.send("220 banner\r\n") }
        try await withTunnels(
            "detected", upstreams: [banner.port], detection: .milliseconds(20), others: [host("declared", "http")]
        ) { port in
            let silent = try await connect(port, to: "declared:80")
            // That long it takes until silence counts.
            #expect(try await connect(port).receive(through: "\r\n") == "220 banner\r\n")
            #expect(banner.connections == 1)
            try await silent.send("TRACE\r\n\r\n")
            #expect(try await silent.receiveToEnd().hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test("a client that ends before its first byte is relayed at once")
    func endsUnheard() async throws {
        let server = try ScriptedServer { socket, _ in try socket.send("[\(try socket.receiveToEnd())]") }
        try await withTunnels("detected", upstreams: [server.port]) { port in
            let client = try await connect(port)
            client.endOutput()
            let said = try await client.receiveToEnd()
            #expect(said == "[]")
        }
    }

    @Test("a tunnel whose endpoint refuses is reset, and the log says why")
    func refused() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).log").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = AccessLog(
            sink: .file(path), format: .text("%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%\n"))
        try await withTunnels(
            "detected", upstreams: [HeldPort.refusing], others: [host("tcp", nil)], logs: [log]
        ) { port in
            let client = try await connect(port, early: Array("*1\r\n".utf8))
            await #expect(throws: TestSocket.Failure.self) { _ = try await client.receiveToEnd() }
            // Where no HTTP is expected the client hears of it before it has a tunnel.
            let plain = try await TestClient(port: port)
            try await plain.send("CONNECT tcp:80 HTTP/1.1\r\nHost: tcp:80\r\n\r\n")
            let (head, _) = try await plain.response()
            #expect(head.hasPrefix("HTTP/1.1 503") && head.contains("error=connection_refused"))
        }
        let reason = "UF upstream_reset_before_response_started{remote_connection_failure}"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines == ["200 \(reason)", "503 \(reason)"])
    }

    @Test("without a word of the control plane a tunnel is relayed as it is")
    func unmarked() async throws {
        let server = try echo()
        try await withTunnels(nil, upstreams: [server.port]) { port in
            let client = try await connect(port)
            try await client.send("GET / HTTP/1.1\r\nHost: svc\r\n\r\n")
            #expect(try await client.receive(through: "\r\n\r\n") == "GET / HTTP/1.1\r\nHost: svc\r\n\r\n")
        }
    }

    // MARK: HTTP/2 by hand

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

    /// HEADERS of `GET /` over http, the authority a literal (RFC 7541, 6.2.1).
    private static func get(_ stream: UInt8, _ authority: String) -> [UInt8] {
        let block = [0x82, 0x86, 0x84, 0x41, UInt8(authority.utf8.count)] + Array(authority.utf8)
        return [0, 0, UInt8(block.count), 1, 5, 0, 0, 0, stream] + block
    }

    /// The content of so many streams, which come in one DATA frame each.
    private func content2(_ client: TestClient, count: Int) async throws -> [String] {
        var found: [String] = []
        while found.count < count {
            let head = try await client.receive(exactly: 9)
            let payload = try await client.receive(exactly: Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2]))
            if head[3] == 0, !payload.isEmpty { found.append(String(decoding: payload, as: UTF8.self)) }
        }
        return found
    }
}
