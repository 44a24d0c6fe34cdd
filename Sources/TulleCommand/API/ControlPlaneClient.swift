import AsyncHTTPClient
import Foundation
import NIOCore
import TulleControl

/// The control plane's REST API.
struct ControlPlaneClient: Sendable {
    var base: String

    /// - Parameter api: `host:port`, or a whole `http://` URL.
    init(api: String) throws {
        if api.hasPrefix("http://") || api.hasPrefix("https://") {
            base = api.hasSuffix("/") ? String(api.dropLast()) : api
        } else {
            base = "http://\(try HostPort(api, flag: "--api"))"
        }
    }

    func status(timeout: Duration = .seconds(10)) async throws -> StatusView {
        try await decode(try await send("GET", "/api/v1/status", timeout: timeout))
    }

    func workloads() async throws -> [WorkloadView] { (try await get("/api/v1/workloads") as WorkloadList).items }

    func services() async throws -> [ServiceView] { (try await get("/api/v1/services") as ServiceList).items }

    func proxies() async throws -> [ProxyView] { (try await get("/api/v1/proxies") as ProxyList).items }

    /// - Parameter window: how far back in seconds; nil for since the last question, 0 for since each sidecar started.
    func stats(window: Double?) async throws -> StatsView {
        try await get("/api/v1/stats" + (window.map { "?window=\($0)" } ?? ""))
    }

    /// - Parameters:
    ///   - kind: nil for all kinds.
    ///   - namespace: nil for all namespaces.
    func resources(kind: String?, namespace: String?) async throws -> [JSON] {
        var query: [String] = []
        if let kind { query.append("kind=\(Self.segment(kind))") }
        if let namespace { query.append("namespace=\(Self.segment(namespace))") }
        let suffix = query.isEmpty ? "" : "?" + query.joined(separator: "&")
        return (try await get("/api/v1/resources\(suffix)") as ResourceList).items
    }

    func resource(kind: String, namespace: String, name: String) async throws -> JSON {
        try await get(Self.path(kind, namespace, name))
    }

    /// All of the documents or none.
    func apply(_ documents: Data, dryRun: Bool) async throws -> ApplyResult {
        try await decode(
            try await send(
                "POST", "/api/v1/apply?dryRun=\(dryRun)", headers: [("content-type", "application/yaml")],
                body: documents))
    }

    func delete(kind: String, namespace: String, name: String, dryRun: Bool) async throws -> ApplyResult {
        try await decode(try await send("DELETE", Self.path(kind, namespace, name) + "?dryRun=\(dryRun)"))
    }

    func createToken(_ request: JoinTokenRequest) async throws -> NewJoinToken {
        try await decode(try await post("/api/v1/tokens", request))
    }

    func tokens() async throws -> [JoinTokenView] { (try await get("/api/v1/tokens") as JoinTokenList).items }

    func revokeToken(_ id: String) async throws -> JoinTokenView {
        try await decode(try await send("DELETE", "/api/v1/tokens/\(Self.segment(id))"))
    }

    func authority() async throws -> AuthorityView { try await get("/api/v1/ca") }

    /// PEM.
    func trustBundle() async throws -> String {
        String(decoding: try await send("GET", "/api/v1/ca/bundle"), as: UTF8.self)
    }

    func why(_ question: AccessQuestion) async throws -> AccessAnswer {
        try await decode(try await post("/api/v1/authz/why", question))
    }

    func deny(_ subject: String) async throws -> DenialView {
        try await decode(try await post("/api/v1/ca/denied", DenialRequest(subject: subject)))
    }

    func allow(_ subject: String) async throws {
        _ = try await send("DELETE", "/api/v1/ca/denied/\(Self.segment(subject))")
    }

    /// Takes a workload out of the registry at once. Best effort: a stream that breaks says the same, later.
    func leave(_ workload: String, timeout: Duration) async {
        _ = try? await HTTPExchange.send(
            "DELETE", "\(base)/api/v1/workloads/\(Self.segment(workload))", timeout: timeout)
    }

