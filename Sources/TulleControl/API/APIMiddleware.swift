import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Turns errors into answers, and refuses requests that a web page of another origin got a browser to send.
struct APIMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    let configuration: APIConfiguration
    let metrics: APIMetrics

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var response: Response
        do {
            try checkHost(request)
            response = try await next(request, context)
        } catch {
            response = Self.answer(Self.explain(error, request, context.logger))
            if response.status == .methodNotAllowed {
                response.headers[.allow] = APIOperation.atPath(request.uri.path)
                    .map(\.method.rawValue).sorted().joined(separator: ", ")
            }
        }
        metrics.count(
            path: context.endpointPath ?? "", method: request.method.rawValue, status: response.status.code,
            took: .now - start)
        return response
    }

    /// A name that resolves to loopback makes a browser send a foreign page's requests here (DNS rebinding): the name
    /// in `Host` gives it away. Addresses and `localhost` cannot be had by an attacker.
    private func checkHost(_ request: Request) throws {
        guard !configuration.insecure, let authority = request.head.authority else { return }
        guard let host = URL(string: "http://\(authority)")?.host, APIConfiguration.isLoopback(host) else {
            throw APIError(.forbidden, "host \"\(authority)\" is not this machine's own: use 127.0.0.1 or localhost")
        }
    }

    static func explain(_ error: any Error, _ request: Request, _ logger: Logger) -> APIError {
        switch error {
        case let error as APIError: return error
        case let error as StoreError: return APIError(error)
        case is NIOTooManyBytesError: return APIError(.tooLarge, "the request's body is over the limit of the api")
        case let error as HTTPError where error.status == .notFound:
            let known = APIOperation.atPath(request.uri.path)
            guard known.isEmpty else {
                let methods = known.map(\.method.rawValue).joined(separator: ", ")
                return APIError(.methodNotAllowed, "\(request.method) is not for \(request.uri.path): use \(methods)")
            }
            return APIError(.notFound, "no such path: \(request.uri.path); /openapi.json lists them")
        case let error as HTTPError where error.status.kind == .clientError:
            return APIError(.badRequest, error.body ?? "\(error.status)")
        default:
            logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return APIError(.internalError, "the control plane failed: \(error)")
        }
    }

    static func answer(_ error: APIError) -> Response {
        var response = Response(json: error, status: .init(code: error.code))
        response.headers[.cacheControl] = "no-store"
        return response
    }
}

extension APIError {
    /// What a fault of the store means to a caller.
    init(_ error: StoreError) {
        switch error {
        case .conflict, .leaseHeld, .leaseLost: self.init(.conflict, "\(error)")
        case .tooOld, .fellBehind: self.init(.expired, "\(error)")
        case .inUse, .tooNew, .unavailable: self.init(.unavailable, "\(error)")
        }
    }
}

extension Response {
    /// A value as JSON. The API's types always encode: they hold no floating infinities and no foreign classes.
    init(json value: some Encodable, status: HTTPResponse.Status = .ok) {
        let bytes = (try? APIJSON.encoder().encode(value)) ?? Data("{}".utf8)
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
