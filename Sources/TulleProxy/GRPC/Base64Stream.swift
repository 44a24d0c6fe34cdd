import NIOCore

/// Base64 (RFC 4648, 4) over content that comes in pieces of any size.
struct Base64Stream {
    private var held: UInt32 = 0
    private var heldCount = 0

    private static let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// Encodes what is whole, three bytes at a time, and keeps the rest for the next piece.
    mutating func encode(_ content: ByteBuffer) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(content.readableBytes / 3 * 4 + 8)
        for byte in content.readableBytesView {
            held = held << 8 | UInt32(byte)
            heldCount += 1
            if heldCount == 3 { writeGroup(4, to: &out) }
        }
        return out
    }

    /// The last group, padded; empty where nothing is left.
    mutating func finishEncoding() -> ByteBuffer {
        var out = ByteBuffer()
        guard heldCount > 0 else { return out }
        let digits = heldCount + 1
        held <<= UInt32(8 * (3 - heldCount))
        writeGroup(digits, to: &out)
        for _ in digits..<4 { out.writeInteger(UInt8(ascii: "=")) }
        return out
    }

    private mutating func writeGroup(_ count: Int, to out: inout ByteBuffer) {
        for index in 0..<count {
            out.writeInteger(Self.digits.rawBytes[Int(held >> UInt32(18 - 6 * index) & 63)])
        }
        held = 0
        heldCount = 0
    }

    /// Decodes what is whole; nil for what is no Base64. Groups may be padded one by one, as senders that encode each message by
    /// itself do.
    mutating func decode(_ content: ByteBuffer) -> ByteBuffer? {
        var out = ByteBuffer()
        out.reserveCapacity(content.readableBytes / 4 * 3 + 3)
        for byte in content.readableBytesView {
            if byte == UInt8(ascii: "=") {
                // Of four digits' bits, those of the padding are no content.
                guard heldCount == 2 || heldCount == 3 || isPadding else { return nil }
                if !isPadding { finishGroup(&out) }
                continue
            }
            guard let value = Self.value(byte) else { return nil }
            isPadding = false
            held = held << 6 | UInt32(value)
            heldCount += 1
            if heldCount == 4 {
                out.writeInteger(UInt8(truncatingIfNeeded: held >> 16))
                out.writeInteger(UInt8(truncatingIfNeeded: held >> 8))
                out.writeInteger(UInt8(truncatingIfNeeded: held))
                held = 0
                heldCount = 0
            }
        }
        return out
    }

    private var isPadding = false

    private mutating func finishGroup(_ out: inout ByteBuffer) {
        if heldCount == 2 {
            out.writeInteger(UInt8(truncatingIfNeeded: held >> 4))
        } else {
            out.writeInteger(UInt8(truncatingIfNeeded: held >> 10))
            out.writeInteger(UInt8(truncatingIfNeeded: held >> 2))
        }
        held = 0
        heldCount = 0
        isPadding = true
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
