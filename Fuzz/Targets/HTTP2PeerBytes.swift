/// What the peer has sent so far, as far as windows are concerned.
struct HTTP2PeerBytes {
    private var pending: [UInt8] = []
    private var prefaceLeft: Int
    /// Content and padding of whole DATA frames.
    private(set) var flow = 0
    /// What it has added to our windows, by stream.
    private(set) var increments: [UInt32: Int] = [:]

    init(isServer: Bool) { prefaceLeft = isServer ? 24 : 0 }

    /// Whether no frame has begun that has not ended.
    var isBetweenFrames: Bool { pending.isEmpty }

    mutating func read(_ bytes: some Sequence<UInt8>) {
        pending += bytes
        if prefaceLeft > 0 {
            let skipped = min(prefaceLeft, pending.count)
            pending.removeFirst(skipped)
            prefaceLeft -= skipped
        }
        var at = 0
        while pending.count - at >= 9 {
            let length = Int(pending[at]) << 16 | Int(pending[at + 1]) << 8 | Int(pending[at + 2])
            guard pending.count - at >= 9 + length else { break }
            let id = pending[at + 5..<at + 9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
            if pending[at + 3] == 0 { flow += length }
            if pending[at + 3] == 8, length == 4 {
                increments[id, default: 0] += pending[at + 9..<at + 13].reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
            }
            at += 9 + length
        }
        pending.removeFirst(at)
    }
}
