/// The errors of one file as its decoding finds them, so that a user sees all of them at once.
final class ConfigurationReport {
    /// More than these help nobody, and a hostile file could make millions.
    static let maximum = 100

    let file: String
    private(set) var errors: [ConfigurationError] = []

    init(file: String) { self.file = file }

    func add(_ mark: YAMLMark, _ path: String, _ message: String, suggestion: String? = nil) {
        guard errors.count < Self.maximum else { return }
        errors.append(
            ConfigurationError(file: file, mark: mark, path: path, message: message, suggestion: suggestion))
    }

    /// Throws what was found, in the order of the file.
    func finish() throws(ConfigurationErrors) {
        guard !errors.isEmpty else { return }
        let ordered = errors.enumerated().sorted { left, right in
            guard let first = left.element.mark, let second = right.element.mark, first != second else {
                return left.offset < right.offset
            }
            return first < second
        }
        throw ConfigurationErrors(ordered.map(\.element))
    }
}
