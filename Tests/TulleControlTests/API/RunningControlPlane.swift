import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Testing
import TulleIdentity

@testable import TulleControl

/// A control plane of a test's own, on free ports and in a folder of its own.
struct RunningControlPlane: Sendable {
    let api: String
    let xds: String
    let folder: String
    /// The watched directory, if there is one.
    var watched: String { folder + "/config" }

    struct Answer {
        var status: Int
        var headers: HTTPHeaders
        var body: String

        func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
            try APIJSON.decoder().decode(type, from: Data(body.utf8))
        }
    }

    static func with(
        watching: Bool = false, files: [String: String] = [:], _ body: (RunningControlPlane) async throws -> Void
    ) async throws {
        let folder = NSTemporaryDirectory() + "tulle-plane-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/config", withIntermediateDirectories: true)
        for (name, text) in files { try write(text, folder + "/config/" + name) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let plane = ControlPlane(
            ControlPlaneConfiguration(
                storePath: folder + "/tulle.db", watchedDirectory: watching ? folder + "/config" : nil,
                api: APIConfiguration(port: 0), xdsPort: 0,
                identity: try identity(), grace: .milliseconds(100), version: "test"),
            logger: logger)
        let run = Task { try await plane.run() }
        let (api, xds) = (await plane.api(), await plane.xds())
        guard !api.isEmpty, !xds.isEmpty else { return try await run.value }
        do {
            try await body(RunningControlPlane(api: api, xds: xds, folder: folder))
        } catch {
            run.cancel()
            _ = await run.result
            throw error
        }
        run.cancel()
        _ = await run.result
    }

    /// On a free port, and everything else as usual.
    static func identity() throws -> IdentityConfiguration {
        IdentityConfiguration(trustDomain: try TrustDomain("example.org"), signingPort: 0)
    }

    func ask(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, type: String = "application/yaml",
        headers: [(String, String)] = []
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://\(api)\(path)")
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "content-type", value: type)
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 32 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, body: String(buffer: bytes))
    }

    func get(_ path: String) async throws -> Answer { try await ask(.GET, path) }

    /// Writes a file of the watched directory, as an editor does: whole, then moved into place.
    func write(_ text: String, to name: String) throws { try Self.write(text, watched + "/" + name) }

    private static func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// Waits until something holds, with a deadline.
    func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while try await !condition() {
            guard .now < deadline else {
                Issue.record("after ten seconds still not so: \(what)")
                return
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// Resources that tests apply.
enum Samples {
    static func service(_ name: String, port: Int = 80) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec:
          selector: {app: \(name)}
          ports: [{port: \(port), targetPort: 8080}]

        """
    }

    static func route(_ name: String, parent: String, backends: [(String, Int)]) -> String {
        let references = backends.map { "{name: \($0.0), port: 80, weight: \($0.1)}" }.joined(separator: ", ")
        return """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: \(name)}
            spec:
              parentRefs: [{group: "", kind: Service, name: \(parent)}]
              rules: [{backendRefs: [\(references)]}]

            """
    }
}
