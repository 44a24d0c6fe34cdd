extension RequestHead {
    /// Says in HTTP/1.1's terms how the body ends, where the request came over HTTP/2 and did not say.
    mutating func addHTTP1Framing() {
        switch framing {
        case .chunked where !block.contains(.transferEncoding):
            block.append(name: "transfer-encoding", value: "chunked")
        case .none where !block.contains(.contentLength) && version20 && method.usuallyHasBody:
            // RFC 9110, 8.6: a server may wait for a body of such a method unless told that there is none.
            block.append(name: "content-length", value: "0")
        default:
            break
        }
    }
}

extension HTTPMethod {
    fileprivate var usuallyHasBody: Bool {
        switch self {
        case .post, .put, .patch: true
        default: false
        }
    }
}
