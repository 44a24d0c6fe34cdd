import NIOCore

extension ByteBuffer {
    /// Writes the nine bytes in front of a frame's payload (RFC 9113, 4.1).
    @inline(__always)
    mutating func writeFrameHead(length: Int, type: UInt8, flags: UInt8, id: UInt32) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: 9) { room in
            let word = UInt32(truncatingIfNeeded: length) &<< 8 | UInt32(type)
            room.storeBytes(of: word.bigEndian, toByteOffset: 0, as: UInt32.self)
            room[4] = flags
            room.storeBytes(of: id.bigEndian, toByteOffset: 5, as: UInt32.self)
            return 9
        }
    }

    mutating func writeReset(id: UInt32, code: HTTP2ErrorCode) {
        writeFrameHead(length: 4, type: HTTP2FrameType.reset, flags: 0, id: id)
        writeInteger(code.rawValue)
    }

    mutating func writeWindowUpdate(id: UInt32, increment: Int) {
        writeFrameHead(length: 4, type: HTTP2FrameType.windowUpdate, flags: 0, id: id)
        writeInteger(UInt32(truncatingIfNeeded: increment))
    }

    mutating func writePing(_ opaque: UInt64, ack: Bool) {
        writeFrameHead(length: 8, type: HTTP2FrameType.ping, flags: ack ? HTTP2Flag.ack : 0, id: 0)
        writeInteger(opaque)
    }

    mutating func writeGoAway(last: UInt32, code: HTTP2ErrorCode, debug: StaticString = "") {
        writeFrameHead(length: 8 &+ debug.utf8CodeUnitCount, type: HTTP2FrameType.goAway, flags: 0, id: 0)
        writeInteger(last)
        writeInteger(code.rawValue)
        writeBytes(debug.rawBytes)
    }
}
