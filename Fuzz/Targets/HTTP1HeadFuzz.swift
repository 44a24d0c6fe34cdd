import NIOCore

/// HTTP/1 connections: what is read does not depend on how the bytes were cut into reads, and what was taken for a message
/// says the same to whoever reads it next, over HTTP/1 and over HTTP/2.
enum HTTP1HeadFuzz {
    static func run(_ input: FuzzInput, requests: Bool) -> Int32 {
        var input = input
        let choice = input.choice()
        let cuts = input.cuts(choice)
        let limits = choice & 8 == 0 ? HTTP1Limits() : Self.small
        let method = HTTPMethod(rawValue: UInt8(choice >> 4)) ?? .get
        let whole = input.reads([])
        let pieces = input.reads(cuts)
        if requests {
            let read = HTTP1Transcript.requests(whole, limits, passOn)
            check(HTTP1Transcript.requests(pieces, limits) { _ in } == read, "requests depend on the reads: \(cuts)")
        } else {
            let read = HTTP1Transcript.responses(whole, to: method, limits) { passOn($0, to: method) }
            check(
                HTTP1Transcript.responses(pieces, to: method, limits) { _ in } == read,
                "responses depend on the reads: \(cuts)")
        }
        return 0
    }

    /// So small that a short input reaches them.
    static let small = HTTP1Limits(
        maxHeadBytes: 160, maxFields: 4, maxTargetBytes: 24, maxTrailerBytes: 48, maxChunkExtensionBytes: 12,
        maxLeadingEmptyLines: 1)

    // MARK: Requests

    private static func passOn(_ accepted: RequestHead) {
        let facts = HTTP1Facts(accepted)
        check(facts.method.count <= 64 && !facts.method.isEmpty, "the method's length")
        checkFields(facts)

        // With its fields as they came.
        let (next, written) = rewritten(accepted)
        checkSame(facts, HTTP1Facts(next))
        check(rewritten(next).1 == written, "what was written is written otherwise again")

        // To the next hop.
        var forwarded = accepted
        forwarded.block.removeHopByHop(nominated: accepted.nominatesFields)
        let sent = HTTP1Facts(forwarded)
        let (behind, _) = rewritten(forwarded)
        checkSame(sent, HTTP1Facts(behind))
        for known in [KnownHeader.connection, .keepAlive, .proxyConnection, .te, .upgrade, .http2Settings] {
            check(!behind.block.contains(known), "a field of this hop is passed on")
        }
        check(!behind.nominatesFields, "what a field nominates is passed on")
        // HTTP/2 has no request without an authority, which HTTP/1.0 allows.
        guard !sent.authority.isEmpty else { return }
        passOverHTTP2(forwarded, sent)
    }

    private static func rewritten(_ head: RequestHead) -> (RequestHead, [UInt8]) {
        var out = ByteBuffer()
        head.write(to: &out)
        let bytes = Array(out.readableBytesView)
        // A Host line may have been added.
        let limits = HTTP1Limits(maxHeadBytes: 1 << 20, maxFields: 1000, maxTargetBytes: 1 << 19)
        var parser = HTTP1HeadParser(limits: limits)
        var next = RequestHead()
        let result = parser.parse(&out, into: &next)
        check(result == .complete, "\(result) for what we wrote: \(text(bytes))")
        check(out.readableBytes == 0, "what we wrote holds more than one head: \(text(bytes))")
        return (next, bytes)
    }

    private static func checkSame(_ facts: HTTP1Facts, _ next: HTTP1Facts) {
        check(next.method == facts.method, "the method changes")
        check(next.authority == facts.authority, "the authority changes")
        check(next.query == facts.query, "the query changes")
        let root: [UInt8] =
            facts.method == Array("OPTIONS".utf8) && facts.query == nil ? [0x2A] : [0x2F]
        let isConnect = facts.method == Array("CONNECT".utf8)
        check(next.path == (facts.path.isEmpty && !isConnect ? root : facts.path), "the path changes")
        check(next.framing == facts.framing, "the framing changes")
        check(withoutHost(next.fields) == withoutHost(facts.fields), "the fields change")
    }

