import NIOCore

/// What a request's field block of HTTP/2 turns out to be.
enum HTTP2RequestFault: Equatable {
    /// Not a request at all (RFC 9113, 8.1.1): the stream is reset.
    case malformed
    /// A request, of a kind that is answered like its likes of HTTP/1.1.
    case refused(HTTP1Error)
}

extension RequestHead {
    /// Takes the request up from a block that has been decoded into `block` (RFC 9113, 8.3.1).
    mutating func interpretHTTP2(_ pseudo: PseudoFields, limits: HTTP1Limits, end: Bool) -> HTTP2RequestFault? {
        version20 = true
        guard let methodRange = pseudo.method, !methodRange.isEmpty else { return .malformed }
        if methodRange.count > 64 { return .refused(.methodTooLong) }
        if let path = pseudo.path, path.count > limits.maxTargetBytes { return .refused(.targetTooLong) }
        self.methodRange = methodRange
        // A copy of the reference: the bytes are read while fields are marked, which does not write to them.
        let bytes = block.bytes
        return bytes.withUnsafeReadableBytes { raw -> HTTP2RequestFault? in
            guard let start = raw.baseAddress else { return .malformed }
            let base = start.assumingMemoryBound(to: UInt8.self)
            for index in methodRange where ByteClass.token[Int(base[index])] & 1 == 0 { return .malformed }
            method = HTTPMethod.named(base + methodRange.lowerBound, methodRange.count)
            return readTarget(pseudo, base) ?? readFields(base, end: end)
        } ?? takeProtocol(pseudo)
    }

    /// Makes of an extended CONNECT the request of HTTP/1.1 that means the same, for routing and for upstreams that speak that.
    private mutating func takeProtocol(_ pseudo: PseudoFields) -> HTTP2RequestFault? {
        guard let proto = pseudo.proto else { return nil }
        self.proto = proto
        method = .get
        methodRange = block.store(HTTPMethod.get.name.rawBytes)
        block.append(name: "connection", value: "upgrade")
        block.append(name: "upgrade", value: proto)
        upgrade = true
        return nil
    }

    private mutating func readTarget(_ pseudo: PseudoFields, _ base: UnsafePointer<UInt8>) -> HTTP2RequestFault? {
        if method == .connect, pseudo.proto == nil {
            guard let authority = pseudo.authority, pseudo.scheme == nil, pseudo.path == nil else { return .malformed }
            guard Authority.isValid(base, authority, portRequired: true) else { return .refused(.invalidTarget) }
            targetForm = .authority
            target = authority
            self.authority = authority
            path = authority.upperBound..<authority.upperBound
            return nil
        }
        guard pseudo.proto == nil || method == .connect, let scheme = pseudo.scheme, let target = pseudo.path,
            !scheme.isEmpty, !target.isEmpty
        else { return .malformed }
        secureScheme = MessageFacts.equals(base, scheme, "https")
        self.target = target
        if let authority = pseudo.authority {
            guard Authority.isValid(base, authority, portRequired: false) else { return .refused(.invalidHost) }
            self.authority = authority
        }
        if base[target.lowerBound] == 0x2A, target.count == 1 {
            guard method == .options else { return .malformed }
            targetForm = .asterisk
            path = target
            return nil
        }
        guard base[target.lowerBound] == 0x2F else { return .malformed }
        targetForm = .origin
        var at = target.lowerBound
        while at < target.upperBound {
            if ByteClass.target[Int(base[at])] & 1 == 0 { return .refused(.invalidTarget) }
            if base[at] == 0x3F, !hasQuery {
                hasQuery = true
                path = target.lowerBound..<at
                query = at &+ 1..<target.upperBound
            }
            at &+= 1
        }
        if !hasQuery { path = target }
        return nil
    }

    private mutating func readFields(_ base: UnsafePointer<UInt8>, end: Bool) -> HTTP2RequestFault? {
        var facts = MessageFacts()
        if facts.read(block, base) != nil { return .malformed }
        if facts.lengths > 1 { return .malformed }
        if facts.hosts > 0 {
            guard facts.hosts == 1 else { return .refused(.multipleHosts) }
            // `:authority` is the request's host; a Host beside it says nothing more (RFC 9113, 8.3.1).
            if authority.isEmpty {
                guard Authority.isValid(base, facts.host, portRequired: false) else { return .refused(.invalidHost) }
                authority = facts.host
            }
            block.remove(.host)
        }
        if authority.isEmpty { return .refused(.missingHost) }
        if end {
            if facts.lengths == 1, facts.length > 0 { return .malformed }
            framing = .none
        } else {
            framing = facts.lengths == 1 ? .length(facts.length) : .chunked
        }
        if method == .connect { framing = end ? .none : .untilClose }
        expectContinue = facts.expectContinue
        acceptsTrailers = facts.acceptsTrailers
        return nil
    }

    /// The most bytes that the request's block can take.
    var http2Bound: Int {
        block.http2Bound &+ path.count &+ query.count &+ authority.count &+ methodRange.count &+ 128
    }

    /// Writes the request's block: what the target says as pseudo-fields, then the fields.
    ///
    /// - Parameter proto: for an extended CONNECT (RFC 8441), the protocol that stands in `block`.
    @inline(__always)
    func writeHTTP2(to writer: inout HeadWriter, https: Bool, proto: Range<Int>? = nil) {
        block.withBytes { base in
            if proto != nil {
                HPACKEncoder.method(.connect, UnsafeRawBufferPointer(HTTPMethod.connect.name.rawBytes), to: &writer)
            } else {
                HPACKEncoder.method(method, UnsafeRawBufferPointer(rebasing: base[methodRange]), to: &writer)
            }
            if method != .connect || proto != nil {
                HPACKEncoder.scheme(https: https, to: &writer)
                writePath(to: &writer, from: base)
            }
            if !authority.isEmpty {
                HPACKEncoder.authority(UnsafeRawBufferPointer(rebasing: base[authority]), to: &writer)
            }
            if let proto { HPACKEncoder.proto(UnsafeRawBufferPointer(rebasing: base[proto]), to: &writer) }
        }
        block.writeHTTP2Fields(to: &writer)
    }

    @inline(__always)
    private func writePath(to writer: inout HeadWriter, from base: UnsafeRawBufferPointer) {
        if path.isEmpty {
            let root: StaticString = method == .options && !hasQuery ? "*" : "/"
            let query = hasQuery ? UnsafeRawBufferPointer(rebasing: base[query]) : nil
            HPACKEncoder.path(root.rawBytes, query, to: &writer)
        } else if let whole = pathAndQuery {
            HPACKEncoder.path(UnsafeRawBufferPointer(rebasing: base[whole]), nil, to: &writer)
        } else {
            HPACKEncoder.path(
                UnsafeRawBufferPointer(rebasing: base[path]), UnsafeRawBufferPointer(rebasing: base[query]), to: &writer
            )
        }
    }
}
