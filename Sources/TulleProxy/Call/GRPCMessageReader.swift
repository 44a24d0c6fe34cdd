import NIOCore

/// Puts the messages of a call together from its DATA: each has five bytes in front, a flag and its length.
struct GRPCMessageReader {
    enum Step: Equatable {
        case needMore
        case message([UInt8])
        case failed(GRPCError)
    }

    private let maxMessageBytes: Int
    private var prefix: UInt64 = 0
    private var prefixBytes = 0
    private var message: [UInt8] = []
    private var bytesLeft = 0

    private static let prefixLength = 5
    /// So much is set aside for a message on its length's word alone; beyond that, as its bytes come.
    private static let trustedBytes = 64 << 10

    init(maxMessageBytes: Int) { self.maxMessageBytes = maxMessageBytes }

    /// Whether a message has begun and is not whole.
    var isMidMessage: Bool { prefixBytes > 0 }

    /// The next thing that the content says. Ask again until it is `.needMore`, which is when all of it is taken.
    mutating func next(_ content: inout ByteBuffer) -> Step {
        while prefixBytes < Self.prefixLength {
            guard let byte = content.readInteger(as: UInt8.self) else { return .needMore }
            prefix = prefix << 8 | UInt64(byte)
            prefixBytes += 1
            if prefixBytes == Self.prefixLength, let error = begin() { return .failed(error) }
        }
        let count = min(bytesLeft, content.readableBytes)
        content.readWithUnsafeReadableBytes { bytes in
            message.append(contentsOf: bytes.prefix(count))
            return count
        }
        bytesLeft -= count
        guard bytesLeft == 0 else { return .needMore }
        let whole = message
        message = []
        prefix = 0
        prefixBytes = 0
        return .message(whole)
    }

    private mutating func begin() -> GRPCError? {
        guard prefix >> 32 == 0 else {
            return GRPCError(.internalError, "a compressed message, though the call accepts none")
        }
        let length = Int(prefix & 0xFFFF_FFFF)
        guard length <= maxMessageBytes else {
            return GRPCError(
                .resourceExhausted, "a message of \(length) bytes, at most \(maxMessageBytes) are taken")
        }
        bytesLeft = length
        message.reserveCapacity(min(length, Self.trustedBytes))
        return nil
    }
}
