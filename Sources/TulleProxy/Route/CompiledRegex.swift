import CRE2

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A compiled RE2 expression: linear time whatever the pattern and the text.
///
/// `@unchecked Sendable`: the engine's object is immutable to its callers and safe to use from many threads at once; it is
/// freed with the last reference.
final class CompiledRegex: @unchecked Sendable {
    /// The engine's object without its owner, for tables that keep the owner alive (`RouteMemory`).
    struct Handle: BitwiseCopyable, @unchecked Sendable {
        fileprivate let pointer: OpaquePointer

        /// Whether the whole of `text` matches.
        func matches(_ text: UnsafeRawBufferPointer) -> Bool {
            tulle_re2_full_match(pointer, text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count)
        }
    }

    let handle: Handle
    /// The bytes with which every text that matches begins, as far as they are plain to see.
    let literalPrefix: [UInt8]

    init(_ pattern: String) throws(RouteError) {
        var reason = [CChar](repeating: 0, count: 200)
        var pattern = pattern
        let handle = pattern.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                tulle_re2_compile(text.baseAddress, text.count, &reason, reason.count)
            }
        }
        guard let handle else {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw RouteError("regex \"\(pattern)\" does not compile: \(text)")
        }
        self.handle = Handle(pointer: handle)
        literalPrefix = Self.literalPrefix(of: Array(pattern.utf8))
    }

    deinit { tulle_re2_free(handle.pointer) }

    /// `text` with every match replaced; `\1` … `\9` in the substitution name groups.
    func replacingAll(in text: UnsafeRawBufferPointer, by substitution: [UInt8]) -> [UInt8] {
        var result: UnsafeMutablePointer<CChar>?
        let count = substitution.withUnsafeBytes { rewrite in
            tulle_re2_replace_all(
                handle.pointer, text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count,
                rewrite.baseAddress?.assumingMemoryBound(to: CChar.self), rewrite.count, &result)
        }
        guard let result else { return Array(text) }
        defer { free(result) }
        return Array(UnsafeRawBufferPointer(start: result, count: count))
    }

    /// The leading run of plain ASCII characters, unless an alternation at the top level makes it optional.
    static func literalPrefix(of pattern: [UInt8]) -> [UInt8] {
        var depth = 0
        var inClass = false
        // Classes within classes are not followed; behind one, every alternation counts.
        var hadClass = false
        var index = 0
        while index < pattern.count {
            switch pattern[index] {
            case UInt8(ascii: "\\"):
                // \Q…\E quotes all that follows; such patterns are left alone.
                if index + 1 < pattern.count, pattern[index + 1] == UInt8(ascii: "Q") { return [] }
                index += 1
            case UInt8(ascii: "["):
                inClass = true
                hadClass = true
            case UInt8(ascii: "]"): inClass = false
            case UInt8(ascii: "(") where !inClass: depth += 1
            case UInt8(ascii: ")") where !inClass: depth -= 1
            case UInt8(ascii: "|") where depth <= 0 || hadClass: return []
            default: break
            }
            index += 1
        }
        var end = 0
        while end < pattern.count, pattern[end] < 0x80, !#"\.+*?()|[]{}^$"#.utf8.contains(pattern[end]) { end += 1 }
        // What follows may make the last character optional.
        if end > 0, end < pattern.count, "*?{".utf8.contains(pattern[end]) { end -= 1 }
        return Array(pattern[..<end])
    }
}
