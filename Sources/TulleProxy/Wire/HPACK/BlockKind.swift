/// What a field block belongs to, which decides the pseudo-fields that may stand there.
enum BlockKind: UInt8, Sendable {
    case request, response, trailers
}
