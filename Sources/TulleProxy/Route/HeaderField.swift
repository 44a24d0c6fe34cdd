/// Where a header matcher looks: a part of the request line, or all fields of a name.
struct HeaderField: BitwiseCopyable, Sendable {
    private enum Source {
        case method, authority, path, scheme
        case known(KnownHeader)
        case named(FrozenArray<UInt8>)
    }

    private let source: Source

    /// `:method`, `:authority`, `:path` and `:scheme` name the request's own parts.
    init(_ name: String, in memory: RouteMemory) throws(RouteError) {
        let lowercased = FoldedBytes.lowercased(name.utf8)
        switch String(decoding: lowercased, as: UTF8.self) {
        case ":method": source = .method
        // Envoy holds Host as :authority.
        case ":authority", "host": source = .authority
        case ":path": source = .path
        case ":scheme": source = .scheme
        case let other where other.hasPrefix(":"):
            throw RouteError(
                "header matcher \"\(name)\": no such part of a request; "
                    + "there are :method, :authority, :path and :scheme")
        case "": throw RouteError("header matcher without a name")
        default:
            let known = KnownHeader.allCases.first {
                $0.lowercased.utf8CodeUnitCount > 0 && $0.lowercased.rawBytes.elementsEqual(lowercased)
            }
            source = known.map { .known($0) } ?? .named(memory.freeze(lowercased))
        }
    }

    /// Whether one of the values fits; nil where there is none. Of several fields of one name one must fit, which is what
    /// Envoy 1.40 was seen to do.
    @inline(__always)
    func anyValue(
        _ subject: RouteSubject, _ block: borrowing HeaderBlock, _ base: UnsafeRawBufferPointer,
        _ fits: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool? {
        switch source {
        case .method: return fits(UnsafeRawBufferPointer(rebasing: base[subject.method]))
        case .authority:
            return subject.authority.isEmpty ? nil : fits(UnsafeRawBufferPointer(rebasing: base[subject.authority]))
        case .path: return subject.path.isEmpty ? nil : fits(UnsafeRawBufferPointer(rebasing: base[subject.path]))
        case .scheme: return fits(subject.scheme.name.rawBytes)
        case .known, .named:
            guard var index = nextIndex(block, from: 0) else { return nil }
            while true {
                if fits(UnsafeRawBufferPointer(rebasing: base[block.fields[index].valueRange])) { return true }
                guard let next = nextIndex(block, from: index &+ 1) else { return false }
                index = next
            }
        }
    }

    @inline(__always)
    private func nextIndex(_ block: borrowing HeaderBlock, from start: Int) -> Int? {
        switch source {
        case .known(let known): block.contains(known) ? block.nextIndex(of: known, from: start) : nil
        case .named(let name): block.firstIndex(named: name.bytes, from: start)
        default: nil
        }
    }
}
