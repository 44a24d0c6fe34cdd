/// What became of a field block.
enum HPACKResult: Equatable {
    case complete
    /// Decoded to the end, so that the table stays right, but the list is over a limit: a 431, or a stream error.
    case tooLarge
    /// Decoded to the end, but what it says is no message (RFC 9113, 8.2 and 8.3): a stream error.
    case malformed(FieldError)
    /// The connection cannot go on: COMPRESSION_ERROR.
    case broken(HPACKError)
}
