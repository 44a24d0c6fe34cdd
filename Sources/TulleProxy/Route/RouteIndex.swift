import TulleModel

/// Finds the first route, in order, that a request matches, without trying each: exact paths by hash, prefixes by a radix
/// tree, expressions by the literal they begin with. What no index can tell is tried in order.
struct RouteIndex: Sendable {
    /// What is left to test once the index has found a route.
    private struct Conditions: BitwiseCopyable {
        enum Path: BitwiseCopyable {
            case done
            /// The prefix of this length must end at a `/` or at the path's end.
            case separated(Int)
            case regex(CompiledRegex.Handle)
        }

        var path: Path
        var headers: FrozenArray<HeaderCondition>
        var query: FrozenArray<QueryCondition>
        var grpcOnly: Bool

        var isEmpty: Bool {
            if case .done = path { headers.isEmpty && query.isEmpty && !grpcOnly } else { false }
        }
    }

    /// A run in `places`.
    private struct Run: BitwiseCopyable {
        var start: Int32
        var end: Int32
    }

    private let conditions: FrozenArray<Conditions>
    /// Positions of routes, ascending in each run, shifted left by one; the lowest bit says that there are conditions.
    private let places: FrozenArray<Int32>
    private let runs: FrozenArray<Run>
    private let exact: ByteTable
    private let exactFolded: ByteTable
    private let prefixes: PrefixTrie
    private let prefixesFolded: PrefixTrie
    private let connect: Int32
    private let unindexed: Int32

    /// All that the index points to lives in `memory`.
    init(_ matches: [RouteMatch], in memory: RouteMemory) throws(RouteError) {
        var exactLists: [[UInt8]: [Int]] = [:]
        var exactFoldedLists: [[UInt8]: [Int]] = [:]
        var prefixLists: [[UInt8]: [Int]] = [:]
        var prefixFoldedLists: [[UInt8]: [Int]] = [:]
        var connects: [Int] = []
        var rest: [Int] = []
        var conditions: ContiguousArray<Conditions> = []
        for (order, match) in matches.enumerated() {
            var headers: [HeaderCondition] = []
            for matcher in match.headers { headers.append(try HeaderCondition(matcher, in: memory)) }
            var query: [QueryCondition] = []
            for matcher in match.queryParameters { query.append(try QueryCondition(matcher, in: memory)) }
            var left = Conditions(
                path: .done, headers: memory.freeze(headers), query: memory.freeze(query),
                grpcOnly: match.grpcOnly)
            func addPrefix(_ text: String) {
                if match.caseSensitive {
                    prefixLists[Array(text.utf8), default: []].append(order)
                } else {
                    prefixFoldedLists[FoldedBytes.lowercased(text.utf8), default: []].append(order)
                }
            }
            switch match.path {
            case .exact(let text):
                if match.caseSensitive {
                    exactLists[Array(text.utf8), default: []].append(order)
                } else {
                    exactFoldedLists[FoldedBytes.lowercased(text.utf8), default: []].append(order)
                }
            case .prefix(let text): addPrefix(text)
            case .separatedPrefix(let text):
                addPrefix(text)
                left.path = .separated(text.utf8.count)
            case .regex(let pattern):
                let regex = try memory.regex(pattern)
                left.path = .regex(regex.handle)
                if regex.literalPrefix.isEmpty {
                    rest.append(order)
                } else {
                    prefixLists[regex.literalPrefix, default: []].append(order)
                }
            case .connect: connects.append(order)
            }
            conditions.append(left)
        }

        var places: ContiguousArray<Int32> = []
        var runs: ContiguousArray<Run> = []
        func addRun(_ orders: [Int]) -> Int32 {
            let start = Int32(places.count)
            for order in orders { places.append(Int32(order) << 1 | (conditions[order].isEmpty ? 0 : 1)) }
            runs.append(Run(start: start, end: Int32(places.count)))
            return Int32(runs.count - 1)
        }
        func table(_ lists: [[UInt8]: [Int]], folding: Bool) -> ByteTable {
            var builder = ByteTable.Builder(folding: folding)
            for (key, orders) in lists { _ = builder.insert(key, value: addRun(orders)) }
            return builder.build(in: memory)
        }
        exact = table(exactLists, folding: false)
        exactFolded = table(exactFoldedLists, folding: true)
        prefixes = PrefixTrie(prefixLists.map { ($0.key, addRun($0.value)) }, folding: false, in: memory)
        prefixesFolded = PrefixTrie(
            prefixFoldedLists.map { ($0.key, addRun($0.value)) }, folding: true, in: memory)
        connect = addRun(connects)
        unindexed = addRun(rest)
        self.conditions = memory.freeze(conditions)
        self.places = memory.freeze(places)
        self.runs = memory.freeze(runs)
    }

    /// The position of the first matching route, or −1.
    func firstMatch(_ subject: RouteSubject, _ block: borrowing HeaderBlock, _ base: UnsafeRawBufferPointer) -> Int {
        var best = Int32.max
        if subject.isConnect {
            consider(connect, subject, block, base, &best)
        } else {
            let path = UnsafeRawBufferPointer(rebasing: base[subject.pathWithoutQuery])
            let found = exact.find(path)
            if found >= 0 { consider(found, subject, block, base, &best) }
            let foldedFound = exactFolded.find(path)
            if foldedFound >= 0 { consider(foldedFound, subject, block, base, &best) }
            var cursor = prefixes.start()
            while true {
                let run = prefixes.next(&cursor, path: path)
                if run < 0 { break }
                consider(run, subject, block, base, &best)
            }
            cursor = prefixesFolded.start()
            while true {
                let run = prefixesFolded.next(&cursor, path: path)
                if run < 0 { break }
                consider(run, subject, block, base, &best)
            }
            consider(unindexed, subject, block, base, &best)
        }
        return best == .max ? -1 : Int(best)
    }

    /// Takes the first route of the run that fits, if it comes before the best so far.
    @inline(__always)
    private func consider(
        _ run: Int32, _ subject: RouteSubject, _ block: borrowing HeaderBlock, _ base: UnsafeRawBufferPointer,
        _ best: inout Int32
    ) {
        let range = runs[Int(run)]
        var index = Int(range.start)
        while index < Int(range.end) {
            let place = places[index]
            let order = place &>> 1
            if order >= best { return }
            if place & 1 == 0 || fits(Int(order), subject, block, base) {
                best = order
                return
            }
            index &+= 1
        }
    }

    private func fits(
        _ order: Int, _ subject: RouteSubject, _ block: borrowing HeaderBlock, _ base: UnsafeRawBufferPointer
    ) -> Bool {
        let left = conditions[order]
        switch left.path {
        case .done: break
        case .separated(let length):
            let end = subject.path.lowerBound &+ length
            if end < subject.pathEnd, base[end] != UInt8(ascii: "/") { return false }
        case .regex(let regex):
            if !regex.matches(UnsafeRawBufferPointer(rebasing: base[subject.pathWithoutQuery])) { return false }
        }
        if left.grpcOnly {
            guard let type = block.value(.contentType),
                HeaderBlock.isGRPC(UnsafeRawBufferPointer(rebasing: base[type]))
            else { return false }
        }
        var index = 0
        while index < left.headers.count {
            if !left.headers[index].holds(subject, block, base) { return false }
            index &+= 1
        }
        if !left.query.isEmpty {
            let query = UnsafeRawBufferPointer(rebasing: base[subject.query])
            index = 0
            while index < left.query.count {
                if !left.query[index].holds(query) { return false }
                index &+= 1
            }
        }
        return true
    }
}
