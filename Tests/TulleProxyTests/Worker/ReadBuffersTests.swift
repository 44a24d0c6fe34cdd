import NIOCore
import NIOEmbedded
import Testing

@testable import TulleProxy

@Suite("read buffers of a worker")
struct ReadBuffersTests {
    private let allocator = ByteBufferAllocator()
    private let loop = EmbeddedEventLoop()
    private let buffers: ReadBuffers

    init() { buffers = ReadBuffers(wheel: TimerWheel(loop: loop)) }

    private func address(_ buffer: ByteBuffer) -> UnsafeRawPointer? {
        buffer.withVeryUnsafeBytes { $0.baseAddress }
    }

    /// One read as a channel makes it: the memory read into, and the bytes as a handler gets them.
    private func read(_ count: Int, into pool: inout NIOPooledRecvBufferAllocator) -> ByteBuffer {
        let (buffer, _) = pool.buffer(allocator: allocator) {
            $0.writeRepeatingByte(7, count: min(count, $0.writableBytes))
        }
        pool.record(actualReadBytes: buffer.readableBytes)
        return buffer
    }

    private func channelPool(upTo largest: ReadBuffers.Size) -> NIOPooledRecvBufferAllocator {
        NIOPooledRecvBufferAllocator(
            capacity: Int(ReadBufferAllocator.messagesPerRead),
            recvAllocator: ReadBufferAllocator(buffers, upTo: largest))
    }

    @Test("a channel keeps none of the memory that it reads its messages into")
    func keepsNothing() {
        var pool = channelPool(upTo: .large)
        #expect(read(500, into: &pool).storageCapacity <= 16)
        var second = read(500, into: &pool)
        #expect(second.storageCapacity == ReadBuffers.Size.usual.rawValue)
        #expect(second.readableBytes == 500)
        // Unique only if the channel's pool has let go of it.
        #expect(second.modifyIfUniquelyOwned { _ in true } == true)
    }

    @Test("the next read of another channel takes the memory that was lent back")
    func isShared() {
        var first = channelPool(upTo: .large)
        var second = channelPool(upTo: .large)
        _ = read(16, into: &first)
        _ = read(16, into: &second)
        var taken = read(100, into: &first)
        let place = address(taken)
        buffers.lend(taken)
        taken = ByteBuffer()
        #expect(address(read(100, into: &second)) == place)
    }

    @Test("bytes that a handler still holds are not overwritten")
    func heldBytesStay() {
        var pool = channelPool(upTo: .large)
        _ = read(16, into: &pool)
        let held = read(100, into: &pool)
        buffers.lend(held)
        let other = buffers.take(.usual, allocator: allocator)
        #expect(address(other) != address(held))
        #expect(held.readableBytesView.allSatisfy { $0 == 7 })
    }

    @Test("reads that fill the usual size grow to the largest allowed, and shrink again")
    func grows() {
        for largest in [ReadBuffers.Size.usual, .large, .bulk] {
            var pool = channelPool(upTo: largest)
            _ = read(16, into: &pool)
            #expect(read(16384, into: &pool).storageCapacity == ReadBuffers.Size.usual.rawValue)
            #expect(read(100, into: &pool).storageCapacity == largest.rawValue)
            #expect(read(100, into: &pool).storageCapacity == ReadBuffers.Size.usual.rawValue)
        }
    }

    @Test("so many slow readers hold bulk buffers that other relays get smaller ones")
    func bulkIsBounded() {
        var held: [ByteBuffer] = []
        for _ in 0..<100 {
            let buffer = buffers.take(.bulk, allocator: allocator)
            buffers.lend(buffer)
            held.append(buffer)
        }
        #expect(held.count { $0.storageCapacity == ReadBuffers.Size.bulk.rawValue } == 16)
        #expect(held.last?.storageCapacity == ReadBuffers.Size.large.rawValue)
        // One is done: its buffer is the next.
        let place = address(held[3])
        held[3] = ByteBuffer()
        #expect(address(buffers.take(.bulk, allocator: allocator)) == place)
    }

    @Test("a worker gives back large spare buffers once they have lain unused")
    func idleHoldsNothing() {
        for size in [ReadBuffers.Size.large, .bulk] {
            buffers.lend(buffers.take(size, allocator: allocator))
        }
        #expect(buffers.spareBytes > ReadBuffers.Size.bulk.rawValue)
        buffers.timerFired(Timer(.idle))
        #expect(buffers.spareBytes > ReadBuffers.Size.bulk.rawValue)
        buffers.timerFired(Timer(.idle))
        #expect(buffers.spareBytes == 0)
    }
}
