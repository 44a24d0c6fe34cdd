/// A format that cannot be used, and what would be right.
public struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
