import TulleModel

/// Ranges of IP addresses as one radix tree for each family: going down it along an address meets each range that holds the
/// address.
struct AddressTrie: BitwiseCopyable, Sendable {
    private struct Node: BitwiseCopyable {
        /// All bits from the root to this node; what is behind `length` is zero.
        var bits: UInt128
        var length: UInt8
        /// By the next bit; −1 where there is none.
        var zero: Int32 = -1
        var one: Int32 = -1
        /// What belongs to the range that ends here; −1 when none does.
        var value: Int32 = -1
    }

    private let nodes: FrozenArray<Node>
    private let rootV4: Int32
    private let rootV6: Int32

    init(_ ranges: [AddressRange: Int32], in memory: RouteMemory) {
        var nodes: [Node] = []
        func insert(_ ranges: [(range: AddressRange, value: Int32)]) -> Int32 {
            let sorted = ranges.sorted { ($0.range.bits, $0.range.length) < ($1.range.bits, $1.range.length) }
            return Self.tree(of: sorted[...], from: 0, &nodes)
        }
        let all = ranges.map { (range: $0.key, value: $0.value) }
        rootV4 = insert(all.filter { !$0.range.isV6 })
        rootV6 = insert(all.filter(\.range.isV6))
        self.nodes = memory.freeze(nodes)
    }

    /// Makes the tree of ranges that agree in their first `depth` bits. It is at most as deep as an address is wide.
    private static func tree(
        of ranges: ArraySlice<(range: AddressRange, value: Int32)>, from depth: Int, _ nodes: inout [Node]
    ) -> Int32 {
        guard let first = ranges.first, let last = ranges.last else { return -1 }
        let shared = min(
            (first.range.bits ^ last.range.bits).leadingZeroBitCount, ranges.map(\.range.length).min() ?? 0)
        let place = nodes.count
        nodes.append(Node(bits: AddressRange.masked(first.range.bits, shared), length: UInt8(shared)))
        var rest = ranges
        if first.range.length == shared {
            nodes[place].value = first.value
            rest = rest.dropFirst()
        }
        let middle = rest.firstIndex { AddressRange.bit(shared, of: $0.range.bits) } ?? rest.endIndex
        nodes[place].zero = tree(of: rest[..<middle], from: shared, &nodes)
        nodes[place].one = tree(of: rest[middle...], from: shared, &nodes)
        return Int32(place)
    }

    /// Calls with the value of each range that holds the address, the widest first, until `body` says true; whether it did.
    @inline(__always)
    func visit(_ address: IPAddressBits, _ body: (Int32) -> Bool) -> Bool {
        var place = address.isV6 ? rootV6 : rootV4
        while place >= 0 {
            let node = nodes[Int(place)]
            guard AddressRange.masked(address.bits, Int(node.length)) == node.bits else { return false }
            if node.value >= 0, body(node.value) { return true }
            guard node.length < address.width else { return false }
            place = AddressRange.bit(Int(node.length), of: address.bits) ? node.one : node.zero
        }
        return false
    }

    func contains(_ address: IPAddressBits) -> Bool { visit(address) { _ in true } }
}
