/// Streams are lent like exchanges.
extension Worker {
    private static let maxPooledStreams = 1024

    func takeDownstreamStream() -> DownstreamHTTP2Stream {
        downstreamStreams.popLast() ?? DownstreamHTTP2Stream()
    }

    func recycle(_ stream: DownstreamHTTP2Stream) {
        stream.detach()
        if downstreamStreams.count < Self.maxPooledStreams { downstreamStreams.append(stream) }
    }

    func takeUpstreamStream() -> UpstreamHTTP2Stream {
        upstreamStreams.popLast() ?? UpstreamHTTP2Stream()
    }

    func recycle(_ stream: UpstreamHTTP2Stream) {
        stream.detach()
        if upstreamStreams.count < Self.maxPooledStreams { upstreamStreams.append(stream) }
    }
}
