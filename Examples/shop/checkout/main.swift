import AsyncHTTPClient
import Foundation
import Hummingbird
import NIOCore

// The shop's checkout: what an item costs with tax and shipping. It asks the catalog by name, `http://catalog/items/1`,
// through whatever proxy http_proxy names; it knows nothing of the mesh.

struct Item: Decodable {
    var name: String
    var cents: Int
}

struct Quote: ResponseEncodable {
    var item: String
    var cents: Int
    var tax: Int
    var shipping: Int
    var total: Int
}

/// AsyncHTTPClient asks any proxy for a tunnel (CONNECT), even for plain HTTP. Tulle looks into it; a proxy that does not,
/// as Envoy, keeps it with one instance for as long as it is open. So the request goes to the proxy as to a server, with the
/// service's name in `host`.
func request(_ service: String, _ path: String) -> HTTPClientRequest {
    let proxy = ProcessInfo.processInfo.environment["http_proxy"] ?? "http://\(service)"
    var request = HTTPClientRequest(url: proxy + path)
    request.headers.add(name: "host", value: service)
    return request
}

let client = HTTPClient(eventLoopGroupProvider: .singleton)

let router = Router()
router.get("/quote/:item") { _, context in
    let id = try context.parameters.require("item", as: Int.self)
    let item: Item
    do {
        let response = try await client.execute(request("catalog", "/items/\(id)"), timeout: .seconds(5))
        let body = try await response.body.collect(upTo: 65_536)
        guard response.status == .ok else {
            throw HTTPError(.badGateway, message: "catalog: \(response.status.code) \(String(buffer: body))")
        }
        item = try JSONDecoder().decode(Item.self, from: Data(buffer: body))
    } catch let error as HTTPError {
        throw error
    } catch {
        throw HTTPError(.badGateway, message: "catalog: \(error)")
    }
    let (tax, shipping) = (item.cents * 19 / 100, 490)
    return Quote(item: item.name, cents: item.cents, tax: tax, shipping: shipping, total: item.cents + tax + shipping)
}

let port = ProcessInfo.processInfo.environment["PORT"].flatMap(Int.init) ?? 8080
try await Application(
    router: router, configuration: .init(address: .hostname("127.0.0.1", port: port))
).runService()
