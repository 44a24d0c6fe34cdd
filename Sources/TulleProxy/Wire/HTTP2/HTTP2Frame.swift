import NIOCore

/// A frame as it was read (RFC 9113, 6). Slices share the receive buffer's storage.
enum HTTP2Frame {
    /// A part of a DATA frame, which may come in several as the bytes arrive. `flow` counts against the windows: content,
    /// and padding with the first part. `end` is set on the last part alone.
    case data(id: UInt32, content: ByteBuffer, flow: Int, end: Bool)
    /// HEADERS with its CONTINUATIONs.
    case headers(id: UInt32, fragment: ByteBuffer, end: Bool, dependsOnItself: Bool)
    case priority(id: UInt32, dependsOnItself: Bool)
    case reset(id: UInt32, code: HTTP2ErrorCode)
    case settings(ByteBuffer)
    case settingsAck
    case ping(UInt64, ack: Bool)
    case goAway(last: UInt32, code: HTTP2ErrorCode)
    case windowUpdate(id: UInt32, increment: Int)
    /// Of a size that its type does not have, on a stream that can be ended alone.
    case wrongSize(id: UInt32)
    /// Of a type that is not known here (RFC 9113, 5.5).
    case unknown
}

/// The types of RFC 9113, 6.
enum HTTP2FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let pushPromise: UInt8 = 5
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
}

enum HTTP2Flag {
    /// END_STREAM of DATA and HEADERS; ACK of SETTINGS and PING.
    static let end: UInt8 = 0x1
    static let ack: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4
    static let padded: UInt8 = 0x8
    static let priority: UInt8 = 0x20
}
