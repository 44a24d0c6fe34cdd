import TulleModel

/// Exact texts and prefixes, with and without regard to case, each with a number: a text meets all that it fits by four
/// look-ups, however many there are.
struct TextTable: BitwiseCopyable, Sendable {
    private let exact: ByteTable
    private let exactFolded: ByteTable
    private let prefixes: PrefixTrie
    private let prefixesFolded: PrefixTrie
    private let usesFolding: Bool

    /// Calls with the number of each pattern that the text fits, until `body` says true; whether it did.
    @inline(__always)
    func visit(_ text: UnsafeRawBufferPointer, _ body: (Int32) -> Bool) -> Bool {
        let found = exact.find(text)
        if found >= 0, body(found) { return true }
        if Self.walk(prefixes, text, body) { return true }
        guard usesFolding else { return false }
        let folded = exactFolded.find(text)
        if folded >= 0, body(folded) { return true }
        return Self.walk(prefixesFolded, text, body)
    }

    func holds(_ text: UnsafeRawBufferPointer) -> Bool { visit(text) { _ in true } }

    @inline(__always)
    private static func walk(
        _ trie: PrefixTrie, _ text: UnsafeRawBufferPointer, _ body: (Int32) -> Bool
    ) -> Bool {
        var cursor = trie.start()
        while true {
            let value = trie.next(&cursor, path: text)
            if value < 0 { return false }
            if body(value) { return true }
        }
    }

    /// A pattern that the table can hold.
    struct Key: Hashable {
        let text: [UInt8]
        let isPrefix: Bool
        let folding: Bool

        /// Nil for a pattern whose texts do not begin in one way.
        init?(_ matcher: StringMatcher) {
            folding = matcher.ignoreCase
            switch matcher.pattern {
            case .exact(let text): (self.text, isPrefix) = (Self.bytes(text, folding), false)
            case .prefix(let text): (self.text, isPrefix) = (Self.bytes(text, folding), true)
            case .suffix, .contains, .regex: return nil
            }
        }

        /// What every text begins with that the expression matches; nil where that is not plain to see.
        init?(regex: String) {
            let prefix = CompiledRegex.literalPrefix(of: Array(regex.utf8))
            guard !prefix.isEmpty else { return nil }
            text = prefix
            isPrefix = true
            folding = false
        }

        private static func bytes(_ text: String, _ folding: Bool) -> [UInt8] {
            folding ? FoldedBytes.lowercased(text.utf8) : Array(text.utf8)
        }
    }

    init(_ values: [Key: Int32], in memory: RouteMemory) {
        func table(folding: Bool) -> ByteTable {
            var builder = ByteTable.Builder(folding: folding)
            for (key, value) in values where !key.isPrefix && key.folding == folding {
                _ = builder.insert(key.text, value: value)
            }
            return builder.build(in: memory)
        }
        func trie(folding: Bool) -> PrefixTrie {
            let prefixes = values.filter { $0.key.isPrefix && $0.key.folding == folding }
            return PrefixTrie(prefixes.map { ($0.key.text, $0.value) }, folding: folding, in: memory)
        }
        exact = table(folding: false)
        exactFolded = table(folding: true)
        prefixes = trie(folding: false)
        prefixesFolded = trie(folding: true)
        usesFolding = values.keys.contains(where: \.folding)
    }
}
