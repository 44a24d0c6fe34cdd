import NIOCore

/// The buffers that a worker's connections read into, kept where all of them can use them again.
///
/// NIO keeps a read buffer with each channel: 16 KiB for an idle keep-alive connection, far more for a relay. Here a read
/// takes the worker's spare buffer and the handler lends it back as soon as it is handed the bytes, so the same memory,
/// still in the core's cache, serves the next read of whichever connection. What is still held then (a body that waits for a
/// slow reader) stays as it is, and the next read has other memory.
final class ReadBuffers: TimerOwner {
    enum Size: Int {
        /// What usual messages fit in. A larger buffer is not filled by them, a smaller one costs a system call more for
        /// every large one.
        case usual = 16384
        /// For an HTTP connection whose reads fill the usual size.
        case large = 65536
        /// For a relay whose reads fill the usual size. Fewer and larger writes wake the peer less often, which over
        /// loopback cost a sixth of all time: half of this measured a fifth slower, twice as much no faster with many
        /// connections, and it is what other connections of the worker wait for.
        case bulk = 524_288
    }

    /// So many bulk buffers of a worker may wait for slow readers; while they do, other relays read into large ones.
    private static let maxBulk = 16
    /// Larger buffers that nobody has used for as long are given back.
    private static let spareLifetime = Duration.seconds(1)

    private let wheel: TimerWheel
    private let timer = Timer(.idle)
    private var usual: ByteBuffer?
    private var large: ByteBuffer?
    /// All that have been lent back, those still held by a slow reader among them.
    private var bulk: [ByteBuffer] = []
    private var largerWasUsed = false

    init(wheel: TimerWheel) { self.wheel = wheel }

    /// An empty buffer that nobody else holds, of that size or of a smaller one when too many of that size are held.
    func take(_ size: Size, allocator: ByteBufferAllocator) -> ByteBuffer {
        switch size {
        case .usual: return Self.take(&usual, .usual, allocator)
        case .large: return Self.take(&large, .large, allocator)
        case .bulk: return takeBulk(allocator) ?? Self.take(&large, .large, allocator)
        }
    }

    /// Takes a buffer back that was read into; the lender may go on using what is in it.
    @inline(__always)
    func lend(_ buffer: ByteBuffer) {
        if buffer.storageCapacity == Size.usual.rawValue { usual = buffer } else { lendLarger(buffer) }
    }

    private func lendLarger(_ buffer: ByteBuffer) {
        switch buffer.storageCapacity {
        case Size.large.rawValue: large = buffer
        case Size.bulk.rawValue where bulk.count < Self.maxBulk: bulk.append(buffer)
        default: return
        }
        largerWasUsed = true
        if !timer.isArmed { wheel.arm(timer, for: self, after: Self.spareLifetime) }
    }

    @inline(__always)
    private static func take(_ spare: inout ByteBuffer?, _ size: Size, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard var buffer = spare.take() else { return allocator.buffer(capacity: size.rawValue) }
        // New memory when somebody still holds it.
        buffer.clear(minimumCapacity: size.rawValue)
        return buffer
    }

    private func takeBulk(_ allocator: ByteBufferAllocator) -> ByteBuffer? {
        for index in bulk.indices.reversed() where isFree(index) {
            bulk.swapAt(index, bulk.count - 1)
            return bulk.removeLast()
        }
        return bulk.count < Self.maxBulk ? allocator.buffer(capacity: Size.bulk.rawValue) : nil
    }

    /// Whether nobody else holds the bulk buffer, which is emptied then.
    private func isFree(_ index: Int) -> Bool {
        bulk[index].modifyIfUniquelyOwned { $0.clear() } != nil
    }

    /// What of the larger sizes stands ready or is held by slow readers.
    var spareBytes: Int { (large?.storageCapacity ?? 0) + bulk.reduce(0) { $0 + $1.storageCapacity } }

    func timerFired(_ timer: Timer) {
        if largerWasUsed {
            largerWasUsed = false
        } else {
            large = nil
            for index in bulk.indices.reversed() where isFree(index) { bulk.remove(at: index) }
            if bulk.isEmpty { return }
        }
        wheel.arm(timer, for: self, after: Self.spareLifetime)
    }
}
