import NIOCore

/// One stream of an HTTP/2 connection as the protocol sees it: what is open, and what may still be sent either way.
///
/// Made again and again for new streams; who carries an exchange on it is a subclass's business.
class HTTP2Stream {
    final fileprivate(set) var id: UInt32 = 0
    /// Bytes that may be sent; negative after the peer made its windows smaller.
    final var sendWindow = 0
    /// Bytes that the peer may still send.
    final var receiveWindow = 0
    /// Bytes that were taken further and have not been given back to the peer's window yet.
    final var consumed = 0
    final var localEnded = false
    final var remoteEnded = false
    /// The head of the peer's message is read, so that the next field block is its trailers.
    final var hasHead = false
    /// How many bytes of content the head promised and have not come; negative when it did not say.
    final var contentLeft: Int64 = -1

    /// Content that waits for a window.
    final var pending: CircularBuffer<ByteBuffer> = []
    final var pendingBytes = 0
    /// What is to be sent behind it.
    final var pendingEnd = PendingEnd.none
    /// Whether this stream stands in the machine's queue of those that wait for a window.
    final var isQueued = false

    enum PendingEnd {
        case none
        case end
        case trailers(HeaderBlock)
    }

    final var isClosed: Bool { localEnded && remoteEnded }

    /// Makes the stream as new.
    final func open(id: UInt32, sendWindow: Int, receiveWindow: Int) {
        self.id = id
        self.sendWindow = sendWindow
        self.receiveWindow = receiveWindow
        consumed = 0
        localEnded = false
        remoteEnded = false
        hasHead = false
        contentLeft = -1
        dropPending()
        isQueued = false
    }

    final func dropPending() {
        if !pending.isEmpty { pending.removeAll() }
        pendingBytes = 0
        pendingEnd = .none
    }
}
