import Foundation
import Logging
import Testing
import TulleModel
import TulleTesting

@testable import TulleProxy

@Suite("access logs of what passed")
struct AccessLogTests {
    private func lines(_ path: String) -> [String] {
        (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").map(String.init) ?? []
    }

    @Test("a relayed connection is a line at its end")
    func tcp() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).log").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try ScriptedServer { socket, _ in
            let said = try socket.receiveToEnd()
            try socket.send("got \(said)")
        }
        let log = AccessLog(
            sink: .file(path), format: .text("%BYTES_RECEIVED% %BYTES_SENT% %UPSTREAM_CLUSTER% %RESPONSE_FLAGS%\n"))
        for (port, expected) in [(server.port, "5 9 up -"), (HeldPort.refusing, "0 0 up UF")] {
            let relay = TCPProxy(
                statPrefix: "t", clusters: [WeightedCluster(name: "up", weight: 1)], accessLogs: [log])
            let bootstrap = Bootstrap(
                listeners: [
                    Listener(
                        name: "t", address: SocketAddress(host: "127.0.0.1", port: 0),
                        filterChains: [FilterChain(filter: .tcp(relay))])
                ], clusters: [Cluster(name: "up", discovery: .fixed(assignment([port])))])
            let proxy = try await Proxy(
                bootstrap: bootstrap, options: ProxyOptions(), subscriber: nil,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await proxy.start()
            let client = try await TestClient(port: await proxy.address(ofListener: "t")?.port ?? 0)
            try? await client.send("hello")
            client.endOutput()
            _ = try? await client.receiveToEnd()
            // Drained, so that the connection's end has been seen; stopped, so that the line is in the file.
            await proxy.drain(limit: .seconds(10))
            await proxy.stop()
            #expect(lines(path).last == expected)
        }
    }
}
