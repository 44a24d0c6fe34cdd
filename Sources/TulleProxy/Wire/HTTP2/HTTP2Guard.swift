import TulleModel

/// Counts what a peer does that costs us more than it costs the peer, and says when it is too much.
///
/// What is counted stands against what the peer legitimately did, or against time, so that a busy peer may do much of
/// it; `docs/proxy.md` lists the limits.
struct HTTP2Guard {
    private let options: HTTP2Options
    private var streams = 0
    private var priorities = 0
    private var windowUpdates = 0
    private var emptyFrames = 0
    private var closedStreams = 0
    private var earlyResets = 0
    private var controlFrames = 0
    private var controlSecond: UInt64 = 0
    /// Frames with content that we sent: what WINDOW_UPDATE answers.
    var dataFramesSent = 0
    /// Heads and resets that were written since the output was last flushed.
    var headsSent = 0
    var resetsSent = 0
    /// What waits while the peer does not read: answers to its control frames and resets; and heads.
    private(set) var waitingControlFrames = 0
    private var waitingHeads = 0

    init(_ options: HTTP2Options) { self.options = options }

    /// PING and SETTINGS want an answer each. An honest peer sends a few a second, whatever its traffic.
    private static let controlFramesASecond = 1000
    /// Streams reset before their answer began, from which on a peer is judged; and the share that is too much.
    private static let judgedResets = 500
    private static let resetShare = 2

    mutating func streamOpened() {
        streams &+= 1
        emptyFrames = 0
    }

    mutating func dataReceived(isEmpty: Bool) -> HTTP2Failure? {
        guard isEmpty else {
            emptyFrames = 0
            return nil
        }
        emptyFrames &+= 1
        return emptyFrames > options.maxConsecutiveEmptyFrames
            ? HTTP2Failure(.enhanceYourCalm, "too many empty frames") : nil
    }

    mutating func priorityReceived() -> HTTP2Failure? {
        priorities &+= 1
        return priorities > options.maxPriorityFramesPerStream &* (streams &+ 1)
            ? HTTP2Failure(.enhanceYourCalm, "too many PRIORITY frames") : nil
    }

    mutating func windowUpdateReceived() -> HTTP2Failure? {
        windowUpdates &+= 1
        let allowed = 5 &+ 2 &* (streams &+ options.maxWindowUpdatesPerDataFrame &* dataFramesSent)
        return windowUpdates > allowed ? HTTP2Failure(.enhanceYourCalm, "too many WINDOW_UPDATE frames") : nil
    }

    /// `now` is in nanoseconds of any clock that does not go back.
    mutating func controlFrameReceived(now: UInt64) -> HTTP2Failure? {
        let second = now / 1_000_000_000
        if second != controlSecond {
            controlSecond = second
            controlFrames = 0
        }
        controlFrames &+= 1
        waitingControlFrames &+= 1
        return controlFrames > Self.controlFramesASecond
            ? HTTP2Failure(.enhanceYourCalm, "too many PING or SETTINGS frames") : nil
    }

    /// All that was sent has left.
    mutating func written() {
        headsSent = 0
        resetsSent = 0
        waitingControlFrames = 0
        waitingHeads = 0
    }

    /// What was sent waits: the peer does not read. Content is not counted, its window and the upstream's pace bound it.
    mutating func heldBack() {
        waitingHeads &+= headsSent
        waitingControlFrames &+= resetsSent
        headsSent = 0
        resetsSent = 0
    }

    /// Holds a peer that sends more without reading to what may wait for it.
    @inline(__always)
    func frameReceived() -> HTTP2Failure? {
        waitingControlFrames > options.maxOutboundControlFrames
            || waitingControlFrames &+ waitingHeads > options.maxOutboundFrames
            ? HTTP2Failure(.enhanceYourCalm, "too many frames that are not read") : nil
    }

    mutating func streamClosed() { closedStreams &+= 1 }

    /// The peer gave a stream up within a second and before its answer began.
    mutating func earlyReset() -> HTTP2Failure? {
        earlyResets &+= 1
        return earlyResets > Self.judgedResets && earlyResets &* Self.resetShare > closedStreams
            ? HTTP2Failure(.enhanceYourCalm, "too many streams are given up at once") : nil
    }
}
