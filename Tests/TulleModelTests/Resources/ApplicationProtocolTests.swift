import Testing
import TulleModel

struct ApplicationProtocolTests {
    @Test(
        "a name of appProtocol says how its port is called",
        arguments: [
            ("http", ApplicationProtocol.http), ("kubernetes.io/ws", .http), ("HTTP/1.1", .http), ("http2", .http2),
            ("grpc", .http2), ("h2c", .http2), ("kubernetes.io/h2c", .http2), ("grpc-web", .http2), ("https", .tcp),
            ("redis", .tcp), ("example.com/http2", .tcp),
        ])
    func names(_ name: String, _ expected: ApplicationProtocol) {
        #expect(ApplicationProtocol(appProtocol: name) == expected)
    }

    @Test("a name that nobody knows is none", arguments: ["", "grcp", "kubernetes.io/h3", "http3"])
    func unknown(_ name: String) {
        #expect(ApplicationProtocol(appProtocol: name) == nil)
    }
}
