import TulleModel

/// A compiled `StringMatcher`: a test on bytes in place.
struct TextTest: BitwiseCopyable, Sendable {
    private enum Kind { case exact, prefix, suffix, contains, regex }

    private let kind: Kind
    private let folding: Bool
    /// In lower case when folding.
    private let text: FrozenArray<UInt8>
    private let regex: CompiledRegex.Handle?

    init(_ matcher: StringMatcher, in memory: RouteMemory) throws(RouteError) {
        var regex: CompiledRegex.Handle?
        var pattern = ""
        switch matcher.pattern {
        case .exact(let text): (kind, pattern) = (.exact, text)
        case .prefix(let text): (kind, pattern) = (.prefix, text)
        case .suffix(let text): (kind, pattern) = (.suffix, text)
        case .contains(let text): (kind, pattern) = (.contains, text)
        case .regex(let text):
            kind = .regex
            regex = try memory.regex(text).handle
        }
        self.regex = regex
        folding = matcher.ignoreCase && kind != .regex
        text = memory.freeze(folding ? FoldedBytes.lowercased(pattern.utf8) : Array(pattern.utf8))
    }

    func holds(_ value: UnsafeRawBufferPointer) -> Bool {
        switch kind {
        case .exact: return value.count == text.count && matches(value, at: 0)
        case .prefix: return value.count >= text.count && matches(value, at: 0)
        case .suffix: return value.count >= text.count && matches(value, at: value.count &- text.count)
        case .contains:
            if text.isEmpty { return true }
            guard value.count >= text.count else { return false }
            for offset in 0...(value.count &- text.count) where matches(value, at: offset) { return true }
            return false
        case .regex: return regex?.matches(value) ?? false
        }
    }

    @inline(__always)
    private func matches(_ value: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        if text.isEmpty { return true }
        guard let base = value.baseAddress, let wanted = text.bytes.baseAddress else { return false }
        return FoldedBytes.equal(base + offset, wanted, text.count, folding: folding)
    }
}
