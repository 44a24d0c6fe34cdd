import Foundation

/// A sidecar's admin port.
struct ProxyAdmin: Sendable {
    var address: String

    /// Whether the sidecar has its configuration and listens.
    func isReady() async -> Bool {
        let answer = try? await HTTPExchange.send("GET", "http://\(address)/ready", timeout: .seconds(1))
        return answer?.status == 200
    }

    /// Asks it to take no new connections and to close kept-alive ones after their next answer.
    func drain() async {
        _ = try? await HTTPExchange.send(
            "POST", "http://\(address)/drain_listeners?inboundonly&graceful&skip_exit", timeout: .seconds(1))
    }

    /// Its metrics in Prometheus's text format.
    func metrics() async throws -> String {
        let answer = try await HTTPExchange.send("GET", "http://\(address)/stats/prometheus", timeout: .seconds(3))
        return String(decoding: answer.body, as: UTF8.self)
    }
}
