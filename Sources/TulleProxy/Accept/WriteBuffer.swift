import NIOCore

/// How much may wait to be written to a connection before its source is read no further.
enum WriteBuffer {
    /// The marks for a configured limit (`per_connection_buffer_limit_bytes`), or nil where NIO's own 64 KiB are below it:
    /// more than that makes no link faster, and a thousand slow readers would cost a gigabyte at Envoy's default.
    static func mark(limit: Int) -> ChannelOptions.Types.WriteBufferWaterMark? {
        let usual = 64 << 10
        guard limit > 0, limit < usual else { return nil }
        return ChannelOptions.Types.WriteBufferWaterMark(low: max(1, limit / 2), high: max(2, limit))
    }
}
