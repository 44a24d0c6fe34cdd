import NIOCore

/// A request that was taken over HTTP/2 and goes on over HTTP/1 is read there as the same one request. What a peer can
/// put between the two protocols is how requests are smuggled.
enum HTTP2ToHTTP1 {
    static func check(_ block: HeaderBlock, _ pseudo: PseudoFields, _ limits: HTTP1Limits, end: Bool) {
        var head = RequestHead()
        head.block = block
        guard head.interpretHTTP2(pseudo, limits: limits, end: end) == nil, pseudo.proto == nil,
            head.method != .connect
        else { return }
        head.block.removeHopByHop(nominated: false)
        head.addHTTP1Framing()
        var out = ByteBuffer()
        head.write(to: &out)
        let written = HTTP1HeadFuzz.text(Array(out.readableBytesView))
        var next = RequestHead()
        var parser = HTTP1HeadParser(limits: HTTP1Limits(maxHeadBytes: 1 << 20, maxFields: 1000))
        let result = parser.parse(&out, into: &next)
        TulleFuzz.check(result == .complete && out.readableBytes == 0, "\(result) for \(written)")
        let facts = HTTP1Facts(head)
        let behind = HTTP1Facts(next)
        TulleFuzz.check(
            behind.method == facts.method && behind.authority == facts.authority && behind.path == facts.path
                && behind.query == facts.query, "another request: \(written)")
        let hasNoBody = behind.framing == .none || behind.framing == .length(0)
        TulleFuzz.check(
            behind.framing == facts.framing || facts.framing == .none && hasNoBody,
            "\(behind.framing) for \(facts.framing): \(written)")
        TulleFuzz.check(!next.nominatesFields && next.keepAlive && !next.upgrade, "connection options: \(written)")
        let fields = behind.fields.filter { $0.name != Array("host".utf8) }
        TulleFuzz.check(fields == facts.fields, "other fields: \(written)")
    }
}
