/// The streams that closed last, and how: what still comes on one depends on it.
///
/// A peer that has not heard of our RST_STREAM yet goes on sending, which is to be ignored; on a stream that the peer itself
/// ended it may send nothing (RFC 9113, 5.1).
struct HTTP2ClosedStreams {
    enum Kind { case unknown, ended, resetByUs }

    /// Ours matter for a round trip, during which a fast peer can open many more.
    private static let resetsKept = 1024
    private static let endedKept = 64

    private var resets: [UInt32] = []
    private var nextReset = 0
    private var ended: [UInt32] = []
    private var nextEnded = 0

    func kind(of id: UInt32) -> Kind {
        // One that ended and was reset later, for what came on it then, is over either way.
        if resets.contains(id) { return .resetByUs }
        return ended.contains(id) ? .ended : .unknown
    }

    mutating func add(_ id: UInt32, resetByUs: Bool) {
        if resetByUs {
            Self.add(id, to: &resets, &nextReset, Self.resetsKept)
        } else {
            Self.add(id, to: &ended, &nextEnded, Self.endedKept)
        }
    }

    private static func add(_ id: UInt32, to list: inout [UInt32], _ next: inout Int, _ most: Int) {
        if list.count < most {
            list.append(id)
        } else {
            list[next] = id
            next = (next + 1) % most
        }
    }
}
