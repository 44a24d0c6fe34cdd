import NIOCore
import TulleModel

@testable import TulleProxy

/// A machine with a peer whose frames a test writes by hand.
struct HTTP2Harness {
    var machine: HTTP2Machine<HTTP2Stream>
    private var input = ByteBuffer()

    /// What the machine has to say, in words that a test can compare.
    enum Told: Equatable {
        case opened(UInt32, end: Bool)
        case head(UInt32, end: Bool)
        case data(UInt32, Int, end: Bool)
        case reset(UInt32, HTTP2ErrorCode)
        case broke(UInt32, HTTP2ErrorCode)
        case windowOpened(UInt32?)
        case settingsChanged
        case goAway(UInt32, HTTP2ErrorCode)
        case pong(UInt64)
        case failed(HTTP2ErrorCode)
    }

    /// A frame that was sent.
    struct Sent: Equatable {
        var type: UInt8
        var flags: UInt8
        var id: UInt32
        var payload: [UInt8]
    }

    init(isServer: Bool = true, _ change: (inout HTTP2Options) -> Void = { _ in }, greets: Bool = true) {
        var options = HTTP2Options()
        change(&options)
        machine = HTTP2Machine(isServer: isServer, options: options, maxHeadBytes: 8192)
        _ = sent()
        guard greets else { return }
        if isServer { input.writeString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") }
        _ = receive(type: 4, [])
        _ = sent()
    }

    /// Hands bytes in, and says what came of them. Streams that the peer opens are accepted.
    mutating func receive(_ bytes: [UInt8]) -> [Told] {
        input.writeBytes(bytes)
        var told: [Told] = []
        while true {
            switch machine.next(&input) {
            case .needMore: return told
            case .opened(let id, let fragment, let end):
                var block = HeaderBlock()
                var pseudo = PseudoFields()
                let stream = HTTP2Stream()
                machine.accept(stream, id: id, end: end)
                if case .broken = machine.decode(
                    fragment, as: .request, limits: HTTP1Limits(), into: &block, pseudo: &pseudo)
                {
                    _ = machine.fail(HTTP2Machine<HTTP2Stream>.compressionFailure)
                    told.append(.failed(.compressionError))
                } else {
                    told.append(.opened(id, end: end))
                }
            case .head(let stream, _, let end):
                if end { machine.remoteEnded(stream) }
                stream.hasHead = true
                told.append(.head(stream.id, end: end))
            case .data(let stream, let content, let end):
                told.append(.data(stream.id, content.readableBytes, end: end))
            case .reset(let stream, let code): told.append(.reset(stream.id, code))
            case .broke(let stream, let code): told.append(.broke(stream.id, code))
            case .windowOpened(let stream): told.append(.windowOpened(stream?.id))
            case .settingsChanged: told.append(.settingsChanged)
            case .goAway(let last, let code): told.append(.goAway(last, code))
            case .pong(let opaque): told.append(.pong(opaque))
            case .failed(let failure): told.append(.failed(failure.code))
            }
        }
    }

    mutating func receive(type: UInt8, flags: UInt8 = 0, id: UInt32 = 0, _ payload: [UInt8]) -> [Told] {
        receive(Self.frame(type: type, flags: flags, id: id, payload))
    }

    static func frame(type: UInt8, flags: UInt8 = 0, id: UInt32 = 0, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        return [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags] + word(id) + payload
    }

    static func word(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    /// `GET / http example` by the static table.
    static let getBlock: [UInt8] = [0x82, 0x86, 0x84, 0x01, 0x01, 0x61]

    /// Opens a stream with a request that has ended, or goes on.
    mutating func open(_ id: UInt32, end: Bool = true) -> [Told] {
        receive(type: 1, flags: 4 | (end ? 1 : 0), id: id, Self.getBlock)
    }

    /// The frames written since the last call.
    mutating func sent() -> [Sent] {
        var all = ByteBuffer()
        while var next = machine.output.next() { all.writeBuffer(&next) }
        if !machine.isServer, all.readableBytesView.starts(with: Array("PRI".utf8)) {
            all.moveReaderIndex(forwardBy: 24)
        }
        var frames: [Sent] = []
        while all.readableBytes >= 9, let head = all.readBytes(length: 9) {
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            let id = head[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard let payload = all.readBytes(length: length) else { break }
            frames.append(Sent(type: head[3], flags: head[4], id: id, payload: payload))
        }
        return frames
    }

    /// Those of the last call that end a stream or the connection, as type, stream and code.
    mutating func ends() -> [String] {
        sent().compactMap { frame in
            switch frame.type {
            case 3: "reset \(frame.id) \(frame.payload.last ?? 0)"
            case 7: "goaway \(frame.payload[7])"
            default: nil
            }
        }
    }
}
