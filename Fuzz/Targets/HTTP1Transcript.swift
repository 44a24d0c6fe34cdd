import NIOCore

/// All that one HTTP/1 connection's bytes were read as.
enum HTTP1Transcript {
    enum Entry: Equatable {
        case head(HTTP1Facts)
        case body([UInt8], trailers: [HTTP1Facts.Field])
        case openBody([UInt8], endsWithConnection: Bool)
        case invalid(HTTP1Error, after: [UInt8])
    }

    static func requests(_ reads: [[UInt8]], _ limits: HTTP1Limits, _ seen: (RequestHead) -> Void) -> [Entry] {
        var parser = HTTP1HeadParser(limits: limits)
        var head = RequestHead()
        return run(reads, limits) { buffer in
            let result = parser.parse(&buffer, into: &head)
            guard result == .complete else { return (result, nil, .none) }
            seen(head)
            return (result, HTTP1Facts(head), head.framing)
        }
    }

    static func responses(
        _ reads: [[UInt8]], to method: HTTPMethod, _ limits: HTTP1Limits, _ seen: (ResponseHead) -> Void
    ) -> [Entry] {
        var parser = HTTP1HeadParser(limits: limits)
        var head = ResponseHead()
        return run(reads, limits) { buffer in
            let result = parser.parse(&buffer, into: &head, requestMethod: method)
            guard result == .complete else { return (result, nil, .none) }
            seen(head)
            return (result, HTTP1Facts(head), head.framing)
        }
    }

    private static func run(
        _ reads: [[UInt8]], _ limits: HTTP1Limits,
        _ parse: (inout ByteBuffer) -> (ParseResult, HTTP1Facts?, BodyFraming)
    ) -> [Entry] {
        var entries: [Entry] = []
        var body: HTTP1BodyDecoder?
        var content: [UInt8] = []
        for read in reads {
            var buffer = ByteBuffer(bytes: read)
            reading: while true {
                if body == nil {
                    let (result, facts, framing) = parse(&buffer)
                    switch result {
                    case .needMore:
                        check(buffer.readableBytes == 0, "a parser that needs more has left bytes")
                        break reading
                    case .invalid(let error): return entries + [.invalid(error, after: [])]
                    case .complete:
                        entries.append(.head(facts!))
                        body = HTTP1BodyDecoder(framing, limits: limits)
                        content = []
                    }
                }
                switch body!.next(&buffer) {
                case .needMore:
                    check(buffer.readableBytes == 0, "a decoder that needs more has left bytes")
                    break reading
                case .data(let slice): content += slice.readableBytesView
                case .end:
                    check(body!.contentBytes == content.count, "content is miscounted")
                    entries.append(.body(content, trailers: body!.trailers.map(HTTP1Facts.fields) ?? []))
                    body = nil
                case .invalid(let error): return entries + [.invalid(error, after: content)]
                }
            }
        }
        if let body { entries.append(.openBody(content, endsWithConnection: body.endsWithConnection)) }
        return entries
    }
}
