import NIOCore
import TulleModel

/// Reads a script's bytes as steps. `Fuzz/seeds.py` writes such scripts, and has the same table of steps.
struct HTTP2Script {
    private var input: FuzzInput
    private var driver: HTTP2Driver
    /// The peer's bytes that have not been delivered yet.
    private var wire: [UInt8] = []
    private let pieces: Bool
    private var pieceSize: Int
    private var nextID: UInt32 = 1

    init(_ script: FuzzInput, pieces: Bool) {
        var input = script
        let choice = Int(input.byte())
        pieceSize = Int(input.byte()) % 40 + 1
        self.pieces = pieces
        let isServer = choice & 1 == 0
        var options = HTTP2Options()
        (options.streamWindowBytes, options.connectionWindowBytes) =
            [(1 << 20, 16 << 20), (65_535, 65_535), (1000, 65_535), (16, 100_000)][choice >> 1 & 3]
        options.maxConcurrentStreams = [1024, 4, 1, 100][choice >> 4 & 3]
        options.allowsConnect = choice & 0x40 != 0
        driver = HTTP2Driver(isServer: isServer, options: options)
        if choice & 8 == 0 {
            wire = (isServer ? Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) : []) + Self.frame(4, 0, 0, [])
        }
        self.input = input
    }

    mutating func run() -> HTTP2Driver {
        driver.flush(reuse: true)
        var steps = 0
        while !input.isEmpty, steps < 400 {
            steps += 1
            let step = input.byte()
            perform(step & 0x0F)
            // Frames may come one by one or several in a read.
            if step & 0x10 == 0 { deliver() }
            if step & 0x20 == 0 { driver.flush(reuse: step & 0x40 == 0) }
        }
        deliver()
        driver.checkEnd()
        return driver
    }

    private mutating func deliver() {
        let bytes = wire
        wire = []
        guard pieces else { return driver.receive(bytes) }
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, at + pieceSize)
            driver.receive(bytes[at..<end])
            at = end
            // Large contents in pieces of a few bytes would take all the time there is.
            pieceSize = pieceSize > 8000 ? pieceSize % 40 + 1 : pieceSize * 2
        }
    }

    // MARK: Steps

    private mutating func perform(_ step: UInt8) {
        switch step {
        case 0: data()
        case 1: headers()
        case 2: settings()
        case 3: send(8, 0, id(), Self.word(increment()))
        case 4: send(3, 0, id(), Self.word(UInt32(input.byte() & 0x0F)))
        case 5: control()
        case 6:
            let (type, flags, id) = (input.byte(), input.byte(), id())
            send(type, flags, id, input.take(Int(input.byte())))
        case 7: wire += input.take(Int(input.byte()))
        case 8: driver.openOurs()
        case 9: withStream { driver, stream, choice in driver.sendHead(stream, large: choice & 3 == 3) }
        case 10:
            withStream { driver, stream, choice in
                driver.send(stream, [1, 100, 4096, 4097, 16_384, 16_385, 40_000, 70_000][choice & 7])
            }
        case 11: withStream { driver, stream, choice in driver.sendEnd(stream, trailers: choice & 1 == 1) }
        case 12: withStream { driver, stream, _ in driver.leave(stream) }
        case 13: withStream { driver, stream, _ in driver.giveBack(stream) }
        case 14:
            let choice = input.byte()
            driver.holdsContent = choice & 1 == 1
            driver.answersAtOnce = choice & 2 == 2
        default: connection()
        }
    }

    private mutating func withStream(_ body: (inout HTTP2Driver, HTTP2Driver.Stream, Int) -> Void) {
        let choice = Int(input.byte())
        guard let stream = driver.stream(choice >> 4) else { return }
        body(&driver, stream, choice)
    }

    private mutating func data() {
        let id = id()
        let choice = input.byte()
        let count = [0, 1, 5, 17, 500, 4096, 16_000, 16_384][Int(choice & 7)]
        let end: UInt8 = choice & 8 == 0 ? 0 : 1
        if choice & 0x10 == 0 {
            send(0, end, id, [UInt8](repeating: 0x64, count: count))
        } else {
            let padding = Int(input.byte())
            let content = [UInt8](repeating: 0x64, count: min(count, 16_000))
            send(0, end | 8, id, [UInt8(padding)] + content + [UInt8](repeating: 0, count: padding))
        }
    }

    private mutating func headers() {
        let id = id()
        let choice = input.byte()
        var block =
            choice & 0x0F == 0x0F
            ? input.take(Int(input.byte())) : Self.blocks[Int(choice & 0x0F) % Self.blocks.count]
        var flags: UInt8 = choice & 0x10 == 0 ? 1 : 0
        var payload: [UInt8] = []
        if choice & 0x20 != 0 {
            flags |= 0x28
            payload = [3] + Self.word(UInt32(input.byte())) + [7]
        }
        guard choice & 0x40 != 0 || block.count > 16_000 else {
            return send(1, flags | 4, id, payload + block + (flags & 8 == 0 ? [] : [0, 0, 0]))
        }
        // HEADERS with CONTINUATIONs.
        let part = block.count > 16_000 ? 10_000 : Int(input.byte() & 15)
        send(1, flags, id, payload + block.prefix(part) + (flags & 8 == 0 ? [] : [0, 0, 0]))
        block.removeFirst(min(part, block.count))
        while block.count > 16_000 {
            send(9, 0, id, Array(block.prefix(10_000)))
            block.removeFirst(10_000)
        }
        send(9, 4, id, block)
    }

    private mutating func settings() {
        var payload: [UInt8] = []
        for _ in 0..<Int(input.byte() & 3) {
            let choice = input.byte()
            payload += [0, [1, 2, 3, 4, 4, 5, 6, 8][Int(choice & 7)]]
            let values: [UInt32] = [
                0, 1, 16_384, 65_535, 100, 20_000, 0x7FFF_FFFF, 0xFFFF_FFFF, 65_536, 2, 40, 1 << 24 - 1, 1 << 24, 3,
                1000,
                70_000,
            ]
            payload += Self.word(values[Int(choice >> 4)])
        }
        send(4, 0, 0, payload)
    }

    private mutating func control() {
        let choice = input.byte()
        switch choice & 7 {
        case 0: send(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8])
        case 1: send(6, 1, 0, [0x74, 0x75, 0x6C, 0x6C, 0x65, 0x44, 0x52, 0x49])
        case 2: send(4, 1, 0, [])
        case 3: send(7, 0, 0, Self.word(UInt32(choice >> 3)) + Self.word(0))
        case 4: send(2, 0, id(), Self.word(UInt32(choice >> 3)) + [1])
        case 5: send(5, 4, id(), [0, 0, 0, 2])
        case 6: for _ in 0..<50 { send(6, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]) }
        default: send(0xFA, 0xFF, id(), [1, 2, 3])
        }
    }

    private mutating func connection() {
        switch input.byte() & 7 {
        case 0: driver.goAway()
        case 1: driver.announceGoAway()
        case 2: driver.ping()
        case 3: driver.secondPasses()
        default: break
        }
    }

    // MARK: Frames

    /// A stream's number: the next that the peer can open, one of the first, or any.
    private mutating func id() -> UInt32 {
        let choice = input.byte()
        switch choice >> 6 {
        case 0:
            nextID = max(nextID, driver.lastPeerStream + 1) | 1
            defer { nextID += 2 }
            return nextID
        case 1: return UInt32(choice & 0x3F)
        case 2: return driver.stream(Int(choice & 0x3F))?.id ?? UInt32(choice & 0x3F)
        default: return UInt32(choice & 0x3F) << 25 | UInt32(input.byte())
        }
    }

    private mutating func increment() -> UInt32 {
        let increments: [UInt32] = [
            0, 1, 16, 100, 1000, 16_384, 65_535, 1 << 20, 0x7FFF_FFFF, 0x7FFE_FFFF, 0x7FFF_0000, 0x8000_0001, 40_000, 5,
            17, 2,
        ]
        return increments[Int(input.byte() & 15)]
    }

    private mutating func send(_ type: UInt8, _ flags: UInt8, _ id: UInt32, _ payload: [UInt8]) {
        wire += Self.frame(type, flags, id, payload)
    }

    private static func frame(_ type: UInt8, _ flags: UInt8, _ id: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        return [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags] + word(id) + payload
    }

    private static func word(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    /// Field blocks, most of them right.
    private static let blocks: [[UInt8]] = [
        // GET / of http://a; POST of 5 bytes; the same of none said; CONNECT a:1.
        [0x82, 0x86, 0x84, 0x01, 1, 0x61],
        [0x83, 0x86, 0x84, 0x01, 1, 0x61, 0x0F, 0x0D, 1, 0x35],
        [0x83, 0x86, 0x84, 0x01, 1, 0x61],
        [0x02, 7] + Array("CONNECT".utf8) + [0x01, 3] + Array("a:1".utf8),
        // 200; 200 of 5 bytes; 103; 204.
        [0x88],
        [0x88, 0x0F, 0x0D, 1, 0x35],
        [0x08, 3] + Array("103".utf8),
        [0x89],
        // Trailers; none; one that goes into the table; the entry that it made.
        [0x00, 3] + Array("x-t".utf8) + [1, 0x31],
        [],
        [0x82, 0x86, 0x84, 0x41, 1, 0x61, 0x40, 3] + Array("x-k".utf8) + [2, 0x61, 0x62],
        [0x82, 0x86, 0x84, 0xBF, 0xBE],
        // An upper-case name; an index of nothing; more than a head may have.
        [0x82, 0x86, 0x84, 0x01, 1, 0x61, 0x00, 1, 0x41, 1, 0x61],
        [0x82, 0xFF, 0x7F],
        [0x82, 0x86, 0x84, 0x01, 1, 0x61, 0x00, 1, 0x62, 0x7F, 0xA1, 0x8C, 0x01]
            + [UInt8](repeating: 0x63, count: 18_080),
    ]
}
