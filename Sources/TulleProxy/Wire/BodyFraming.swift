/// How a message's body ends (RFC 9112, 6.3).
enum BodyFraming: Hashable, Sendable {
    case none
    case length(UInt64)
    case chunked
    /// A response without a length ends with its connection.
    case untilClose
}
