/// A field of one of the two tables. Its bytes are a line, `name: value` CRLF, as a header block has it.
struct HPACKEntry {
    /// Where the line starts. For the dynamic table: in the stream of all bytes that were ever put into it, modulo 2^32.
    var start: UInt32
    var nameLength: UInt32
    var valueLength: UInt32
    var traits: FieldTraits

    @inline(__always)
    var lineLength: Int { Int(nameLength) &+ Int(valueLength) &+ 4 }

    /// RFC 7541, 4.1.
    @inline(__always)
    var size: Int { Int(nameLength) &+ Int(valueLength) &+ 32 }
}
