/// A response's status line and fields, and what they say about its body and its connection.
///
/// All ranges are offsets into `block`.
struct ResponseHead {
    var block = HeaderBlock()
    var status = 0
    var reason = 0..<0
    var version10 = false
    /// Whether the upstream connection may carry a further request once the body has ended.
    var keepAlive = true
    /// `.none` for what has no body whatever its fields say: answers to HEAD, 1xx, 204, 304, and 2xx to CONNECT.
    var framing = BodyFraming.none
    /// Whether the connection stops being HTTP behind this head: 101, or 2xx to CONNECT.
    var switchesProtocols = false
    /// Whether Connection names fields beyond the usual, which are not to be passed on.
    var nominatesFields = false

    /// Whether a further head follows for the same request.
    var isInterim: Bool { status < 200 && status != 101 }

    /// Forgets the response and keeps the storage.
    mutating func reset() {
        block.reset()
        status = 0
        reason = 0..<0
        version10 = false
        keepAlive = true
        framing = .none
        switchesProtocols = false
        nominatesFields = false
    }

    /// Reads what the fields say once they are all there. `base` holds the bytes that the ranges index.
    mutating func interpret(_ base: UnsafePointer<UInt8>, requestMethod: HTTPMethod) -> HTTP1Error? {
        var facts = MessageFacts()
        if let error = facts.read(block, base) { return error }

        let successToConnect = requestMethod == .connect && status / 100 == 2
        switchesProtocols = status == 101 || successToConnect
        if status < 200 || status == 204 || successToConnect {
            // RFC 9112, 6.1 and 6.2: no sender may put these here; many send `Content-Length: 0`. Whatever they say, no
            // body follows, and passing them on would let the next hop think otherwise.
            block.remove(.contentLength)
            block.remove(.transferEncoding)
        } else {
            switch facts.coding {
            case .none:
                if facts.lengths > 1 { return .multipleContentLengths }
                framing = facts.lengths == 1 ? .length(facts.length) : .untilClose
            case .chunked:
                if version10 { return .transferEncodingInHTTP10 }
                if facts.lengths > 0 { return .contentLengthWithTransferEncoding }
                framing = .chunked
            case .refused(let error):
                return error
            }
            // Their length fields tell what a GET would have got (RFC 9110, 8.6), and stay.
            if requestMethod == .head || status == 304 { framing = .none }
        }

        nominatesFields = facts.options.contains(.nominates)
        keepAlive =
            version10
            ? facts.options.contains(.keepAlive) && !facts.options.contains(.close)
            : !facts.options.contains(.close)
        if framing == .untilClose { keepAlive = false }
        return nil
    }
}
