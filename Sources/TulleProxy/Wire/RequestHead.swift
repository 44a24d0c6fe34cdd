/// A request's start line and fields, and what they say about its body and its connection.
///
/// All ranges are offsets into `block`. Set them to ranges that `HeaderBlock.store` gave to rewrite that part.
struct RequestHead {
    enum TargetForm: UInt8, Sendable { case origin, absolute, authority, asterisk }

    var block = HeaderBlock()
    var method = HTTPMethod.get
    var methodRange = 0..<0
    /// The request target as it came.
    var target = 0..<0
    var targetForm = TargetForm.origin
    /// Whether an absolute-form target said `https`.
    var secureScheme = false
    /// The host, with its port where given: of an absolute target before the Host field (RFC 9112, 3.2.2). Empty when
    /// there is none, which HTTP/1.0 allows.
    var authority = 0..<0
    /// Without the query. Empty when the target has no path: a CONNECT, or `http://host`, which stands for `/`.
    var path = 0..<0
    /// Behind the `?`; meaningful when `hasQuery` is set.
    var query = 0..<0
    var hasQuery = false
    var version10 = false
    var version20 = false
    /// Whether the downstream connection may carry a further request.
    var keepAlive = true
    var framing = BodyFraming.none
    /// Whether `Connection: upgrade` stands with an Upgrade field.
    var upgrade = false
    /// What an extended CONNECT (RFC 8441) asks for; such a request is read as the upgrade that it stands for.
    var proto: Range<Int>?
    var expectContinue = false
    /// Whether TE says `trailers`.
    var acceptsTrailers = false
    /// Whether Connection names fields beyond the usual, which are not to be passed on.
    var nominatesFields = false

    /// Path and query as one range where they stand side by side, as they do until one of them is rewritten.
    var pathAndQuery: Range<Int>? {
        if !hasQuery { return path }
        return path.upperBound &+ 1 == query.lowerBound ? path.lowerBound..<query.upperBound : nil
    }

    /// Forgets the request and keeps the storage.
    mutating func reset() {
        block.reset()
        method = .get
        methodRange = 0..<0
        target = 0..<0
        targetForm = .origin
        secureScheme = false
        authority = 0..<0
        path = 0..<0
        query = 0..<0
        hasQuery = false
        version10 = false
        version20 = false
        keepAlive = true
        framing = .none
        upgrade = false
        proto = nil
        expectContinue = false
        acceptsTrailers = false
        nominatesFields = false
    }

    /// Reads what the fields say once they are all there. `base` holds the bytes that the ranges index.
    mutating func interpret(_ base: UnsafePointer<UInt8>) -> HTTP1Error? {
        var facts = MessageFacts()
        if let error = facts.read(block, base) { return error }

        if facts.hosts > 1 { return .multipleHosts }
        if facts.hosts == 0 {
            if !version10 { return .missingHost }
        } else if !Authority.isValid(base, facts.host, portRequired: false) {
            return .invalidHost
        } else if targetForm == .origin || targetForm == .asterisk {
            authority = facts.host
        }

        switch facts.coding {
        case .none:
            if facts.lengths > 1 { return .multipleContentLengths }
            if facts.lengths == 1 { framing = .length(facts.length) }
            if method == .connect, facts.length > 0 { return .bodyWithConnect }
        case .chunked:
            if version10 { return .transferEncodingInHTTP10 }
            if facts.lengths > 0 { return .contentLengthWithTransferEncoding }
            if method == .connect { return .unsupportedTransferEncoding }
            framing = .chunked
        case .refused(let error):
            return version10 ? .transferEncodingInHTTP10 : error
        }
        if method == .connect { framing = .none }

        if facts.options.contains(.nominatesProtected) { return .invalidConnectionOption }
        nominatesFields = facts.options.contains(.nominates)
        keepAlive =
            version10
            ? facts.options.contains(.keepAlive) && !facts.options.contains(.close)
            : !facts.options.contains(.close)
        upgrade = !version10 && facts.options.contains(.upgrade) && block.contains(.upgrade)
        expectContinue = !version10 && facts.expectContinue
        acceptsTrailers = facts.acceptsTrailers
        return nil
    }
}
