import NIOCore

/// What an HTTP/2 connection has to write: frames in one buffer, and large contents beside it without a copy.
struct HTTP2Output {
    /// Buffers that go before `bytes`.
    private(set) var segments: CircularBuffer<ByteBuffer> = []
    var bytes = ByteBuffer()
    /// Where the flags of the last frame of a stream stand, while it can still be told to be the stream's last.
    private var lastID: UInt32 = 0
    private var lastSegment = -1
    private var lastFlags = 0

    /// Up to here a copy costs less than a buffer of its own in the write.
    private static let copiedBytes = 4096
    /// Larger frames than this would keep other streams waiting.
    private static let maxDataBytes = 16_384

    var isEmpty: Bool { bytes.readableBytes == 0 && segments.isEmpty }

    /// Has the frames to come written into a buffer of the caller's, where there is none yet.
    @inline(__always)
    mutating func provide(_ buffer: () -> ByteBuffer) {
        if bytes.storageCapacity == 0 { bytes = buffer() }
    }

    /// The next buffer to be written; nil when there is none. Frames that are written meanwhile come behind.
    mutating func next() -> ByteBuffer? {
        if let segment = nextSegment() { return segment }
        return bytes.readableBytes > 0 ? takeBytes() : nil
    }

    /// The next buffer that goes before `bytes`.
    mutating func nextSegment() -> ByteBuffer? {
        lastID = 0
        return segments.popFirst()
    }

    /// The last of what is to be written, perhaps empty; the frames to come have no buffer then.
    mutating func takeBytes() -> ByteBuffer {
        lastID = 0
        let last = bytes
        bytes = ByteBuffer()
        return last
    }

    /// Writes a field block as HEADERS, and CONTINUATIONs where it is larger than a frame.
    @inline(__always)
    mutating func writeHead(
        id: UInt32, end: Bool, bound: Int, maxFrameBytes: Int, _ fields: (inout HeadWriter) -> Void
    ) {
        let start = bytes.writerIndex
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: bound &+ 9) { room in
            var writer = HeadWriter(UnsafeMutableRawBufferPointer(rebasing: room[9...]))
            fields(&writer)
            return writer.count &+ 9
        }
        let length = bytes.writerIndex &- start &- 9
        if length > maxFrameBytes { return splitHead(id: id, end: end, start: start, maxFrameBytes: maxFrameBytes) }
        setHead(at: start, length: length, flags: HTTP2Flag.endHeaders | (end ? HTTP2Flag.end : 0), id: id)
        lastID = id
        lastSegment = segments.count
        lastFlags = start &+ 4
    }

    @inline(__always)
    private mutating func setHead(at start: Int, length: Int, flags: UInt8, id: UInt32) {
        let word = UInt32(truncatingIfNeeded: length) &<< 8 | UInt32(HTTP2FrameType.headers)
        bytes.setInteger(word, at: start)
        bytes.setInteger(flags, at: start &+ 4)
        bytes.setInteger(id, at: start &+ 5)
    }

    private mutating func splitHead(id: UInt32, end: Bool, start: Int, maxFrameBytes: Int) {
        guard var block = bytes.getSlice(at: start &+ 9, length: bytes.writerIndex &- start &- 9) else { return }
        bytes.moveWriterIndex(to: start)
        var type = HTTP2FrameType.headers
        while let part = block.readSlice(length: min(block.readableBytes, maxFrameBytes)) {
            var flags: UInt8 = block.readableBytes == 0 ? HTTP2Flag.endHeaders : 0
            if end, type == HTTP2FrameType.headers { flags |= HTTP2Flag.end }
            bytes.writeFrameHead(length: part.readableBytes, type: type, flags: flags, id: id)
            bytes.writeImmutableBuffer(part)
            type = HTTP2FrameType.continuation
            if block.readableBytes == 0 { break }
        }
        // It is on HEADERS that the stream's end is said, whatever CONTINUATION follows.
        lastID = id
        lastSegment = segments.count
        lastFlags = start &+ 4
    }

    /// Writes content as DATA, and says in how many frames.
    mutating func writeData(_ content: ByteBuffer, id: UInt32, maxFrameBytes: Int) -> Int {
        let most = min(maxFrameBytes, Self.maxDataBytes)
        var rest = content
        var frames = 0
        while rest.readableBytes > 0, let part = rest.readSlice(length: min(rest.readableBytes, most)) {
            lastFlags = bytes.writerIndex &+ 4
            lastSegment = segments.count
            bytes.writeFrameHead(length: part.readableBytes, type: HTTP2FrameType.data, flags: 0, id: id)
            if part.readableBytes <= Self.copiedBytes {
                bytes.writeImmutableBuffer(part)
            } else {
                segments.append(bytes)
                segments.append(part)
                bytes = ByteBuffer()
            }
            frames &+= 1
        }
        lastID = id
        return frames
    }

    /// Ends the stream: on its last frame where that has not left, else by a frame of its own.
    mutating func writeEnd(id: UInt32) {
        if id == lastID {
            lastID = 0
            if lastSegment == segments.count {
                let flags = bytes.getInteger(at: lastFlags, as: UInt8.self) ?? 0
                bytes.setInteger(flags | HTTP2Flag.end, at: lastFlags)
                return
            }
            if lastSegment < segments.count {
                let flags = segments[offset: lastSegment].getInteger(at: lastFlags, as: UInt8.self) ?? 0
                segments[offset: lastSegment].setInteger(flags | HTTP2Flag.end, at: lastFlags)
                return
            }
        }
        bytes.writeFrameHead(length: 0, type: HTTP2FrameType.data, flags: HTTP2Flag.end, id: id)
    }
}

extension CircularBuffer {
    fileprivate subscript(offset offset: Int) -> Element {
        get { self[index(startIndex, offsetBy: offset)] }
        set { self[index(startIndex, offsetBy: offset)] = newValue }
    }
}
