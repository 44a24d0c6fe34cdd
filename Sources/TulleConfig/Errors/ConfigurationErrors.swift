/// All that is wrong with what a user gave, in the order of the files. Never empty when thrown.
public struct ConfigurationErrors: Error, Hashable, Sendable, CustomStringConvertible {
    public var errors: [ConfigurationError]

    public init(_ errors: [ConfigurationError]) { self.errors = errors }
    public init(_ error: ConfigurationError) { errors = [error] }

    public var isEmpty: Bool { errors.isEmpty }

    /// One error a line.
    public var description: String {
        errors.map(\.description).joined(separator: "\n")
    }
}
