import Foundation

/// A flag's value from where it was given: the command line first, then its environment variable, then its default.
enum Setting {
    static let environment = ProcessInfo.processInfo.environment

    static func text(
        _ flag: String?, _ variable: String, default fallback: String, in environment: [String: String] = environment
    ) -> String {
        flag ?? present(variable, environment) ?? fallback
    }

    static func optional(
        _ flag: String?, _ variable: String, in environment: [String: String] = environment
    ) -> String? {
        flag ?? present(variable, environment)
    }

    /// - Parameter variable: holds a comma-separated list; any flag given replaces the whole of it.
    static func list(_ flags: [String], _ variable: String, in environment: [String: String] = environment) -> [String]
    {
        guard flags.isEmpty, let text = present(variable, environment) else { return flags }
        return text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    static func flag(_ flag: Bool, _ variable: String, in environment: [String: String] = environment) throws -> Bool {
        guard !flag, let text = present(variable, environment) else { return flag }
        switch text.lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default: throw Failure(.usage, "\(variable) is \"\(text)\": true or false would be right")
        }
    }

    static func number(
        _ flag: Int?, _ variable: String, default fallback: Int, range: ClosedRange<Int>,
        in environment: [String: String] = environment
    ) throws -> Int {
        let text = present(variable, environment)
        guard let number = flag ?? (text == nil ? fallback : Int(text ?? "")), range.contains(number) else {
            throw Failure(
                .usage,
                "\(variable) is \(flag.map(String.init) ?? "\"\(text ?? "")\""): "
                    + "a whole number from \(range.lowerBound) to \(range.upperBound) would be right")
        }
        return number
    }

    /// A span such as `500ms`, `10s`, `2m`, or plain seconds.
    /// - Parameter limit: in seconds; over a day is a slip of the finger for most.
    static func span(
        _ flag: String?, _ variable: String, default fallback: Duration, limit: Double = 86_400,
        in environment: [String: String] = environment
    ) throws -> Duration {
        guard let text = optional(flag, variable, in: environment) else { return fallback }
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)]
        for (suffix, factor) in units where text.hasSuffix(suffix) {
            // The limit keeps the arithmetic far from its own.
            if let number = Double(text.dropLast(suffix.count)), number >= 0, number * factor <= limit {
                return .milliseconds(Int64(number * factor * 1000))
            }
        }
        throw Failure(.usage, "\(variable) is \"\(text)\": a span such as 500ms, 10s or 2m would be right")
    }

    private static func present(_ variable: String, _ environment: [String: String]) -> String? {
        guard let text = environment[variable], !text.isEmpty else { return nil }
        return text
    }
}
