import NIOCore

@testable import TulleProxy

/// Small deterministic generator (SplitMix64), so that a failing case can be run again by its seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Feeds bytes to the parsers cut in given ways, and tells all that they answered as text that can be compared.
enum WireHarness {
    /// What one connection's bytes were read as: each message, then how it stands.
    static func requests(
        _ bytes: [UInt8], cuts: [Int] = [], limits: HTTP1Limits = HTTP1Limits(), mode: HTTP1BodyDecoder.Mode = .content
    ) -> String {
        var parser = HTTP1HeadParser(limits: limits)
        var head = RequestHead()
        return run(bytes, cuts, limits, mode) { buffer in
            let result = parser.parse(&buffer, into: &head)
            return (result, result == .complete ? describe(head) : "", head.framing)
        }
    }

    static func responses(
        _ bytes: [UInt8], to method: HTTPMethod = .get, cuts: [Int] = [], limits: HTTP1Limits = HTTP1Limits(),
        mode: HTTP1BodyDecoder.Mode = .content
    ) -> String {
        var parser = HTTP1HeadParser(limits: limits)
        var head = ResponseHead()
        return run(bytes, cuts, limits, mode) { buffer in
            let result = parser.parse(&buffer, into: &head, requestMethod: method)
            return (result, result == .complete ? describe(head) : "", head.framing)
        }
    }

    private static func run(
        _ bytes: [UInt8], _ cuts: [Int], _ limits: HTTP1Limits, _ mode: HTTP1BodyDecoder.Mode,
        _ parse: (inout ByteBuffer) -> (ParseResult, String, BodyFraming)
    ) -> String {
        var log: [String] = []
        var body: HTTP1BodyDecoder?
        var content: [UInt8] = []
        var start = 0
        for cut in cuts + [bytes.count] {
            var buffer = ByteBuffer(bytes: bytes[start..<cut])
            start = cut
            reading: while true {
                if body == nil {
                    let (result, head, framing) = parse(&buffer)
                    switch result {
                    case .needMore:
                        precondition(buffer.readableBytes == 0, "bytes were left behind")
                        break reading
                    case .complete:
                        log.append(head)
                        body = HTTP1BodyDecoder(framing, mode: mode, limits: limits)
                        content = []
                    case .invalid(let error):
                        log.append("invalid \(error)")
                        return log.joined(separator: " | ")
                    }
                }
                switch body!.next(&buffer) {
                case .needMore:
                    precondition(buffer.readableBytes == 0, "bytes were left behind")
                    break reading
                case .data(let slice): content += slice.readableBytesView
                case .end:
                    log.append("body \(text(content)) \(body!.contentBytes)" + trailers(body!))
                    body = nil
                case .invalid(let error):
                    log.append("partial \(text(content)) invalid \(error)")
                    return log.joined(separator: " | ")
                }
            }
        }
        if let body { log.append("open \(text(content)) closes=\(body.endsWithConnection)") }
        return log.joined(separator: " | ")
    }

    static func describe(_ head: RequestHead) -> String {
        let method = head.block.string(head.methodRange)
        let query = head.hasQuery ? "?" + head.block.string(head.query) : ""
        var words = [
            method, "\(head.targetForm)", "path=\(head.block.string(head.path))\(query)",
            "host=\(head.block.string(head.authority))", "\(head.framing)",
        ]
        if head.version10 { words.append("1.0") }
        if !head.keepAlive { words.append("close") }
        if head.upgrade { words.append("upgrade") }
        if head.expectContinue { words.append("expect") }
        if head.acceptsTrailers { words.append("trailers") }
        return words.joined(separator: " ") + " " + describe(head.block)
    }

    static func describe(_ head: ResponseHead) -> String {
        var words = ["\(head.status) \(head.block.string(head.reason)) \(head.framing)"]
        if head.version10 { words.append("1.0") }
        if !head.keepAlive { words.append("close") }
        if head.switchesProtocols { words.append("switch") }
        return words.joined(separator: " ") + " " + describe(head.block)
    }

    static func describe(_ block: HeaderBlock) -> String {
        let fields = block.fields.filter { !$0.isRemoved }
            .map { "\(block.string($0.nameRange))=\(block.string($0.valueRange))" }
        return "[" + fields.joined(separator: ",") + "]"
    }

    private static func trailers(_ body: HTTP1BodyDecoder) -> String {
        body.trailers.map { " trailers " + describe($0) } ?? ""
    }

    static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).debugDescription
    }
}