    /// Says that a workload's app listens.
    /// - Returns: the answer's status, 404 while its sidecar is not connected; nil when there is none.
    func markReady(_ workload: String, timeout: Duration) async -> Int? {
        let url = "\(base)/api/v1/workloads/\(Self.segment(workload))/ready"
        return try? await HTTPExchange.send("PUT", url, timeout: timeout).status
    }

    private static func path(_ kind: String, _ namespace: String, _ name: String) -> String {
        "/api/v1/resources/\(segment(kind))/\(segment(namespace))/\(segment(name))"
    }

    /// A path segment with everything that could end it escaped.
    static func segment(_ text: String) -> String {
        let safe = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: safe) ?? ""
    }

    private func get<Answer: Decodable>(_ path: String) async throws -> Answer {
        try await decode(try await send("GET", path))
    }

    private func post(_ path: String, _ body: some Encodable) async throws -> Data {
        try await send(
            "POST", path, headers: [("content-type", "application/json")], body: try APIJSON.encoder().encode(body))
    }

    private func decode<Answer: Decodable>(_ body: Data) async throws -> Answer {
        do {
            return try APIJSON.decoder().decode(Answer.self, from: body)
        } catch {
            throw Failure(
                .failed, "\(base) does not answer as this tulle's control plane does: \(error)",
                next: "look at what listens there; `tulle version` shows both versions")
        }
    }

    /// - Throws: `APIError` for an answer that says why not, `Failure` when there is none.
    private func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: Data? = nil,
        timeout: Duration = .seconds(10)
    ) async throws -> Data {
        let answer: HTTPExchange.Answer
        do {
            answer = try await HTTPExchange.send(method, base + path, headers: headers, body: body, timeout: timeout)
        } catch {
            throw Failure(
                .unreachable, "the control plane at \(base) cannot be reached: \(await Self.reason(error, base))",
                next: "start it with `tulle control`, or name another with --api or TULLE_API")
        }
        if (200..<300).contains(answer.status) { return answer.body }
        if let error = try? APIJSON.decoder().decode(APIError.self, from: answer.body) { throw error }
        throw Failure(
            .failed,
            "\(base)\(path) answered \(answer.status): \(String(decoding: answer.body.prefix(200), as: UTF8.self))",
            next: "look at what listens there: it may be no control plane")
    }

    private static func reason(_ error: any Error, _ base: String) async -> String {
        if error is CancellationError { return "cancelled" }
        if let known = error as? HTTPClientError, known == .deadlineExceeded || known == .readTimeout {
            return "it accepts connections but does not answer"
        }
        // The client's own words name its classes; a connection tried by hand names the fault.
        let authority = base.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
        guard let address = try? HostPort(String(authority), flag: "--api") else { return "\(error)" }
        return await Reachability.describe(address)
    }
}

extension Failure {
    /// An API's refusal as the CLI tells it.
    /// - Parameter place: where a detail's line stands in the user's files; nil leaves the API's own words.
    init(_ error: APIError, place: (APIError.Detail) -> String = Failure.place) {
        let status: ExitStatus =
            switch error.reason {
            case .invalid: .refused
            case .notFound: .notFound
            default: .failed
            }
        let lines = error.details.map { detail in
            let path = detail.path.map { $0.isEmpty ? "" : "\($0): " } ?? ""
            return place(detail) + path + detail.message
        }
        self.init(
            status, lines.isEmpty ? error.message : lines.joined(separator: "\n"),
            next: error.reason == .invalid ? "mend the lines above and apply again; nothing was changed" : "")
    }

    private static func place(_ detail: APIError.Detail) -> String {
        guard let file = detail.file, !file.isEmpty else { return "" }
        let line = detail.line.map { ":\($0)" } ?? ""
        let column = detail.column.map { ":\($0)" } ?? ""
        return "\(file)\(line)\(column): "
    }
}
