/// The header fields that the proxy looks at, so that a look-up compares one byte instead of a name.
///
/// There are fewer than 64, since `HeaderBlock` keeps a bit for each.
enum KnownHeader: UInt8, CaseIterable, Sendable {
    /// Any field that is not named below.
    case other
    /// Any field whose name starts with `x-envoy-`: Envoy's own vocabulary, which an edge strips and a router reads.
    case xEnvoy
    case host
    case connection
    case contentLength
    case transferEncoding
    case te
    case trailer
    case upgrade
    case expect
    case keepAlive
    case proxyConnection
    case via
    case date
    case server
    case location
    case xForwardedFor
    case xForwardedProto
    case xForwardedHost
    case xForwardedPort
    case xForwardedClientCert
    case xRequestID
    case proxyStatus
    case contentType
    case contentEncoding
    case accept
    case acceptEncoding
    case cookie
    case setCookie
    case userAgent
    case referer
    case authorization
    case proxyAuthorization
    case proxyAuthenticate
    case wwwAuthenticate
    case forwarded
    case origin
    case grpcTimeout
    case grpcStatus
    case grpcMessage
    case traceparent
    case tracestate
    case b3
    case cacheControl
    case lastModified
    case etag
    case age
    case secWebSocketKey
    case secWebSocketAccept
    case secWebSocketVersion
    case http2Settings

    /// The field's name in lower case; empty for `other` and `xEnvoy`, which stand for many.
    var lowercased: StaticString {
        switch self {
        case .other, .xEnvoy: ""
        case .host: "host"
        case .connection: "connection"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .te: "te"
        case .trailer: "trailer"
        case .upgrade: "upgrade"
        case .expect: "expect"
        case .keepAlive: "keep-alive"
        case .proxyConnection: "proxy-connection"
        case .via: "via"
        case .date: "date"
        case .server: "server"
        case .location: "location"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedProto: "x-forwarded-proto"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedPort: "x-forwarded-port"
        case .xForwardedClientCert: "x-forwarded-client-cert"
        case .xRequestID: "x-request-id"
        case .proxyStatus: "proxy-status"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .cookie: "cookie"
        case .setCookie: "set-cookie"
        case .userAgent: "user-agent"
        case .referer: "referer"
        case .authorization: "authorization"
        case .proxyAuthorization: "proxy-authorization"
        case .proxyAuthenticate: "proxy-authenticate"
        case .wwwAuthenticate: "www-authenticate"
        case .forwarded: "forwarded"
        case .origin: "origin"
        case .grpcTimeout: "grpc-timeout"
        case .grpcStatus: "grpc-status"
        case .grpcMessage: "grpc-message"
        case .traceparent: "traceparent"
        case .tracestate: "tracestate"
        case .b3: "b3"
        case .cacheControl: "cache-control"
        case .lastModified: "last-modified"
        case .etag: "etag"
        case .age: "age"
        case .secWebSocketKey: "sec-websocket-key"
        case .secWebSocketAccept: "sec-websocket-accept"
        case .secWebSocketVersion: "sec-websocket-version"
        case .http2Settings: "http2-settings"
        }
    }

    /// The bit that stands for this field in `HeaderBlock.present`.
    @inline(__always)
    var bit: UInt64 { 1 &<< UInt64(rawValue) }
}
