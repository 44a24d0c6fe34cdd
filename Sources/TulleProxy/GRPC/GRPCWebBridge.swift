import NIOCore

/// Speaks gRPC-Web to a browser on behalf of a server of gRPC: trailers, which browsers do not show, become a last message of the
/// body, and the text form is Base64 both ways.
final class GRPCWebBridge {
    private let isText: Bool
    /// What stands behind `application/grpc` in the content-type, such as `+proto`.
    private let suffix: [UInt8]
    private var request = Base64Stream()
    private var response = Base64Stream()

    /// Nil when the content-type is not gRPC-Web's.
    init?(contentType type: UnsafeRawBufferPointer) {
        let name: StaticString = "application/grpc-web"
        let text: StaticString = "-text"
        let length = name.utf8CodeUnitCount
        guard type.count >= length, ByteClass.equal(.init(rebasing: type[..<length]), name.rawBytes) else { return nil }
        var rest = UnsafeRawBufferPointer(rebasing: type[length...])
        let isText =
            rest.count >= 5 && ByteClass.equal(.init(rebasing: rest[..<5]), text.rawBytes)
        if isText { rest = .init(rebasing: rest[5...]) }
        guard rest.isEmpty || rest[0] == UInt8(ascii: "+") || rest[0] == UInt8(ascii: ";") else { return nil }
        self.isText = isText
        suffix = Array(rest)
    }

    /// Turns the request's fields into those of gRPC.
    func bridge(_ head: inout RequestHead) {
        head.block.remove(.contentType)
        head.block.append(name: "content-type", value: Array("application/grpc".utf8) + suffix)
        head.acceptsTrailers = true
        guard isText, case .length = head.framing else { return }
        // The length was that of the text.
        head.block.remove(.contentLength)
        head.framing = .chunked
    }

    /// The content as gRPC has it; nil where the text form is broken.
    func requestBody(_ content: ByteBuffer) -> ByteBuffer? {
        isText ? request.decode(content) : content
    }

    /// Turns the response's fields into those of gRPC-Web. Its trailers will lengthen the body.
    func bridge(_ head: inout ResponseHead) {
        head.block.remove(.contentType)
        head.block.append(name: "content-type", value: contentType)
        head.block.remove(.contentLength)
        if case .length(let length) = head.framing, length > 0 { head.framing = .chunked }
    }

    var contentType: [UInt8] { Array((isText ? "application/grpc-web-text" : "application/grpc-web").utf8) + suffix }

    func responseBody(_ content: ByteBuffer) -> ByteBuffer {
        isText ? response.encode(content) : content
    }

    /// The body's last bytes: the trailers as a message of their own, with the flag that marks them.
    func end(_ trailers: HeaderBlock?) -> ByteBuffer {
        var frame = ByteBuffer()
        if let trailers {
            frame.writeInteger(0x80 as UInt8)
            frame.writeInteger(0 as UInt32)
            trailers.writeFields(to: &frame)
            frame.setInteger(UInt32(frame.readableBytes - 5), at: 1)
        }
        guard isText else { return frame }
        var out = response.encode(frame)
        out.writeImmutableBuffer(response.finishEncoding())
        return out
    }
}
