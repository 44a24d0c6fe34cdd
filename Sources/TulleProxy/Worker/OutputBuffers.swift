import NIOCore

/// The buffers that a worker's connections write into. One is taken, filled, written to a channel and lent back; when the
/// writes have been flushed its memory serves the next.
///
/// A buffer is only ever in one place while it is filled: with a second reference to it, every first write would copy.
struct OutputBuffers {
    /// So many wait to be used, and so many bytes in all; a turn with more to send makes new ones.
    private static let maxCount = 64
    private static let maxBytes = 1 << 20
    /// Larger ones are given up.
    private static let maxBufferBytes = 65_536

    private var free: ContiguousArray<ByteBuffer> = []
    private var freeBytes = 0
    /// Written and perhaps not sent yet.
    private var lent: ContiguousArray<ByteBuffer> = []

    /// An empty buffer. Where a slow reader's connection still holds the memory of the one that was lent, it has new memory.
    @inline(__always)
    mutating func take() -> ByteBuffer {
        var buffer = free.popLast() ?? ByteBuffer()
        freeBytes &-= buffer.storageCapacity
        buffer.clear(minimumCapacity: 1024)
        return buffer
    }

    /// Takes a buffer that has been written to a channel.
    @inline(__always)
    mutating func lend(_ buffer: consuming ByteBuffer) {
        guard buffer.storageCapacity <= Self.maxBufferBytes, lent.count < Self.maxCount else { return }
        lent.append(buffer)
    }

    /// What was lent has been flushed.
    mutating func reclaim() {
        while free.count < Self.maxCount, freeBytes < Self.maxBytes, let buffer = lent.popLast() {
            freeBytes &+= buffer.storageCapacity
            free.append(buffer)
        }
        if !lent.isEmpty { lent.removeAll() }
    }
}
