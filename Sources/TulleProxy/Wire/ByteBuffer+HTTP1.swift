import NIOCore

extension ByteBuffer {
    /// Writes `HTTP/1.1 200 OK` and CRLF.
    mutating func writeStatusLine(_ status: Int) {
        if let line = StatusLine.line(status) {
            writeBytes(line.rawBytes)
            return
        }
        let version: StaticString = "HTTP/1.1 "
        writeBytes(version.rawBytes)
        writeDecimal(UInt64(max(0, status)))
        // The space is due even before an empty reason (RFC 9112, 4).
        let end: StaticString = " \r\n"
        writeBytes(end.rawBytes)
    }

    /// Writes one field line. The name must be a token and the value free of control bytes: not checked here.
    mutating func writeField(_ name: StaticString, _ value: StaticString) {
        writeBytes(name.rawBytes)
        writeInteger(0x3A20 as UInt16)
        writeBytes(value.rawBytes)
        writeInteger(0x0D0A as UInt16)
    }

    /// Writes one field line with a number for its value.
    mutating func writeField(_ name: StaticString, _ value: UInt64) {
        writeBytes(name.rawBytes)
        writeInteger(0x3A20 as UInt16)
        writeDecimal(value)
        writeInteger(0x0D0A as UInt16)
    }

    /// Writes the size line of a chunk; its content and `writeChunkEnd` follow. A size of zero would end the body.
    mutating func writeChunkHead(_ size: Int) {
        precondition(size > 0, "a chunk of no bytes ends the body")
        var shift = (63 &- size.leadingZeroBitCount) & ~3
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: size &>> shift) & 0x0F
            writeInteger(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
            shift &-= 4
        }
        writeInteger(0x0D0A as UInt16)
    }

    /// Writes the CRLF behind a chunk's content.
    mutating func writeChunkEnd() {
        writeInteger(0x0D0A as UInt16)
    }

    /// Writes the last chunk, the trailers if any, and the empty line that ends the body.
    mutating func writeLastChunk(trailers: HeaderBlock? = nil) {
        let zero: StaticString = "0\r\n"
        writeBytes(zero.rawBytes)
        trailers?.writeFields(to: &self)
        writeInteger(0x0D0A as UInt16)
    }
}
