import NIOCore
import NIOEmbedded
import NIOHTTP1

/// llhttp's reading of the first message, through swift-nio's decoder.
enum LLHTTP {
    static func request(_ bytes: [UInt8]) -> MessageReading {
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(decoder))
        var reading = MessageReading()
        follow(channel, bytes, &reading, HTTPServerRequestPart.self) { part, reading in
            switch part {
            case .head(let head):
                reading.method = Array(head.method.rawValue.utf8)
                reading.target = Array(head.uri.utf8)
                reading.version10 = head.version == .http1_0
                reading.fields = fields(head.headers)
                return .head
            case .body(let content): return .body(content)
            case .end(let trailers): return .end(trailers)
            }
        }
        return reading
    }

    static func response(_ bytes: [UInt8]) -> MessageReading {
        let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward)
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(decoder))
        // The decoder wants to know what is answered.
        _ = try? channel.writeOutbound(
            HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")))
        var reading = MessageReading()
        follow(channel, bytes, &reading, HTTPClientResponsePart.self) { part, reading in
            switch part {
            case .head(let head):
                reading.status = Int(head.status.code)
                reading.version10 = head.version == .http1_0
                reading.fields = fields(head.headers)
                return .head
            case .body(let content): return .body(content)
            case .end(let trailers): return .end(trailers)
            }
        }
        return reading
    }

    private enum Part {
        case head
        case body(ByteBuffer)
        case end(HTTPHeaders?)
    }

    private static func follow<T>(
        _ channel: EmbeddedChannel, _ bytes: [UInt8], _ reading: inout MessageReading, _ type: T.Type,
        _ read: (T, inout MessageReading) -> Part
    ) {
        var failure: (any Error)?
        do { try channel.writeInbound(ByteBuffer(bytes: bytes)) } catch { failure = error }
        parts: while let part = (try? channel.readInbound(as: type)) ?? nil {
            switch read(part, &reading) {
            case .head:
                reading.head = .takes
                if reading.isInterim { break parts }
            case .body(let content): reading.content += content.readableBytesView
            case .end(let trailers):
                reading.body = .takes
                reading.trailers = trailers.map(fields) ?? []
                break parts
            }
        }
        if let failure, !reading.isInterim {
            if reading.head == .waits { reading.head = .refuses("\(failure)") }
            if reading.head == .takes, reading.body == .waits { reading.body = .refuses("\(failure)") }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    private static func fields(_ headers: HTTPHeaders) -> [HTTP1Facts.Field] {
        headers.map { HTTP1Facts.Field(name: Array($0.name.utf8), value: Array($0.value.utf8)) }
    }
}
