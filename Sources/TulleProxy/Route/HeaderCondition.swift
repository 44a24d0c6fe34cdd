import TulleModel

/// A compiled `HeaderMatcher`.
struct HeaderCondition: BitwiseCopyable, Sendable {
    private enum Test {
        case text(TextTest)
        case present(Bool)
        case range(Int64, Int64)
    }

    private let field: HeaderField
    private let test: Test
    private let invert: Bool
    private let treatMissingAsEmpty: Bool

    init(_ matcher: HeaderMatcher, in memory: RouteMemory) throws(RouteError) {
        field = try HeaderField(matcher.name, in: memory)
        switch matcher.test {
        case .string(let string): test = .text(try TextTest(string, in: memory))
        case .present(let present): test = .present(present)
        case .range(let start, let end): test = .range(start, end)
        }
        invert = matcher.invert
        treatMissingAsEmpty = matcher.treatMissingAsEmpty
    }

    func holds(_ subject: RouteSubject, _ block: borrowing HeaderBlock, _ base: UnsafeRawBufferPointer) -> Bool {
        field.anyValue(subject, block, base, fits).map { $0 != invert } ?? missing()
    }

    @inline(__always)
    private func fits(_ value: UnsafeRawBufferPointer) -> Bool {
        switch test {
        case .text(let test): test.holds(value)
        case .present(let present): present
        case .range(let start, let end): Self.isIn(start, end, value)
        }
    }

    /// A missing header fits nothing, inverted or not, except a test for its absence.
    private func missing() -> Bool {
        if treatMissingAsEmpty { return fits(UnsafeRawBufferPointer(start: nil, count: 0)) != invert }
        if case .present(let present) = test { return present == invert }
        return false
    }

    private static func isIn(_ start: Int64, _ end: Int64, _ value: UnsafeRawBufferPointer) -> Bool {
        // Twenty digits hold every 64-bit number; a longer text need not be read.
        guard value.count <= 20, let number = Int64(String(decoding: value, as: UTF8.self)) else { return false }
        return start <= number && number < end
    }
}
