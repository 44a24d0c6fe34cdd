import NIOCore
import TulleModel
import TulleTelemetry

/// How one worker serves the connections of a chain that ends in an HTTP connection manager.
final class HTTPRuntime {
    let manager: HTTPConnectionManager
    let listener: Listener
    unowned let worker: Worker
    let routes: RouteBinding
    let stats: HTTPConnectionManagerStats
    let limits: HTTP1Limits
    let isInbound: Bool
    let suppressesEnvoyHeaders: Bool
    let asksForVirtualHosts: Bool
    /// Whether gRPC-Web is turned into gRPC.
    let bridgesGRPCWeb: Bool
    let upgrades: Set<String>
    /// `server` as this manager writes it.
    let serverName: [UInt8]
    let accessLogs: [AccessLogger]
    /// What decides on each request.
    let admission: RequestAdmission
    let streamIdleTimeout: TimeAmount
    let maxStreamDuration: TimeAmount

    init(_ manager: HTTPConnectionManager, listener: Listener, admission: RequestAdmission, worker: Worker) {
        self.manager = manager
        self.listener = listener
        self.worker = worker
        self.admission = admission
        switch manager.routes {
        case .inline(let configuration):
            // The translation has compiled this once already to check it; a table that does not compile has no routes.
            routes = worker.binding(inline: try? RouteTable(configuration))
        case .discovered(let name):
            routes = worker.binding(named: name)
        }
        stats = worker.stats.connectionManager(manager, listener: listener)
        limits = HTTP1Limits(
            maxHeadBytes: manager.maxRequestHeadersKilobytes << 10, maxFields: manager.maxHeadersCount)
        isInbound = listener.direction == .inbound
        var suppresses = false
        for case .router(let suppress) in manager.httpFilters { suppresses = suppress }
        suppressesEnvoyHeaders = suppresses
        asksForVirtualHosts = manager.httpFilters.contains(.onDemand)
        bridgesGRPCWeb = manager.httpFilters.contains(.grpcWeb)
        upgrades = Set(manager.upgrades.map { $0.lowercased() })
        streamIdleTimeout = manager.streamIdleTimeout.asTimeAmount
        maxStreamDuration = manager.maxStreamDuration.asTimeAmount
        serverName = Array(manager.serverName.utf8)
        accessLogs = manager.accessLogs.compactMap { worker.accessLogger(for: $0) }
    }
}
