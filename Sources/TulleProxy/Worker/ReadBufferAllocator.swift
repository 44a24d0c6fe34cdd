import NIOCore

/// Lets a channel read into its worker's buffers instead of one of its own.
///
/// NIO keeps the first buffer that it is given for the life of the channel, after copying it once. So it is given the smallest
/// that there is, and the head of a connection's first message comes in two reads. All later buffers NIO reads
/// into and forgets, as long as the channel reads one message at a time (its `maxMessagesPerRead` says how many buffers it may keep)
/// and is told neither a size nor that the kept one is large enough.
///
/// `@unchecked Sendable`: NIO asks for it, and uses it on the loop of the channel alone, which is the worker's.
struct ReadBufferAllocator: RecvByteBufferAllocator, @unchecked Sendable {
    /// The messages a read that this allocator counts on.
    static let messagesPerRead: UInt = 1
    /// The smallest block of glibc's `malloc` has room for as much.
    private static let firstBytes = 16

    private let buffers: ReadBuffers
    private let largest: ReadBuffers.Size
    /// Nil before the first read.
    private var next: ReadBuffers.Size?

    init(_ buffers: ReadBuffers, upTo largest: ReadBuffers.Size) {
        self.buffers = buffers
        self.largest = largest
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        guard let next else { return allocator.buffer(capacity: Self.firstBytes) }
        return buffers.take(next, allocator: allocator)
    }

    mutating func record(actualReadBytes: Int) -> Bool {
        next = actualReadBytes >= ReadBuffers.Size.usual.rawValue ? largest : .usual
        return true
    }
}
