/// The pseudo-fields of a decoded block (RFC 9113, 8.3): ranges into the header block's bytes, nil when absent.
struct PseudoFields {
    var method: Range<Int>?
    var scheme: Range<Int>?
    var authority: Range<Int>?
    var path: Range<Int>?
    var status: Range<Int>?
    /// `:protocol`, of an extended CONNECT (RFC 8441).
    var proto: Range<Int>?

    mutating func reset() {
        self = PseudoFields()
    }

    mutating func set(_ kind: FieldKind, _ range: Range<Int>) {
        switch kind {
        case .regular: break
        case .method: method = range
        case .scheme: scheme = range
        case .authority: authority = range
        case .path: path = range
        case .status: status = range
        case .proto: proto = range
        }
    }
}
