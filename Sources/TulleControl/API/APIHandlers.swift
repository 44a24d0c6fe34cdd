import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import TulleModel

/// What the API does for each operation.
struct APIHandlers: Sendable {
    typealias Context = BasicRequestContext

    let configuration: APIConfiguration
    let keeper: ResourceKeeper
    let mesh: any MeshDirectory
    let reports: ControlReports
    let identity: IdentityHandlers
    let stats: StatsCollector
    let metrics: APIMetrics

    func respond(_ operation: APIOperation, _ request: Request, _ context: Context) async throws -> Response {
        switch operation {
        case .health: return Response(json: Health(status: "ok"))
        case .readiness:
            let missing = await reports.missing()
            return Response(
                json: Health(status: missing ?? "ok"), status: missing == nil ? .ok : .serviceUnavailable)
        case .metrics:
            var text = PrometheusText()
            await reports.write(to: &text)
            metrics.write(to: &text)
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text.text)))
        case .openAPI:
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: OpenAPIDocument.json)))
        case .listResources, .listResourcesOfKind, .listResourcesOfNamespace:
            return try await list(request, context)
        case .getResource: return try await get(request, context)
        case .createResource, .putResource: return try await put(operation, request, context)
        case .deleteResource:
            let result = try await keeper.delete(
                try Self.key(context), precondition: try Self.precondition(request),
                dryRun: try Self.flag("dryRun", request))
            return Response(json: result)
        case .apply:
            let file = Self.query("file", request) ?? ""
            guard file.utf8.count <= 4096 else { throw APIError(.badRequest, "file: at most 4096 bytes") }
            let result = try await keeper.apply(
                try await body(request), file: file, dryRun: try Self.flag("dryRun", request))
            return Response(json: result)
        case .watchResources: return try await watch(request)
        case .listWorkloads: return Response(json: WorkloadList(items: await mesh.workloads()))
        case .getWorkload:
            let id = try Self.parameter("id", context)
            guard let workload = await mesh.workloads().first(where: { $0.id == id }) else {
                throw APIError(.notFound, "no workload \"\(id)\" is in the mesh")
            }
            return Response(json: workload)
        case .removeWorkload:
            let id = try Self.parameter("id", context)
            guard await mesh.removeWorkload(id) else {
                throw APIError(.notFound, "no workload \"\(id)\" is in the mesh")
            }
            return Response(json: Health(status: "ok"))
        case .workloadReady:
            let id = try Self.parameter("id", context)
            guard await mesh.setWorkloadReady(id) else {
                throw APIError(.notFound, "no workload \"\(id)\" is in the mesh")
            }
            return Response(json: Health(status: "ok"))
        case .listServices: return Response(json: ServiceList(items: await mesh.services()))
        case .listProxies: return Response(json: ProxyList(items: await mesh.proxies()))
        case .status: return Response(json: await reports.status())
        case .stats:
            var window: Duration?
            if let text = Self.query("window", request) {
                guard let seconds = Double(text), seconds >= 0, seconds <= 3600 else {
                    throw APIError(.badRequest, "window=\(text): must be seconds, 0 to 3600")
                }
                window = .seconds(seconds)
            }
            return Response(json: await stats.collect(await mesh.workloads(), window: window))
        case .listTokens: return Response(json: try await identity.tokens())
        case .createToken:
            var response = Response(
                json: try await identity.createToken(try await decoded(request)), status: .created)
            response.headers[.cacheControl] = "no-store"
            return response
        case .revokeToken: return Response(json: try await identity.revokeToken(try Self.parameter("id", context)))
        case .authority: return Response(json: try await identity.authorityView())
        case .trustBundle:
            return Response(
                status: .ok, headers: [.contentType: "application/pem-certificate-chain"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: try identity.bundle())))
        case .deny:
            let denial: DenialRequest = try await decoded(request)
            return Response(json: try await identity.deny(denial.subject))
        case .allow: return Response(json: try await identity.allow(try Self.parameter("subject", context)))
        case .whyAccess:
            let question: AccessQuestion = try await decoded(request)
            return Response(json: try AccessHandlers(world: await mesh.world()).why(question))
        }
    }

    // MARK: Resources

    private func list(_ request: Request, _ context: Context) async throws -> Response {
        let selection = try ResourceSelection(
            kind: try Self.optionalParameter("kind", context) ?? Self.query("kind", request),
            namespace: try Self.optionalParameter("namespace", context) ?? Self.query("namespace", request))
        let snapshot = await keeper.snapshot
        let status = await reports.resourceStatus()
        return Response(
            json: ResourceList(
                resourceVersion: "\(snapshot.revision)",
                items: snapshot.sorted.filter(selection.contains).map { status.view($0) }))
    }

    private func get(_ request: Request, _ context: Context) async throws -> Response {
        let key = try Self.key(context)
        guard let entry = await keeper.snapshot.entries[key] else {
            throw APIError(.notFound, "\(key) does not exist")
        }
        return await answer(entry, .ok)
    }

    private func put(_ operation: APIOperation, _ request: Request, _ context: Context) async throws -> Response {
        let dryRun = try Self.flag("dryRun", request)
        let creates = operation == .createResource
        let bytes = try await body(request)
        let result = try await keeper.apply(
            bytes, only: creates ? nil : try Self.key(context), one: true,
            precondition: creates ? .absent : try Self.precondition(request), dryRun: dryRun)
        guard let item = result.items.first, let kind = ResourceKind(rawValue: item.kind) else {
            throw APIError(.internalError, "the change has no result")
        }
        let key = ResourceKey(kind: kind, namespace: item.namespace, name: item.name)
        guard !dryRun, let entry = await keeper.snapshot.entries[key] else {
            // What it would be: the document as it came, for nothing is stored of it.
            return Response(json: try ResourceView.dryRun(bytes))
        }
        return await answer(entry, item.outcome == .created ? .created : .ok)
    }

    private func answer(_ entry: ResourceSnapshot.Entry, _ code: HTTPResponse.Status) async -> Response {
        var response = Response(json: await reports.resourceStatus().view(entry), status: code)
        response.headers[.eTag] = "\"\(entry.stored.revision)\""
        return response
    }

    private func watch(_ request: Request) async throws -> Response {
        let selection = try ResourceSelection(
            kind: Self.query("kind", request), namespace: Self.query("namespace", request))
        let revision = try Self.integer("resourceVersion", request, 0...Int64.max)
        let seconds = try Self.integer("timeoutSeconds", request, 0...86_400)
        let watch = ResourceWatch(
            keeper: keeper, selection: selection, timeout: seconds.map { .seconds($0) })
        let commits = try await watch.start(after: revision)
        return Response(
            status: .ok, headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                try await watch.write(commits, to: &writer)
                try await writer.finish(nil)
            })
    }

    // MARK: Reading requests

    /// The body of a request that carries resources, bounded. Only JSON and YAML: a browser sends the types of forms to
    /// other origins without asking, so that any web page could write to the mesh of who reads it.
    private func body(_ request: Request) async throws -> [UInt8] {
        let type = request.headers[.contentType]?.split(separator: ";").first.map {
            $0.trimmingCharacters(in: .whitespaces).lowercased()
        }
        let known = ["application/json", "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"]
        guard let type, known.contains(type) else {
            throw APIError(
                .unsupportedMediaType,
                "content-type \"\(type ?? "")\" is not read: must be application/json or application/yaml")
        }
        let buffer = try await request.body.collect(upTo: configuration.maxBodyBytes)
        return Array(buffer.readableBytesView)
    }

    /// A body that is JSON of one shape.
    private func decoded<Body: Decodable>(_ request: Request) async throws -> Body {
        let bytes = try await body(request)
        do {
            return try APIJSON.decoder().decode(Body.self, from: Data(bytes))
        } catch DecodingError.keyNotFound(let key, _) {
            throw APIError(.badRequest, "\(key.stringValue) is missing: /openapi.json describes the body")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw APIError(.badRequest, "\(path.isEmpty ? "the body" : path) is of another type: see /openapi.json")
        } catch {
            throw APIError(.badRequest, "the body is no JSON")
        }
    }

    static func key(_ context: Context) throws -> ResourceKey {
        ResourceKey(
            kind: try ResourceSelection.kind(try parameter("kind", context)),
            namespace: try ResourceSelection.name(try parameter("namespace", context), "namespace"),
            name: try ResourceSelection.name(try parameter("name", context), "name"))
    }

    private static func precondition(_ request: Request) throws -> ResourceKeeper.Precondition {
        if let text = request.headers[.ifNoneMatch] {
            guard text.trimmingCharacters(in: .whitespaces) == "*" else {
                throw APIError(.badRequest, "if-none-match \(text): must be *")
            }
            return .absent
        }
        guard let text = request.headers[.ifMatch]?.trimmingCharacters(in: .whitespaces) else { return .none }
        if text == "*" { return .present }
        let bare =
            text.hasPrefix("\"") && text.hasSuffix("\"") && text.count > 1 ? text.dropFirst().dropLast() : text[...]
        guard let revision = Int64(bare) else {
            throw APIError(.badRequest, "if-match \(text): must be * or the etag of the resource, such as \"42\"")
        }
        return .revision(revision)
    }

    private static func parameter(_ name: String, _ context: Context) throws -> String {
        guard let value = try optionalParameter(name, context), !value.isEmpty else {
            throw APIError(.badRequest, "the path lacks its \(name)")
        }
        return value
    }

    private static func optionalParameter(_ name: String, _ context: Context) throws -> String? {
        guard let raw = context.parameters.get(name) else { return nil }
        guard let value = raw.removingPercentEncoding else {
            throw APIError(.badRequest, "\(name) in the path is not percent-encoded UTF-8")
        }
        return value
    }

    private static func query(_ name: String, _ request: Request) -> String? {
        request.uri.queryParameters[name[...]].map(String.init)
    }

    private static func flag(_ name: String, _ request: Request) throws -> Bool {
        switch query(name, request) {
        case nil, "false": return false
        case "true", "": return true
        case .some(let text): throw APIError(.badRequest, "\(name)=\(text): must be true or false")
        }
    }

    private static func integer(_ name: String, _ request: Request, _ range: ClosedRange<Int64>) throws -> Int64? {
        guard let text = query(name, request) else { return nil }
        guard let value = Int64(text), range.contains(value) else {
            throw APIError(
                .badRequest, "\(name)=\(text): must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
