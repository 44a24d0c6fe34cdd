/// Which virtual host a host name belongs to: exact names first, then the longest `*suffix`, then the longest `prefix*`,
/// then `*`; without regard to case.
struct DomainTable: Sendable {
    private let exact: ByteTable
    private let suffixes: ByteTable
    private let prefixes: ByteTable
    /// The lengths that occur, longest first.
    private let suffixLengths: FrozenArray<Int>
    private let prefixLengths: FrozenArray<Int>
    private let any: Int32

    /// The host's number, or −1.
    func find(_ name: UnsafeRawBufferPointer) -> Int32 {
        if name.isEmpty { return any }
        let found = exact.find(name)
        if found >= 0 { return found }
        // A star stands for at least one byte.
        var index = 0
        while index < suffixLengths.count {
            let length = suffixLengths[index]
            if length < name.count {
                let found = suffixes.find(UnsafeRawBufferPointer(rebasing: name[(name.count &- length)...]))
                if found >= 0 { return found }
            }
            index &+= 1
        }
        index = 0
        while index < prefixLengths.count {
            let length = prefixLengths[index]
            if length < name.count {
                let found = prefixes.find(UnsafeRawBufferPointer(rebasing: name[..<length]))
                if found >= 0 { return found }
            }
            index &+= 1
        }
        return any
    }

    /// Collects domains, off the event loops.
    struct Builder {
        private var exact = ByteTable.Builder(folding: true)
        private var suffixes = ByteTable.Builder(folding: true)
        private var prefixes = ByteTable.Builder(folding: true)
        private var suffixLengths: Set<Int> = []
        private var prefixLengths: Set<Int> = []
        private var any: Int32 = -1

        /// The host that has the domain already, or `host` after it has been put in.
        mutating func insert(_ domain: String, host: Int32) -> Int32 {
            let bytes = Array(domain.utf8)
            if domain == "*" {
                if any < 0 { any = host }
                return any
            }
            if bytes.first == UInt8(ascii: "*") {
                suffixLengths.insert(bytes.count - 1)
                return suffixes.insert(Array(bytes.dropFirst()), value: host)
            }
            if bytes.last == UInt8(ascii: "*") {
                prefixLengths.insert(bytes.count - 1)
                return prefixes.insert(Array(bytes.dropLast()), value: host)
            }
            return exact.insert(bytes, value: host)
        }

        func build(in memory: RouteMemory) -> DomainTable {
            DomainTable(
                exact: exact.build(in: memory), suffixes: suffixes.build(in: memory),
                prefixes: prefixes.build(in: memory),
                suffixLengths: memory.freeze(suffixLengths.sorted(by: >)),
                prefixLengths: memory.freeze(prefixLengths.sorted(by: >)), any: any)
        }
    }
}
