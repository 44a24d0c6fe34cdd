/// How a connection speaks HTTP/2 (`core.v3.Http2ProtocolOptions`). The limits on a peer's frames have Envoy's defaults.
public struct HTTP2Options: Hashable, Sendable {
    /// Bytes of the HPACK table that the peer's encoder may fill. Zero switches it off.
    public var hpackTableBytes: Int = 4096
    /// Streams that the peer may have open at once.
    public var maxConcurrentStreams: Int = 1024
    /// Bytes that the peer may send on a stream before they are taken further.
    public var streamWindowBytes: Int = 1 << 20
    /// Likewise on all streams of a connection together.
    public var connectionWindowBytes: Int = 16 << 20
    /// Whether extended CONNECT (RFC 8441) is offered.
    public var allowsConnect: Bool = false
    /// Answers and control frames that may wait for a peer that does not read, before its connection is closed.
    public var maxOutboundFrames: Int = 10_000
    public var maxOutboundControlFrames: Int = 1000
    /// Frames without content or end that may follow each other.
    public var maxConsecutiveEmptyFrames: Int = 1
    /// PRIORITY frames, for each stream opened.
    public var maxPriorityFramesPerStream: Int = 100
    /// WINDOW_UPDATE frames, for each DATA frame that was sent.
    public var maxWindowUpdatesPerDataFrame: Int = 10
    /// How often a quiet connection is asked whether it lives; zero never asks.
    public var keepaliveInterval: Duration = .zero
    /// How long the answer may take.
    public var keepaliveTimeout: Duration = .zero

    public init() {}
}
