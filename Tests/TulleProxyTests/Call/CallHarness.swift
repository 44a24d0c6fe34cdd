import NIOCore
import NIOEmbedded
import TulleModel

@testable import TulleProxy

/// A call on an embedded channel, and the server's end of its connection, which a test plays by hand.
final class CallHarness {
    let channel = EmbeddedChannel()
    let handler: GRPCCallHandler
    private var server: HTTP2Machine<HTTP2Stream>
    private let stream = HTTP2Stream()
    private var input = ByteBuffer()

    /// What the client said: `:path` and the like, then the fields.
    private(set) var requestFields: [String] = []
    private(set) var sent: [UInt8] = []
    private(set) var isHalfClosed = false
    private(set) var resetCode: HTTP2ErrorCode?
    private(set) var hasGoneAway = false
    /// Types of the frames that came, PING and WINDOW_UPDATE among them.
    private(set) var frames: [UInt8] = []

    init(
        path: String = "/test.Service/Method", metadata: [(name: String, value: String)] = [],
        serverWindow: Int = 1 << 20, change: (inout GRPCCall.Options) -> Void = { _ in }
    ) throws {
        var options = GRPCCall.Options()
        change(&options)
        let request = try GRPCRequest(
            path: path, to: .plain(SocketAddress(host: "control", port: 15010)), metadata: metadata)
        handler = GRPCCallHandler(request, options: options, loop: channel.eventLoop)
        var http2 = HTTP2Options()
        http2.streamWindowBytes = serverWindow
        server = HTTP2Machine(isServer: true, options: http2, maxHeadBytes: 60 << 10)
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.connect(to: PeerAddress(ipAddress: "127.0.0.1", port: 15010)).wait()
        deliver()
        takeClientBytes()
    }

    /// Lets the server read all that the client has written.
    func takeClientBytes() {
        while let bytes = try? channel.readOutbound(as: ByteBuffer.self) {
            var bytes = bytes
            note(bytes)
            input.writeBuffer(&bytes)
        }
        while true {
            switch server.next(&input) {
            case .needMore: return
            case .opened(let id, let fragment, let end):
                server.accept(stream, id: id, end: end)
                requestFields = decoded(fragment)
            case .data(let stream, let content, let end):
                sent += Array(content.readableBytesView)
                isHalfClosed = end
                server.consume(content.readableBytes, on: stream)
            case .reset(_, let code): resetCode = code
            case .goAway: hasGoneAway = true
            default: break
            }
        }
    }

    /// Sends what the server has to say, in reads of at most so many bytes.
    func deliver(readBytes: Int = .max) {
        while var bytes = server.output.next() {
            while let part = bytes.readSlice(length: min(readBytes, bytes.readableBytes)), part.readableBytes > 0 {
                channel.deliver(part)
            }
        }
        takeClientBytes()
    }

    func head(_ fields: [(StaticString, StaticString)], status: Int = 200, end: Bool = false) {
        var block = HeaderBlock()
        for (name, value) in fields { block.append(name: name, value: value) }
        server.sendHead(on: stream, end: end, bound: block.http2Bound + 16) { writer in
            HPACKEncoder.status(status, to: &writer)
            block.writeHTTP2Fields(to: &writer)
        }
    }

    func accept() {
        head([("content-type", "application/grpc+proto")])
        deliver()
    }

    func content(_ bytes: [UInt8]) { server.send(ByteBuffer(bytes: bytes), on: stream) }

    func trailers(_ fields: [(StaticString, StaticString)]) {
        var block = HeaderBlock()
        for (name, value) in fields { block.append(name: name, value: value) }
        server.sendEnd(on: stream, trailers: block)
    }

    func endWithoutTrailers() { server.sendEnd(on: stream) }
    func reset(_ code: HTTP2ErrorCode) { server.reset(stream, code) }
    func goAway(last: UInt32, code: HTTP2ErrorCode) { server.output.bytes.writeGoAway(last: last, code: code) }

    /// Content that the server would like to send and its window does not allow.
    var unsentBytes: Int { stream.pendingBytes }

    /// As the server sends once its window has opened.
    func pump() {
        server.pump(stream)
        while let queued = server.nextQueued() { server.pump(queued) }
        deliver()
    }

    static func message(_ bytes: [UInt8]) -> [UInt8] {
        let length = UInt32(bytes.count)
        return [0] + withUnsafeBytes(of: length.bigEndian) { Array($0) } + bytes
    }

    /// What the call says next: the message, `end`, the error, or nothing yet.
    func next() -> String {
        var said = "nothing"
        handler.receive { result in
            switch result {
            case .success(nil): said = "end"
            case .success(let message?): said = String(decoding: message, as: UTF8.self)
            case .failure(let error): said = "\(error)"
            }
        }
        return said
    }

    private func decoded(_ fragment: ByteBuffer) -> [String] {
        var harness = HPACKHarness()
        _ = harness.decode(Array(fragment.readableBytesView))
        return harness.fields
    }

    private func note(_ bytes: ByteBuffer) {
        var bytes = bytes
        // The preface has the length of no frame that comes first: it is skipped by its text.
        if bytes.readableBytesView.starts(with: "PRI ".utf8) { bytes.moveReaderIndex(forwardBy: 24) }
        while let length = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self).map({ Int($0 >> 8) }),
            bytes.readableBytes >= 9 + length, let type = bytes.getInteger(at: bytes.readerIndex + 3, as: UInt8.self)
        {
            frames.append(type)
            bytes.moveReaderIndex(forwardBy: 9 + length)
        }
    }
}

extension EmbeddedChannel {
    fileprivate func deliver(_ bytes: ByteBuffer) {
        guard isActive else { return }
        _ = try? writeInbound(bytes)
    }
}
