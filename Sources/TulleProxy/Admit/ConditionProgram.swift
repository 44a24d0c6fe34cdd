import TulleModel

/// Conditions compiled to nodes in flat tables. A node is named by its place; many alternatives of one kind are one node
/// with a table.
struct ConditionProgram: Sendable {
    fileprivate enum Node: BitwiseCopyable, Sendable {
        case always
        /// All of the nodes of a run in `children`.
        case all(start: Int32, end: Int32)
        case oneOf(start: Int32, end: Int32)
        case not(Int32)
        case header(Int32)
        case headerTable(field: Int32, table: Int32)
        case text(AdmissionText, test: Int32)
        case textTable(AdmissionText, table: Int32)
        case address(RBAC.AddressOrigin, trie: Int32)
        /// One of a run in `ports`.
        case port(start: Int32, end: Int32)
        case authenticated
    }

    /// Ports from the first up to and with the last.
    fileprivate struct PortRange: BitwiseCopyable, Sendable {
        var first: Int32
        var last: Int32
    }

    private let nodes: FrozenArray<Node>
    private let children: FrozenArray<Int32>
    private let headers: FrozenArray<HeaderCondition>
    private let fields: FrozenArray<HeaderField>
    private let tests: FrozenArray<TextTest>
    private let tables: FrozenArray<TextTable>
    private let tries: FrozenArray<AddressTrie>
    private let ports: FrozenArray<PortRange>

    func holds(
        _ node: Int32, _ subject: borrowing AdmissionSubject, _ block: borrowing HeaderBlock,
        _ base: UnsafeRawBufferPointer
    ) -> Bool {
        switch nodes[Int(node)] {
        case .always: return true
        case .all(let start, let end):
            var index = start
            while index < end {
                if !holds(children[Int(index)], subject, block, base) { return false }
                index &+= 1
            }
            return true
        case .oneOf(let start, let end):
            var index = start
            while index < end {
                if holds(children[Int(index)], subject, block, base) { return true }
                index &+= 1
            }
            return false
        case .not(let inner): return !holds(inner, subject, block, base)
        case .header(let header): return headers[Int(header)].holds(subject.route, block, base)
        case .headerTable(let field, let table):
            let table = tables[Int(table)]
            return fields[Int(field)].anyValue(subject.route, block, base) { table.holds($0) } ?? false
        case .text(let source, let test):
            let test = tests[Int(test)]
            return subject.anyText(source, base) { test.holds($0) }
        case .textTable(let source, let table):
            let table = tables[Int(table)]
            return subject.anyText(source, base) { table.holds($0) }
        case .address(let origin, let trie): return subject.address(origin).map(tries[Int(trie)].contains) ?? false
        case .port(let start, let end): return isIn(start, end, Int32(truncatingIfNeeded: subject.destinationPort))
        case .authenticated: return subject.connection.isSecure
        }
    }

    /// The ranges are sorted and apart from each other.
    private func isIn(_ start: Int32, _ end: Int32, _ port: Int32) -> Bool {
        var low = Int(start)
        var high = Int(end)
        while low < high {
            let middle = (low &+ high) &>> 1
            if ports[middle].last < port { low = middle &+ 1 } else { high = middle }
        }
        return low < Int(end) && ports[low].first <= port
    }

    /// Compiles conditions, off the event loops.
    struct Builder {
        private let memory: RouteMemory
        private var nodes: [Node] = []
        private var children: [Int32] = []
        private var headers: [HeaderCondition] = []
        private var fields: [HeaderField] = []
        private var tests: [TextTest] = []
        private var tables: [TextTable] = []
        private var tries: [AddressTrie] = []
        private var ports: [PortRange] = []

        init(in memory: RouteMemory) { self.memory = memory }

        func build() -> ConditionProgram {
            ConditionProgram(
                nodes: memory.freeze(nodes), children: memory.freeze(children), headers: memory.freeze(headers),
                fields: memory.freeze(fields), tests: memory.freeze(tests), tables: memory.freeze(tables),
                tries: memory.freeze(tries), ports: memory.freeze(ports))
        }

        /// The condition's node.
        mutating func node(_ condition: RBAC.Condition) throws(RouteError) -> Int32 {
            switch condition {
            case .any: return add(.always)
            case .all(let inner):
                var list: [Int32] = []
                for condition in inner { list.append(try node(condition)) }
                let run = addRun(list)
                return add(.all(start: run.lowerBound, end: run.upperBound))
            case .oneOf(let inner): return try alternatives(inner)
            case .not(let inner): return add(.not(try node(inner)))
            case .header(let matcher):
                headers.append(try HeaderCondition(matcher, in: memory))
                return add(.header(Int32(headers.count - 1)))
            case .path(let matcher): return try text(.path, matcher)
            case .requestedServerName(let matcher): return try text(.requestedServerName, matcher)
            case .authenticated(let matcher?): return try text(.principal, matcher)
            case .authenticated(nil): return add(.authenticated)
            case .address(let origin, let prefix): return addAddress(origin, [try AddressRange(prefix)])
            case .destinationPort(let port): return addPort([port..<port + 1])
            case .destinationPortRange(let start, let end): return addPort([start..<max(start, end)])
            }
        }

