import NIOCore

/// Chunked bodies: both ways of taking them agree with a plain decoder, however the bytes were cut into reads.
enum ChunkedFuzz {
    static func run(_ input: FuzzInput) -> Int32 {
        var input = input
        let choice = input.choice()
        let cuts = input.cuts(choice)
        let limits = choice & 8 == 0 ? HTTP1Limits() : HTTP1HeadFuzz.small
        let bytes = Array(input.bytes)
        let expected = ReferenceChunks.decode(bytes, limits)
        for reads in [input.reads([]), input.reads(cuts)] {
            checkContent(reads, limits, expected)
            checkRelayed(reads, limits, expected, bytes)
        }
        return 0
    }

    private static func checkContent(_ reads: [[UInt8]], _ limits: HTTP1Limits, _ expected: ReferenceChunks) {
        var decoder = HTTP1BodyDecoder(.chunked, mode: .content, limits: limits)
        var content: [UInt8] = []
        var left = 0
        let verdict = follow(reads, &decoder, { content += $0 }, &left)
        check(verdict == expected.verdict, "content: \(verdict), where a plain decoder says \(expected.verdict)")
        check(content == expected.content, "the content differs")
        check(decoder.contentBytes == content.count, "content is miscounted")
        guard verdict == .complete else { return }
        let total = reads.reduce(0) { $0 + $1.count }
        check(total - left == expected.taken, "\(total - left) bytes taken, not \(expected.taken)")
        check((decoder.trailers.map(HTTP1Facts.fields) ?? []) == expected.trailers, "the trailers differ")
        guard let trailers = decoder.trailers else { return }
        var out = ByteBuffer()
        out.writeLastChunk(trailers: trailers)
        let again = ReferenceChunks.decode(Array(out.readableBytesView), HTTP1Limits(maxTrailerBytes: 1 << 20))
        check(again.verdict == .complete && again.trailers == expected.trailers, "trailers that were written differ")
    }

    private static func checkRelayed(
        _ reads: [[UInt8]], _ limits: HTTP1Limits, _ expected: ReferenceChunks, _ bytes: [UInt8]
    ) {
        var decoder = HTTP1BodyDecoder(.chunked, mode: .relaying, limits: limits)
        var relayed: [UInt8] = []
        var left = 0
        let verdict = follow(reads, &decoder, { relayed += $0 }, &left)
        check(verdict == expected.verdict, "relaying: \(verdict), where a plain decoder says \(expected.verdict)")
        check(bytes.starts(with: relayed), "what is relayed is not what came")
        check(decoder.contentBytes == expected.content.count, "relayed content is miscounted")
        if verdict == .complete { check(relayed.count == expected.taken, "not all is relayed, or too much") }
        // What has been relayed may not hold more content than what was found to be right.
        let again = ReferenceChunks.decode(relayed, HTTP1Limits(maxTrailerBytes: 1 << 20))
        check(again.verdict != .invalid, "something wrong is relayed")
        check(again.content == expected.content, "other content is relayed")
    }

    private static func follow(
        _ reads: [[UInt8]], _ decoder: inout HTTP1BodyDecoder, _ take: (ByteBufferView) -> Void, _ left: inout Int
    ) -> ReferenceChunks.Verdict {
        var verdict = ReferenceChunks.Verdict.incomplete
        for read in reads {
            var buffer = ByteBuffer(bytes: read)
            reading: while verdict == .incomplete {
                switch decoder.next(&buffer) {
                case .needMore:
                    check(buffer.readableBytes == 0, "a decoder that needs more has left bytes")
                    break reading
                case .data(let slice):
                    check(slice.readableBytes > 0, "an empty slice")
                    take(slice.readableBytesView)
                case .end: verdict = .complete
                case .invalid: verdict = .invalid
                }
            }
            if verdict == .incomplete, decoder.isComplete { verdict = .complete }
            left += buffer.readableBytes
        }
        return verdict
    }
}
