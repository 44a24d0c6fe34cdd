import NIOCore

extension HeaderBlock {
    /// The most bytes that the fields can take in a field block of HTTP/2.
    var http2Bound: Int {
        bytes.readableBytes &+ fields.count &* HPACKEncoder.bound(name: 0, value: 0)
    }

    /// Fields that HTTP/2 has no place for: what is of one connection alone (RFC 9113, 8.2.2), and Host, which is `:authority`.
    private static let left =
        KnownHeader.connection.bit | KnownHeader.keepAlive.bit | KnownHeader.proxyConnection.bit
        | KnownHeader.transferEncoding.bit | KnownHeader.upgrade.bit | KnownHeader.http2Settings.bit
        | KnownHeader.host.bit

    /// Writes the fields that have not been removed, in order.
    @inline(__always)
    func writeHTTP2Fields(to writer: inout HeadWriter) {
        withBytes { base in
            for field in fields where !field.isRemoved && field.name.bit & Self.left == 0 {
                HPACKEncoder.field(
                    field.name, UnsafeRawBufferPointer(rebasing: base[field.nameRange]),
                    UnsafeRawBufferPointer(rebasing: base[field.valueRange]),
                    neverIndexed: field.flags.contains(.neverIndexed), to: &writer)
            }
        }
    }
}
