import NIOCore

/// DER as PEM, in lines of 64 digits as OpenSSL writes them.
enum PEMText {
    static func text(_ label: String, _ der: [UInt8]) -> String {
        var base64 = Base64Stream()
        var rest = base64.encode(ByteBuffer(bytes: der))
        rest.writeImmutableBuffer(base64.finishEncoding())
        var text = "-----BEGIN \(label)-----\n"
        while let line = rest.readString(length: min(64, rest.readableBytes)), !line.isEmpty { text += line + "\n" }
        return text + "-----END \(label)-----\n"
    }
}
