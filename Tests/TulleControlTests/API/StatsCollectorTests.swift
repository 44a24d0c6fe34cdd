import AsyncHTTPClient
import Hummingbird
import Logging
import NIOCore
import Testing

@testable import TulleControl

@Suite("asking sidecars what they counted")
struct StatsCollectorTests {
    @Test("adds up those that answer, and names those that do not") func collects() async throws {
        let router = Router()
        router.get("/stats/prometheus") { _, _ in
            #"istio_requests_total{reporter="destination",destination_service_name="web",response_code="200"} 5"#
        }
        router.get("/away/stats/prometheus") { _, _ in Response.redirect(to: "/stats/prometheus") }
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: logger)
        let run = Task { try await application.run() }
        defer { run.cancel() }
        let address = try #require(await ports.first { _ in true })
        // A busy machine is no sidecar that hangs.
        var configuration = StatsCollector.configuration
        configuration.timeout.connect = .seconds(10)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let collector = StatsCollector(client: client, timeout: .seconds(10))
        let view = await collector.collect(
            [
                Self.workload("one", admin: "127.0.0.1:\(address)"),
                Self.workload("two", admin: "localhost:\(address)"),
                // Port 1 is nobody's.
                Self.workload("gone", admin: "127.0.0.1:1"),
                Self.workload("odd", admin: "127.0.0.1:\(address)/away"),
                Self.workload("unknown", admin: ""),
            ], window: nil)
        try await client.shutdown()
        #expect(view.rows.map(\.service) == ["web"])
        #expect(view.rows.first?.requests == 10)
        #expect(view.rows.first?.reporters == 2)
        #expect(view.unreachable.map(\.workload) == ["gone", "odd"])
    }

    private static func workload(_ id: String, admin: String) -> WorkloadView {
        WorkloadView(
            id: id, service: "web", namespace: "default", account: "default", name: "web", version: "", labels: [:],
            address: "127.0.0.1", ports: [], admin: admin, pid: 0, run: id, locality: "", state: .connected)
    }
}
