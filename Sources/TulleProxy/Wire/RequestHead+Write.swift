import NIOCore

extension RequestHead {
    /// Writes the head as an HTTP/1.1 request to an origin server: path and query for a target, Host from `authority`, and
    /// the fields that have not been removed. Hop-by-hop fields are the caller's to remove before.
    ///
    /// - Parameter absolute: whether the upstream is itself a proxy that wants `http://host/path`.
    func write(to out: inout ByteBuffer, absolute: Bool = false) {
        // The authority may be written twice, the rest once; 64 bytes are more than all that is constant.
        let most = block.bytes.readableBytes &+ path.count &+ query.count &+ authority.count &* 2 &+ 64
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { room in
            var writer = HeadWriter(room)
            block.withBytes { write(to: &writer, from: $0, absolute: absolute) }
            return writer.count
        }
    }

    @inline(__always)
    private func write(to writer: inout HeadWriter, from base: UnsafeRawBufferPointer, absolute: Bool) {
        if method == .other { writer.append(base, methodRange) } else { writer.append(method.name) }
        writer.append(byte: 0x20)
        writeTarget(to: &writer, from: base, absolute: absolute)
        writer.append(" HTTP/1.1\r\n")
        if let host = block.value(.host), host == authority {
            block.writeFields(to: &writer, from: base)
        } else {
            // RFC 9110, 7.2 asks for Host first, and for an empty one where there is no authority.
            writer.append("host: ")
            writer.append(base, authority)
            writer.append("\r\n")
            block.writeFields(to: &writer, from: base, except: .host)
        }
        writer.append("\r\n")
    }

    @inline(__always)
    private func writeTarget(to writer: inout HeadWriter, from base: UnsafeRawBufferPointer, absolute: Bool) {
        if targetForm == .authority {
            writer.append(base, authority)
            return
        }
        if absolute {
            writer.append(secureScheme ? "https://" : "http://")
            writer.append(base, authority)
        }
        if path.isEmpty {
            // RFC 9112, 3.2.4: `OPTIONS http://host` becomes `OPTIONS *` at the last proxy.
            if !absolute { writer.append(byte: method == .options && !hasQuery ? 0x2A : 0x2F) }
        } else if let whole = pathAndQuery {
            writer.append(base, whole)
            return
        } else {
            writer.append(base, path)
        }
        if hasQuery {
            writer.append(byte: 0x3F)
            writer.append(base, query)
        }
    }
}
