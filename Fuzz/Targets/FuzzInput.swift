import NIOCore

/// The bytes of one run. Choices are taken from the end, so that what stands in front can be a message as it is sent,
/// that a reader of the corpus recognises and that a changed byte keeps whole.
struct FuzzInput {
    private(set) var bytes: ArraySlice<UInt8>

    init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        bytes = Array(UnsafeBufferPointer(start: start, count: count))[...]
    }

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    var isEmpty: Bool { bytes.isEmpty }

    /// A choice, from the end; 0 when there is nothing left.
    mutating func choice() -> Int { Int(bytes.popLast() ?? 0) }

    /// A byte, from the start; 0 when there is nothing left.
    mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

    mutating func word() -> Int { Int(byte()) << 8 | Int(byte()) }

    /// So many bytes from the start, or those that are left.
    mutating func take(_ count: Int) -> [UInt8] {
        let taken = Array(bytes.prefix(count))
        bytes = bytes.dropFirst(count)
        return taken
    }

    /// Where to cut the bytes that will be left into reads: as many places as the choice says, up to seven.
    mutating func cuts(_ choice: Int) -> [Int] {
        let places = (0..<choice & 7).map { _ in self.choice() << 8 | self.choice() }
        return places.map { $0 % (bytes.count + 1) }.sorted()
    }

    /// The bytes cut into reads.
    func reads(_ cuts: [Int]) -> [[UInt8]] {
        var reads: [[UInt8]] = []
        var start = bytes.startIndex
        for cut in cuts {
            reads.append(Array(bytes[start..<bytes.startIndex + cut]))
            start = bytes.startIndex + cut
        }
        return reads + [Array(bytes[start...])]
    }
}
