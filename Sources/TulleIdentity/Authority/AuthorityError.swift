/// Why the authority cannot start or cannot sign, in words that say what to do.
public struct AuthorityError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
