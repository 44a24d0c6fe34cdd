/// All configured prefixes as one radix tree: going down it along a path meets each prefix that the path has, in one pass.
struct PrefixTrie: BitwiseCopyable, Sendable {
    struct Node: BitwiseCopyable {
        /// The bytes between the parent and this node.
        var labelStart: Int32
        var labelLength: Int32
        /// Children lie side by side, sorted by the first byte of their labels.
        var firstChild: Int32 = 0
        var childCount: Int32 = 0
        /// What belongs to the prefix that ends here; −1 when none does.
        var value: Int32 = -1
        var firstByte: UInt8
    }

    let folding: Bool
    private let nodes: FrozenArray<Node>
    private let labels: FrozenArray<UInt8>

    /// The prefixes must differ; with `folding` they are found without regard to ASCII case and must be in lower case.
    init(_ prefixes: [(prefix: [UInt8], value: Int32)], folding: Bool, in memory: RouteMemory) {
        self.folding = folding
        var labels: [UInt8] = []
        let nodes = prefixes.isEmpty ? [] : Self.tree(of: prefixes, labels: &labels)
        self.nodes = memory.freeze(nodes)
        self.labels = memory.freeze(labels)
    }

    private static func tree(of prefixes: [(prefix: [UInt8], value: Int32)], labels: inout [UInt8]) -> [Node] {
        var nodes: [Node] = []
        let sorted = prefixes.sorted { $0.prefix.lexicographicallyPrecedes($1.prefix) }
        nodes.append(Node(labelStart: 0, labelLength: 0, firstByte: 0))
        // A work list in place of recursion: nesting is as deep as the configuration likes.
        var work: [(node: Int, range: Range<Int>, depth: Int)] = [(0, 0..<sorted.count, 0)]
        while let (node, range, depth) = work.popLast() {
            var start = range.lowerBound
            if sorted[start].prefix.count == depth {
                nodes[node].value = sorted[start].value
                start += 1
            }
            nodes[node].firstChild = Int32(nodes.count)
            while start < range.upperBound {
                let first = sorted[start].prefix
                var end = start + 1
                while end < range.upperBound, sorted[end].prefix[depth] == first[depth] { end += 1 }
                let last = sorted[end - 1].prefix
                var common = depth + 1
                while common < first.count, common < last.count, first[common] == last[common] { common += 1 }
                nodes.append(
                    Node(
                        labelStart: Int32(labels.count), labelLength: Int32(common - depth), firstByte: first[depth]))
                labels.append(contentsOf: first[depth..<common])
                work.append((nodes.count - 1, start..<end, common))
                nodes[node].childCount += 1
                start = end
            }
        }
        return nodes
    }

    /// A place in the tree along one path.
    struct Cursor {
        fileprivate var node: Int32
        fileprivate var depth: Int
    }

    @inline(__always)
    func start() -> Cursor { Cursor(node: nodes.isEmpty ? -1 : 0, depth: 0) }

    /// The value of the next longer prefix of `path`, or −1 when there is no more.
    @inline(__always)
    func next(_ cursor: inout Cursor, path: UnsafeRawBufferPointer) -> Int32 {
        while cursor.node >= 0 {
            let node = nodes[Int(cursor.node)]
            cursor.node = child(of: node, path: path, depth: cursor.depth)
            if cursor.node >= 0 { cursor.depth &+= Int(nodes[Int(cursor.node)].labelLength) }
            if node.value >= 0 { return node.value }
        }
        return -1
    }

    private func child(of node: Node, path: UnsafeRawBufferPointer, depth: Int) -> Int32 {
        guard node.childCount > 0, depth < path.count, let base = path.baseAddress else { return -1 }
        let byte = folding ? ByteClass.lower(path[depth]) : path[depth]
        var low = Int(node.firstChild)
        var high = low &+ Int(node.childCount)
        while high &- low > 1 {
            let middle = (low &+ high) &>> 1
            if nodes[middle].firstByte <= byte { low = middle } else { high = middle }
        }
        let found = nodes[low]
        guard found.firstByte == byte, Int(found.labelLength) <= path.count &- depth else { return -1 }
        let label = labels.bytes(from: Int(found.labelStart), count: Int(found.labelLength))
        let isEqual = FoldedBytes.equal(base + depth, label, Int(found.labelLength), folding: folding)
        return isEqual ? Int32(truncatingIfNeeded: low) : -1
    }
}
