import Logging
import TulleModel
import TulleTelemetry

/// A request to the admin endpoints.
struct AdminRequest: Sendable {
    var method: String
    var path: String
    /// The last value of each parameter; empty for one without a value.
    var query: [String: String]

    /// Splits a request target, undoing percent escapes in the query.
    init(method: String, target: String) {
        self.method = method
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        query = [:]
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[Self.unescaped(sides[0])] = sides.count == 2 ? Self.unescaped(sides[1]) : ""
        }
    }

    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What an admin request is answered with.
struct AdminResponse: Sendable {
    var status: Int
    var contentType = "text/plain; charset=UTF-8"
    var body: [UInt8]

    static func text(_ text: String, status: Int = 200) -> Self {
        AdminResponse(status: status, body: Array(text.utf8))
    }

    static func json(_ json: JSONText) -> Self {
        AdminResponse(status: 200, contentType: "application/json", body: Array(json.text.utf8))
    }
}

/// Answers admin requests by asking the proxy. Paths, parameters and shapes are Envoy's.
struct AdminRouter: Sendable {
    let source: any AdminSource
    let logger: Logger

    private struct Endpoint: Sendable {
        var path: String
        var help: String
        /// Whether it changes the proxy, and so must be a POST.
        var changes = false
    }

    private static let endpoints = [
        Endpoint(path: "/", help: "this list"),
        Endpoint(path: "/clusters", help: "clusters and their endpoints (?format=json)"),
        Endpoint(path: "/config_dump", help: "the current configuration (?resource=dynamic_listeners, …)"),
        Endpoint(path: "/drain_listeners", help: "stop accepting (?graceful, ?inboundonly)", changes: true),
        Endpoint(path: "/help", help: "this list"),
        Endpoint(path: "/listeners", help: "listeners and their addresses (?format=json)"),
        Endpoint(path: "/logging", help: "show the log level, or set it by POST (?level=debug)"),
        Endpoint(path: "/memory", help: "memory in use"),
        Endpoint(path: "/quitquitquit", help: "end the proxy in an orderly way", changes: true),
        Endpoint(path: "/ready", help: "200 once the proxy has its configuration and listens, else 503"),
        Endpoint(path: "/reset_counters", help: "set all counters to zero", changes: true),
        Endpoint(path: "/server_info", help: "version, state, uptime, node"),
        Endpoint(path: "/stats", help: "statistics (?filter=REGEX, ?usedonly, ?format=json|prometheus)"),
        Endpoint(path: "/stats/prometheus", help: "statistics as Prometheus metrics"),
    ]

    func answer(_ request: AdminRequest) async -> AdminResponse {
        guard let endpoint = Self.endpoints.first(where: { $0.path == request.path }) else {
            return .text("invalid path. admin commands are:\n" + Self.help, status: 404)
        }
        guard ["GET", "HEAD", "POST"].contains(request.method) else {
            return .text("Method \(request.method) not allowed, GET or POST required.\n", status: 405)
        }
        if endpoint.changes || (endpoint.path == "/logging" && !request.query.isEmpty), request.method != "POST" {
            return .text("Method \(request.method) not allowed, POST required.\n", status: 405)
        }
        let asJSON = request.query["format"] == "json"
        switch endpoint.path {
        case "/ready":
            let state = await source.state()
            return .text(state.rawValue + "\n", status: state == .live ? 200 : 503)
        case "/server_info":
            return .json(AdminReport.serverInfo(source.identity, state: await source.state(), uptime: uptime))
        case "/stats": return await stats(request)
        case "/stats/prometheus": return await prometheus()
        case "/clusters":
            let clusters = await source.clusters()
            return asJSON ? .json(AdminReport.clustersJSON(clusters)) : .text(AdminReport.clusters(clusters))
        case "/listeners":
            let listeners = await source.listeners()
            return asJSON ? .json(AdminReport.listenersJSON(listeners)) : .text(AdminReport.listeners(listeners))
        case "/config_dump": return await configDump(request)
        case "/drain_listeners":
            await source.drainListeners(
                gracefully: request.query["graceful"] != nil, inboundOnly: request.query["inboundonly"] != nil)
            return .text("OK\n")
        case "/logging": return await logging(request)
        case "/quitquitquit":
            await source.quit()
            return .text("OK\n")
        case "/reset_counters":
            await source.resetCounters()
            return .text("OK\n")
        case "/memory":
            let bytes = "\(ProcessMemory.residentBytes())"
            return .json(.object([("allocated", .string(bytes)), ("total_physical_bytes", .string(bytes))]))
        default: return .text("admin commands are:\n" + Self.help)
        }
    }

