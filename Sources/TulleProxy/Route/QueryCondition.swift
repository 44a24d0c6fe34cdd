import TulleModel

/// A compiled `QueryParameterMatcher`. Names and values are compared as they stand in the request, not decoded; of several
/// values of one name the first counts. Both are Envoy's ways.
struct QueryCondition: BitwiseCopyable, Sendable {
    private enum Test {
        case text(TextTest)
        case present(Bool)
    }

    private let name: FrozenArray<UInt8>
    private let test: Test

    init(_ matcher: QueryParameterMatcher, in memory: RouteMemory) throws(RouteError) {
        name = memory.freeze(Array(matcher.name.utf8))
        switch matcher.test {
        case .string(let string): test = .text(try TextTest(string, in: memory))
        case .present(let present): test = .present(present)
        }
    }

    /// `query` begins with its `?`, or is empty.
    func holds(_ query: UnsafeRawBufferPointer) -> Bool {
        var start = 1
        while start < query.count {
            var end = start
            var equals = -1
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if equals < 0, query[end] == UInt8(ascii: "=") { equals = end }
                end &+= 1
            }
            let nameEnd = equals < 0 ? end : equals
            if nameEnd &- start == name.count, query[start..<nameEnd].elementsEqual(name.bytes) {
                switch test {
                case .present(let present): return present
                case .text(let test):
                    return test.holds(
                        UnsafeRawBufferPointer(rebasing: query[(equals < 0 ? end : equals &+ 1)..<end]))
                }
            }
            start = end &+ 1
        }
        if case .present(false) = test { return true }
        return false
    }
}