    private static func withoutHost(_ fields: [HTTP1Facts.Field]) -> [HTTP1Facts.Field] {
        fields.filter { $0.name.map(ByteClass.lower) != Array("host".utf8) }
    }

    private static func passOverHTTP2(_ head: RequestHead, _ facts: HTTP1Facts) {
        let block = FieldBlock.written(bound: head.http2Bound) { head.writeHTTP2(to: &$0, https: head.secureScheme) }
        var next = RequestHead()
        var pseudo = PseudoFields()
        let result = FieldBlock.decode(block, as: .request, into: &next.block, &pseudo)
        check(result == .complete, "\(result) over HTTP/2")
        let end = head.framing == .none || head.framing == .length(0)
        let fault = next.interpretHTTP2(pseudo, limits: HTTP1Limits(maxTargetBytes: 1 << 19), end: end)
        check(fault == nil, "\(fault!) over HTTP/2")
        let behind = HTTP1Facts(next)
        check(behind.method == facts.method && behind.authority == facts.authority, "method, authority over HTTP/2")
        check(behind.query == facts.query, "the query over HTTP/2")
        check(behind.secure == facts.secure, "the scheme over HTTP/2")
        // HTTP/2 does not tell the order of cookies among the rest, since it joins them.
        check(plain(behind.fields) == plain(facts.lowercasedFields), "the fields over HTTP/2")
    }

    /// Without what HTTP/2 says by other means, and without cookies.
    private static func plain(_ fields: [HTTP1Facts.Field]) -> [HTTP1Facts.Field] {
        let left = ["host", "transfer-encoding", "cookie"].map { Array($0.utf8) }
        return fields.filter { !left.contains($0.name) }
    }

    // MARK: Responses

    private static func passOn(_ accepted: ResponseHead, to method: HTTPMethod) {
        let facts = HTTP1Facts(accepted)
        check((100...999).contains(facts.status), "the status \(facts.status)")
        checkFields(facts)
        var forwarded = accepted
        forwarded.block.removeHopByHop(nominated: accepted.nominatesFields)
        for head in [accepted, forwarded] {
            let sent = HTTP1Facts(head)
            var out = ByteBuffer()
            head.write(to: &out)
            var next = ResponseHead()
            var parser = HTTP1HeadParser(limits: HTTP1Limits(maxHeadBytes: 1 << 20, maxFields: 1000))
            let result = parser.parse(&out, into: &next, requestMethod: method)
            check(result == .complete && out.readableBytes == 0, "\(result) for what we wrote")
            let behind = HTTP1Facts(next)
            check(behind.status == sent.status && behind.framing == sent.framing, "status, framing")
            check(behind.fields == sent.fields, "the fields change")
            check(sent.reason.isEmpty || behind.reason == sent.reason, "the reason changes")
        }
        check(facts.status >= 200 || accepted.framing == .none, "an interim response with a body")
        guard facts.status != 101 else { return }
        let block = FieldBlock.written(bound: forwarded.http2Bound) { forwarded.writeHTTP2(to: &$0) }
        var next = ResponseHead()
        var pseudo = PseudoFields()
        let result = FieldBlock.decode(block, as: .response, into: &next.block, &pseudo)
        check(result == .complete, "\(result) over HTTP/2")
        let end = accepted.framing == .none && facts.status >= 200 && !accepted.switchesProtocols
        check(next.interpretHTTP2(pseudo, end: end, requestMethod: method), "no response over HTTP/2")
        check(next.status == facts.status, "the status over HTTP/2")
        check(plain(HTTP1Facts(next).fields) == plain(HTTP1Facts(forwarded).lowercasedFields), "fields over HTTP/2")
    }

    // MARK: Both

    private static func checkFields(_ facts: HTTP1Facts) {
        for field in facts.fields {
            check(FieldRules.isToken(field.name), "a field name: \(text(field.name))")
            check(FieldRules.isValue(field.value), "a field value: \(text(field.value))")
        }
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
}

extension HTTP1Facts {
    fileprivate var secure: Bool { flags.first ?? false }
}
