import CRE2

/// Checks expressions with RE2, the engine that runs them.
public enum RegularExpression {
    /// A match's cost grows with this; Envoy's own recommendation for its warning threshold is 100, and honest routes stay
    /// under a few hundred.
    public static let maxProgramSize = 5000

    /// Whether the whole of a text matches; nothing matches a wrong expression.
    public static func matches(_ pattern: String, _ text: String) -> Bool {
        var reason = [CChar](repeating: 0, count: 200)
        guard let compiled = compile(pattern, &reason) else { return false }
        defer { tulle_re2_free(compiled) }
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { tulle_re2_full_match(compiled, $0.baseAddress, $0.count) }
        }
    }

    private static func compile(_ pattern: String, _ reason: inout [CChar]) -> OpaquePointer? {
        var pattern = pattern
        return pattern.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { bytes in
                tulle_re2_compile(bytes.baseAddress, bytes.count, &reason, reason.count)
            }
        }
    }

    /// What is wrong with an expression; nil when it is good.
    public static func problem(with pattern: String) -> String? {
        var reason = [CChar](repeating: 0, count: 200)
        guard let compiled = compile(pattern, &reason) else {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return "\(ConfigurationError.quoted(pattern)) is not an RE2 expression: \(text)"
        }
        defer { tulle_re2_free(compiled) }
        let size = Int(tulle_re2_program_size(compiled))
        guard size <= maxProgramSize else {
            return "\(ConfigurationError.quoted(pattern)) compiles to \(size) instructions, over the limit of "
                + "\(maxProgramSize)"
        }
        return nil
    }
}
