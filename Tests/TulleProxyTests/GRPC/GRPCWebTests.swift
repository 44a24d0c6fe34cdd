import NIOCore
import Testing

@testable import TulleProxy

@Suite("gRPC-Web")
struct GRPCWebTests {
    private func bridge(_ type: String) -> GRPCWebBridge? {
        Array(type.utf8).withUnsafeBytes { GRPCWebBridge(contentType: $0) }
    }

    @Test("Base64 is the same wherever the content is cut", arguments: 1...7)
    func base64(_ size: Int) throws {
        for length in 0..<40 {
            let content = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
            var encoder = Base64Stream()
            var text = ByteBuffer()
            for start in stride(from: 0, to: length, by: size) {
                text.writeImmutableBuffer(encoder.encode(ByteBuffer(bytes: content[start..<min(start + size, length)])))
            }
            text.writeImmutableBuffer(encoder.finishEncoding())
            #expect(text.readableBytes == (length + 2) / 3 * 4)
            var decoder = Base64Stream()
            var decoded: [UInt8] = []
            while let part = text.readSlice(length: min(size, text.readableBytes)), part.readableBytes > 0 {
                let piece = decoder.decode(part)
                decoded += try #require(piece).readableBytesView
            }
            #expect(decoded == content)
        }
    }

    @Test("known texts of RFC 4648")
    func known() {
        for (plain, text) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            var encoder = Base64Stream()
            var out = encoder.encode(ByteBuffer(string: plain))
            out.writeImmutableBuffer(encoder.finishEncoding())
            #expect(String(buffer: out) == text)
        }
    }

    @Test("messages that were encoded each by itself are decoded as one", arguments: ["Zg==Zm8=Zm9v"])
    func joined(_ text: String) {
        var decoder = Base64Stream()
        let decoded = decoder.decode(ByteBuffer(string: text))
        #expect(decoded.map { String(buffer: $0) } == "ffofoo")
    }

    @Test("what is no Base64 is refused", arguments: ["=", "A=", "Zm9v=", "Zm 9v", "Zm9v-"])
    func refused(_ text: String) {
        var decoder = Base64Stream()
        let decoded = decoder.decode(ByteBuffer(string: text))
        #expect(decoded == nil)
    }

    @Test("content-types of gRPC-Web are known, and what stands behind them is kept")
    func contentTypes() {
        #expect(bridge("application/grpc-web+proto")?.contentType == Array("application/grpc-web+proto".utf8))
        #expect(bridge("application/grpc-web-text")?.contentType == Array("application/grpc-web-text".utf8))
        #expect(bridge("application/grpc") == nil)
        #expect(bridge("application/grpc-websocket") == nil)
        var head = RequestHead()
        head.block.append(name: "content-type", value: "application/grpc-web-text+proto")
        head.block.append(name: "content-length", value: 8 as UInt64)
        head.framing = .length(8)
        bridge("application/grpc-web-text+proto")?.bridge(&head)
        #expect(head.block.value(.contentType).map { head.block.string($0) } == "application/grpc+proto")
        #expect(!head.block.contains(.contentLength))
        #expect(head.framing == .chunked)
    }

    @Test("trailers become the body's last message")
    func trailers() throws {
        var trailers = HeaderBlock()
        trailers.append(name: "grpc-status", value: "0")
        trailers.append(name: "grpc-message", value: "ok")
        let end = try #require(bridge("application/grpc-web")).end(trailers)
        let text = "grpc-status: 0\r\ngrpc-message: ok\r\n"
        #expect(Array(end.readableBytesView) == [0x80, 0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8))
    }
}
