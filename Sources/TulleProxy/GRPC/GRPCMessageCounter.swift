import NIOCore

/// Counts the length-prefixed messages that pass in one direction, wherever the content is cut.
struct GRPCMessageCounter {
    private(set) var count: UInt64 = 0
    /// Bytes of the message that are still to come.
    private var left = 0
    /// The five bytes before a message: a flag, and the length in network order.
    private var prefixBytes = 0
    private var length = 0

    private static let prefixLength = 5

    mutating func take(_ content: ByteBuffer) {
        content.withUnsafeReadableBytes { bytes in
            var at = 0
            while at < bytes.count {
                if left > 0 {
                    let skipped = min(left, bytes.count &- at)
                    left &-= skipped
                    at &+= skipped
                    continue
                }
                if prefixBytes > 0 { length = length &<< 8 | Int(bytes[at]) }
                prefixBytes &+= 1
                at &+= 1
                if prefixBytes == Self.prefixLength {
                    count &+= 1
                    left = length
                    prefixBytes = 0
                    length = 0
                }
            }
        }
    }
}
