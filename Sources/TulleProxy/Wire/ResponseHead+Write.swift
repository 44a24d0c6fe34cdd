import NIOCore

extension ResponseHead {
    /// Writes the head as an HTTP/1.1 response with the fields that have not been removed; the reason as it came, or
    /// the registered one when `reason` is empty. Hop-by-hop fields are the caller's to remove before.
    ///
    /// The version is the proxy's own (RFC 9112, 2.3), to HTTP/1.0 clients too (RFC 9110, 6.2).
    func write(to out: inout ByteBuffer) {
        if reason.isEmpty || status < 100 || status > 999 {
            out.writeStatusLine(status)
            block.writeFields(to: &out)
            out.writeInteger(0x0D0A as UInt16)
            return
        }
        // The reason lies in the block; 32 bytes are more than all that is constant.
        let most = block.bytes.readableBytes &+ reason.count &+ 32
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { room in
            var writer = HeadWriter(room)
            writer.append("HTTP/1.1 ")
            writer.append(byte: UInt8(truncatingIfNeeded: 0x30 &+ status / 100))
            writer.append(byte: UInt8(truncatingIfNeeded: 0x30 &+ status / 10 % 10))
            writer.append(byte: UInt8(truncatingIfNeeded: 0x30 &+ status % 10))
            writer.append(byte: 0x20)
            block.withBytes { base in
                writer.append(base, reason)
                writer.append("\r\n")
                block.writeFields(to: &writer, from: base)
            }
            writer.append("\r\n")
            return writer.count
        }
    }
}
