import NIOCore

extension ResponseHead {
    /// Takes the response up from a block that has been decoded into `block` (RFC 9113, 8.3.2); false when it is none.
    mutating func interpretHTTP2(_ pseudo: PseudoFields, end: Bool, requestMethod: HTTPMethod) -> Bool {
        guard let range = pseudo.status, range.count == 3 else { return false }
        let bytes = block.bytes
        return bytes.withUnsafeReadableBytes { raw -> Bool in
            guard let start = raw.baseAddress else { return false }
            let base = start.assumingMemoryBound(to: UInt8.self)
            status = 0
            for index in range {
                let digit = base[index] &- 0x30
                guard digit < 10 else { return false }
                status = status &* 10 &+ Int(digit)
            }
            // RFC 9113, 8.6: there is nothing to switch to.
            guard status >= 100, status != 101 else { return false }
            var facts = MessageFacts()
            if facts.read(block, base) != nil || facts.lengths > 1 { return false }
            if status < 200 {
                framing = .none
                return !end
            }
            let isTunnel = requestMethod == .connect && status < 300
            if status == 204 || isTunnel { block.remove(.contentLength) }
            if isTunnel {
                framing = .untilClose
            } else if requestMethod == .head || status == 204 || status == 304 {
                framing = .none
            } else if facts.lengths == 1 {
                framing = .length(facts.length)
            } else {
                framing = end ? .length(0) : .chunked
            }
            return true
        }
    }

    /// The length that the body must have, where the head says it; negative when it does not.
    var promisedLength: Int64 {
        if case .length(let length) = framing { Int64(clamping: length) } else { -1 }
    }

    var http2Bound: Int { block.http2Bound &+ 16 }

    @inline(__always)
    func writeHTTP2(to writer: inout HeadWriter) {
        HPACKEncoder.status(status, to: &writer)
        block.writeHTTP2Fields(to: &writer)
    }
}