        /// The node of a list of which one is enough. Those of one kind become one table.
        mutating func alternatives(_ conditions: [RBAC.Condition]) throws(RouteError) -> Int32 {
            var texts: [AdmissionText: [(key: TextTable.Key, condition: RBAC.Condition)]] = [:]
            var values: [String: [(key: TextTable.Key, condition: RBAC.Condition)]] = [:]
            var ranges: [RBAC.AddressOrigin: Set<AddressRange>] = [:]
            var portRanges: [Range<Int>] = []
            var list: [Int32] = []
            for condition in conditions.flatMap(\.alternatives) {
                if let (source, key) = condition.textKey {
                    texts[source, default: []].append((key, condition))
                } else if let (name, key) = condition.headerKey {
                    values[name, default: []].append((key, condition))
                } else {
                    switch condition {
                    case .address(let origin, let prefix):
                        ranges[origin, default: []].insert(try AddressRange(prefix))
                    case .destinationPort(let port): portRanges.append(port..<port + 1)
                    case .destinationPortRange(let start, let end): portRanges.append(start..<max(start, end))
                    default: list.append(try node(condition))
                    }
                }
            }
            for source in AdmissionText.allCases {
                guard let entries = texts[source] else { continue }
                if entries.count == 1 {
                    list.append(try node(entries[0].condition))
                } else {
                    list.append(add(.textTable(source, table: table(entries.map(\.key)))))
                }
            }
            for (name, entries) in values.sorted(by: { $0.key < $1.key }) {
                if entries.count == 1 {
                    list.append(try node(entries[0].condition))
                } else {
                    fields.append(try HeaderField(name, in: memory))
                    let field = Int32(fields.count - 1)
                    list.append(add(.headerTable(field: field, table: table(entries.map(\.key)))))
                }
            }
            for (origin, ranges) in ranges { list.append(addAddress(origin, ranges)) }
            if !portRanges.isEmpty { list.append(addPort(portRanges)) }
            if list.count == 1 { return list[0] }
            let run = addRun(list)
            return add(.oneOf(start: run.lowerBound, end: run.upperBound))
        }

        private mutating func add(_ node: Node) -> Int32 {
            nodes.append(node)
            return Int32(nodes.count - 1)
        }

        private mutating func addRun(_ list: [Int32]) -> Range<Int32> {
            let start = Int32(children.count)
            children += list
            return start..<Int32(children.count)
        }

        private mutating func text(_ source: AdmissionText, _ matcher: StringMatcher) throws(RouteError) -> Int32 {
            tests.append(try TextTest(matcher, in: memory))
            return add(.text(source, test: Int32(tests.count - 1)))
        }

        private mutating func table(_ keys: [TextTable.Key]) -> Int32 {
            tables.append(TextTable(Dictionary(keys.map { ($0, 0) }) { first, _ in first }, in: memory))
            return Int32(tables.count - 1)
        }

        private mutating func addAddress(_ origin: RBAC.AddressOrigin, _ ranges: Set<AddressRange>) -> Int32 {
            tries.append(AddressTrie(Dictionary(uniqueKeysWithValues: ranges.map { ($0, 0) }), in: memory))
            return add(.address(origin, trie: Int32(tries.count - 1)))
        }

        private mutating func addPort(_ ranges: [Range<Int>]) -> Int32 {
            let start = Int32(ports.count)
            for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
                if ports.count > Int(start), ports[ports.count - 1].last >= Int32(range.lowerBound) - 1 {
                    ports[ports.count - 1].last = max(ports[ports.count - 1].last, Int32(range.upperBound) - 1)
                } else {
                    ports.append(PortRange(first: Int32(range.lowerBound), last: Int32(range.upperBound) - 1))
                }
            }
            return add(.port(start: start, end: Int32(ports.count)))
        }
    }
}

extension RBAC.Condition {
    /// The alternatives that it stands for: itself, or those of a list of which one is enough, at any depth.
    var alternatives: [RBAC.Condition] {
        if case .oneOf(let inner) = self { inner.flatMap(\.alternatives) } else { [self] }
    }

    /// What it looks for in a text, if a table can hold that and nothing is left to test then.
    var textKey: (AdmissionText, TextTable.Key)? {
        switch self {
        case .path(let matcher): TextTable.Key(matcher).map { (.path, $0) }
        case .requestedServerName(let matcher): TextTable.Key(matcher).map { (.requestedServerName, $0) }
        case .authenticated(let matcher?): TextTable.Key(matcher).map { (.principal, $0) }
        default: nil
        }
    }

    /// The same of a header, whose name comes in lower case.
    var headerKey: (String, TextTable.Key)? {
        guard case .header(let matcher) = self, case .string(let test) = matcher.test, !matcher.invert,
            !matcher.treatMissingAsEmpty
        else { return nil }
        return TextTable.Key(test).map { (matcher.name.lowercased(), $0) }
    }
}
