/// Owns the memory of a compiled table, which is written once and then read by all workers.
///
/// What is in it holds no references, so that a match counts none: reference counts are atomic, and those of a table that
/// all workers share would travel between their cores at each request.
///
/// `@unchecked Sendable`: changed by `freeze` and `keep` while the table is being built, by one thread, and never after.
final class RouteMemory: @unchecked Sendable {
    private var blocks: [UnsafeMutableRawPointer] = []
    private var kept: [AnyObject] = []

    deinit {
        for block in blocks { block.deallocate() }
    }

    /// Copies the elements to where they stay.
    func freeze<Element: BitwiseCopyable>(_ elements: some Collection<Element>) -> FrozenArray<Element> {
        let base = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
        var end = base
        for element in elements {
            end.initialize(to: element)
            end += 1
        }
        blocks.append(UnsafeMutableRawPointer(base))
        return FrozenArray(base: base, count: elements.count)
    }

    /// Compiles an expression that lives as long as this memory.
    func regex(_ pattern: String) throws(RouteError) -> CompiledRegex {
        let regex = try CompiledRegex(pattern)
        kept.append(regex)
        return regex
    }
}

/// An array in a `RouteMemory`: no owner, no reference count, bounds checked. Valid as long as the memory is.
///
/// `@unchecked Sendable`: nobody writes what it points to.
struct FrozenArray<Element: BitwiseCopyable>: BitwiseCopyable, @unchecked Sendable {
    private let base: UnsafePointer<Element>
    let count: Int

    fileprivate init(base: UnsafePointer<Element>, count: Int) {
        self.base = base
        self.count = count
    }

    @inline(__always)
    subscript(index: Int) -> Element {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
        return base[index]
    }

    @inline(__always) var isEmpty: Bool { count == 0 }
    @inline(__always) var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// The bytes from `start`, of which there must be `length`.
    @inline(__always)
    func bytes(from start: Int, count length: Int) -> UnsafeRawPointer {
        precondition(start >= 0 && length >= 0 && start &+ length <= count)
        return UnsafeRawPointer(base) + start
    }
}
