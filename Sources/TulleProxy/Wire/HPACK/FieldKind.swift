/// Whether a field is one of the pseudo-fields, and which.
enum FieldKind: UInt8, Sendable {
    case regular, method, scheme, authority, path, status, proto

    /// The pseudo-field of that name, colon included; nil when there is none.
    static func pseudo(_ name: UnsafeRawBufferPointer) -> FieldKind? {
        switch name.count {
        case 5 where matches(name, ":path"): .path
        case 7 where matches(name, ":method"): .method
        case 7 where matches(name, ":scheme"): .scheme
        case 7 where matches(name, ":status"): .status
        case 9 where matches(name, ":protocol"): .proto
        case 10 where matches(name, ":authority"): .authority
        default: nil
        }
    }

    /// Whether it may stand in such a block.
    @inline(__always)
    func belongs(to kind: BlockKind) -> Bool {
        switch kind {
        case .request: self != .status
        case .response: self == .status
        case .trailers: false
        }
    }

    /// The bit that stands for it where what has been seen is kept.
    @inline(__always)
    var bit: UInt8 { 1 &<< rawValue }

    private static func matches(_ name: UnsafeRawBufferPointer, _ other: StaticString) -> Bool {
        var index = 0
        while index < name.count {
            if name[index] != other.utf8Start[index] { return false }
            index &+= 1
        }
        return true
    }
}
