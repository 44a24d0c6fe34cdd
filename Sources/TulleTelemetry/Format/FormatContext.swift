/// What formats write about: one exchange, asked field by field.
///
/// `append…` adds the value's bytes and returns true, or adds nothing and returns false when there is no value.
public protocol FormatContext {
    func append(_ field: FormatField, to bytes: inout [UInt8]) -> Bool

    /// The first value of a header. `name` is in lower case; `:method`, `:path`, `:authority`, `:scheme` and `:status`
    /// name the message's own parts.
    func append(header name: [UInt8], of message: FormatMessage, to bytes: inout [UInt8]) -> Bool

    /// When the request began.
    var startTime: WallTime { get }
    /// Now.
    var emitTime: WallTime { get }
}

/// The message, or the part of one, that a header is read from.
public enum FormatMessage: Hashable, Sendable {
    case request, response, responseTrailers
}
