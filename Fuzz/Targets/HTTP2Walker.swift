import NIOCore

/// Reads what one side of an HTTP/2 connection writes with as little as that takes, and holds it to RFC 9113: sizes,
/// flags, which frames may stand where, and windows.
struct HTTP2Walker {
    private struct Sender {
        var headers = 0
        var ended = false
        var reset = false
    }

    private let isServer: Bool
    private var pending: [UInt8] = []
    private var prefaceLeft: Int
    private var blockID: UInt32 = 0
    private var block: [UInt8] = []
    private var decoder = HPACKDecoder(maxTableBytes: 4096)
    private var senders: [UInt32: Sender] = [:]
    private var lastOpened: UInt32 = 0
    private var hasSettings = false
    private var goneFor: UInt32?

    /// DATA that was sent, by stream.
    private(set) var sent: [UInt32: Int] = [:]
    private(set) var sentInAll = 0
    /// What was given back to the peer's window of the connection.
    private(set) var givenBack = 0
    private(set) var pings = 0

    init(isServer: Bool) {
        self.isServer = isServer
        prefaceLeft = isServer ? 0 : 24
    }

    /// Takes what was written. `maxFrameBytes` is what the peer allows.
    mutating func read(_ bytes: ByteBuffer, maxFrameBytes: Int) {
        pending += bytes.readableBytesView
        if prefaceLeft > 0 {
            check(pending.starts(with: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), "no preface")
            pending.removeFirst(prefaceLeft)
            prefaceLeft = 0
        }
        var at = 0
        while pending.count - at >= 9 {
            let length = Int(pending[at]) << 16 | Int(pending[at + 1]) << 8 | Int(pending[at + 2])
            check(length <= maxFrameBytes, "a frame of \(length) bytes")
            check(pending.count - at >= 9 + length, "a frame without its end is flushed")
            let payload = pending[at + 9..<at + 9 + length]
            let id = pending[at + 5..<at + 9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            check(id <= 0x7FFF_FFFF, "the reserved bit is set")
            frame(pending[at + 3], pending[at + 4], id, payload)
            at += 9 + length
        }
        check(at == pending.count, "a part of a frame is flushed")
        pending.removeAll(keepingCapacity: true)
    }

    private mutating func frame(_ type: UInt8, _ flags: UInt8, _ id: UInt32, _ payload: ArraySlice<UInt8>) {
        check(blockID == 0 || type == 9 && id == blockID, "a field block is interrupted by type \(type)")
        check(hasSettings || type == 4, "the first frame is of type \(type)")
        check(goneFor == nil, "type \(type) behind the last GOAWAY")
        switch type {
        case 0:
            check(id != 0 && flags & ~1 == 0, "DATA with flags \(flags) on \(id)")
            check(!payload.isEmpty || flags & 1 == 1, "DATA without content or end")
            mayGoOn(id, "DATA")
            check(senders[id]!.headers > 0, "DATA before HEADERS")
            sent[id, default: 0] += payload.count
            sentInAll += payload.count
            if flags & 1 == 1 { senders[id]!.ended = true }
        case 1:
            check(id != 0 && flags & ~5 == 0, "HEADERS with flags \(flags) on \(id)")
            open(id)
            mayGoOn(id, "HEADERS")
            senders[id]!.headers += 1
            if flags & 1 == 1 { senders[id]!.ended = true }
            block = Array(payload)
            if flags & 4 == 0 { blockID = id } else { endBlock(id) }
        case 3:
            check(payload.count == 4 && flags == 0 && id != 0, "RST_STREAM of the wrong form")
            check(senders[id]?.reset != true, "a second RST_STREAM on \(id)")
            senders[id, default: Sender()].reset = true
        case 4:
            check(id == 0 && (flags == 1 && payload.isEmpty || flags == 0 && payload.count % 6 == 0), "SETTINGS")
            hasSettings = true
        case 6: check(id == 0 && payload.count == 8 && flags & ~1 == 0, "PING of the wrong form")
        case 7:
            check(id == 0 && payload.count >= 8 && flags == 0, "GOAWAY of the wrong form")
            if payload.dropFirst(4).prefix(4).contains(where: { $0 != 0 }) { goneFor = id }
        case 8:
            let increment = payload.reduce(0) { $0 << 8 | Int($1) }
            check(payload.count == 4 && flags == 0, "WINDOW_UPDATE of the wrong form")
            check((1...0x7FFF_FFFF).contains(increment), "WINDOW_UPDATE of \(increment)")
            if id == 0 { givenBack += increment } else { check(senders[id]?.reset != true, "a window behind a reset") }
        case 9:
            check(blockID != 0 && flags & ~4 == 0, "CONTINUATION without HEADERS")
            block += payload
            if flags & 4 == 4 {
                blockID = 0
                endBlock(id)
            }
        default: check(false, "a frame of type \(type)")
        }
    }

    private mutating func open(_ id: UInt32) {
        if senders[id] == nil {
            check(id & 1 == 1, "a stream of the wrong number \(id)")
            if !isServer {
                check(id > lastOpened, "stream \(id) behind \(lastOpened)")
                lastOpened = id
            }
            senders[id] = Sender()
        }
    }

    private func mayGoOn(_ id: UInt32, _ what: String) {
        guard let sender = senders[id] else { return check(false, "\(what) on stream \(id), which is not open") }
        check(!sender.ended, "\(what) on stream \(id), which has ended")
        check(!sender.reset, "\(what) on stream \(id), which was reset")
    }

    private mutating func endBlock(_ id: UInt32) {
        let isFirst = senders[id]!.headers == 1
        var fields = HeaderBlock()
        var pseudo = PseudoFields()
        let kind = isFirst ? (isServer ? BlockKind.response : .request) : .trailers
        let limits = HTTP1Limits(maxHeadBytes: 1 << 24, maxFields: 10_000)
        let result = FieldBlock.decode(block, as: kind, with: &decoder, limits, &fields, &pseudo)
        check(result == .complete, "\(result) for a block of ours")
        block = []
    }
}
