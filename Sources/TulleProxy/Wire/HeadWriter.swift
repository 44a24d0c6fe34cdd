/// Writes a head's pieces one behind the other into room made for all of them: one check and one copy a piece.
struct HeadWriter {
    private let base: UnsafeMutableRawPointer?
    private let capacity: Int
    private(set) var count = 0

    init(_ room: UnsafeMutableRawBufferPointer) {
        base = room.baseAddress
        capacity = room.count
    }

    /// Appends a range of the bytes.
    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        precondition(range.upperBound <= bytes.count)
        append(bytes.baseAddress, range.lowerBound, range.upperBound &- range.lowerBound)
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        append(bytes.baseAddress, 0, bytes.count)
    }

    /// Appends bytes with their upper-case letters in lower case.
    @inline(__always)
    mutating func appendLowercased(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= capacity &- count)
        guard let base, let source = bytes.baseAddress else { return }
        let target = base + count
        var index = 0
        while index &+ 8 <= bytes.count {
            let word = ByteClass.lower(word: source.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        while index < bytes.count {
            let byte = ByteClass.lower(source.load(fromByteOffset: index, as: UInt8.self))
            target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            index &+= 1
        }
        count &+= bytes.count
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeRawPointer(text.utf8Start), 0, text.utf8CodeUnitCount)
    }

    @inline(__always)
    mutating func append(byte: UInt8) {
        precondition(count < capacity)
        base?.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    @inline(__always)
    private mutating func append(_ source: UnsafeRawPointer?, _ offset: Int, _ length: Int) {
        precondition(length <= capacity &- count)
        guard let base, let source else { return }
        (base + count).copyMemory(from: source + offset, byteCount: length)
        count &+= length
    }
}
