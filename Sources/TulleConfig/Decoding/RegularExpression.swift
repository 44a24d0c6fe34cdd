import CRE2

/// Checks expressions with RE2, the engine that runs them.
public enum RegularExpression {
    /// A match's cost grows with this; Envoy's own recommendation for its warning threshold is 100, and honest routes stay
    /// under a few hundred.
    public static let maxProgramSize = 5000

    /// What is wrong with an expression; nil when it is good.
    public static func problem(with pattern: String) -> String? {
        var reason = [CChar](repeating: 0, count: 200)
        var pattern = pattern
        let compiled = pattern.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { bytes in
                tulle_re2_compile(bytes.baseAddress, bytes.count, &reason, reason.count)
            }
        }
        guard let compiled else {
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