    private static var help: String {
        endpoints.map { "  \($0.path)\($0.changes ? " (POST)" : ""): \($0.help)\n" }.joined()
    }

    private var uptime: Duration { source.identity.started.duration(to: .now) }

    // MARK: Statistics

    private func report() async -> StatsReport {
        StatsReport(
            snapshot: await source.statistics(), identity: source.identity, state: await source.state(),
            memoryBytes: ProcessMemory.residentBytes(), uptime: uptime,
            activeListeners: await source.listeners().count, activeClusters: await source.clusters().count)
    }

    private func prometheus() async -> AdminResponse {
        AdminResponse(
            status: 200, contentType: PrometheusWriter.contentType, body: await report().prometheus().bytes)
    }

    private func stats(_ request: AdminRequest) async -> AdminResponse {
        switch request.query["format"] {
        case nil, "", "text", "json": break
        case "prometheus": return await prometheus()
        case .some(let format):
            return .text("format \"\(format)\" is unknown: it can be text, json or prometheus\n", status: 400)
        }
        var stats = await report().stats
        if let filter = request.query["filter"] {
            // Any part of the name may match, as Envoy has it.
            guard filter.utf8.count <= 1024, let regex = try? CompiledRegex("(?s:.*)(?:\(filter))(?s:.*)") else {
                return .text("Invalid re2 regex\n", status: 400)
            }
            withExtendedLifetime(regex) {
                stats.removeAll { stat in
                    var name = stat.name
                    return !name.withUTF8 { regex.handle.matches(UnsafeRawBufferPointer($0)) }
                }
            }
        }
        if request.query["usedonly"] != nil { stats.removeAll { $0.value == 0 } }
        if request.query["format"] == "json" {
            return .json(
                .object([
                    (
                        "stats",
                        .list(stats.map { .object([("name", .string($0.name)), ("value", .integer($0.value))]) })
                    )
                ]))
        }
        return .text(stats.map { "\($0.name): \($0.value)\n" }.joined())
    }

    // MARK: Configuration and logs

    private func configDump(_ request: AdminRequest) async -> AdminResponse {
        let configuration = await source.configuration()
        guard let resource = request.query["resource"] else { return .json(AdminReport.configDump(configuration)) }
        guard let dump = AdminReport.configDump(configuration, resource: resource) else {
            let known = AdminReport.resources.joined(separator: ", ")
            return .text("\(resource) not found in config dump: it can be \(known)\n", status: 404)
        }
        return .json(dump)
    }

    private func logging(_ request: AdminRequest) async -> AdminResponse {
        if let name = request.query["level"] {
            guard let level = Self.levels[name] else {
                let known = Self.levels.keys.sorted().joined(separator: ", ")
                return .text("error: invalid logging level \"\(name)\": it can be \(known)\n", status: 400)
            }
            await source.setLogLevel(level)
            logger.notice("the log level is \(level) now")
        } else if !request.query.isEmpty {
            return .text("usage: POST /logging?level=debug\n", status: 400)
        }
        return .text("active loggers:\n  tulle: \(await source.logLevel)\n")
    }

    /// Envoy's names for levels, and swift-log's.
    private static let levels: [String: Logger.Level] = [
        "trace": .trace, "debug": .debug, "info": .info, "notice": .notice, "warning": .warning, "warn": .warning,
        "error": .error, "err": .error, "critical": .critical, "off": .critical,
    ]
}
