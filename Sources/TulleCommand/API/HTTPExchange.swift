import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// One HTTP request and its whole answer, bounded in time and size.
enum HTTPExchange {
    /// Larger than any configuration dump of a big mesh; a bound against a peer that never ends.
    static let maxBodyBytes = 64 << 20

    struct Answer: Sendable {
        var status: Int
        /// The `date` field, by the peer's clock.
        var date: String?
        var body: Data
    }

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        // Refused is an answer: whoever asks decides whether to ask again, and most have somebody waiting.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    static func send(
        _ method: String, _ url: String, headers: [(String, String)] = [], body: Data? = nil,
        timeout: Duration = .seconds(10)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let milliseconds = timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000
        let response = try await client.execute(request, timeout: .milliseconds(milliseconds))
        let answer = try await response.body.collect(upTo: maxBodyBytes)
        return Answer(
            status: Int(response.status.code), date: response.headers.first(name: "date"),
            body: Data(answer.readableBytesView))
    }
}
