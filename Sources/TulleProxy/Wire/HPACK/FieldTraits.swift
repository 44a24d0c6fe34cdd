/// What can be told of a field from its name and value alone. A table entry keeps it, so that a field that comes again
/// is not looked at again.
struct FieldTraits {
    var name = KnownHeader.other
    var kind = FieldKind.regular
    /// The name holds an underscore.
    var underscored = false
    /// What is wrong with the name, whatever its value is.
    private(set) var nameFault: FieldError?
    /// What is wrong with the field.
    private(set) var fault: FieldError?

    init() {}

    /// Looks at a name.
    init(name bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count > 0 else {
            nameFault = .emptyName
            return
        }
        if base[0] == 0x3A {
            if let pseudo = FieldKind.pseudo(bytes) { kind = pseudo } else { nameFault = .unknownPseudoField }
            return
        }
        var seen: UInt8 = 0
        var at = ByteClass.skipLowercaseWord(base, 0, bytes.count)
        while at < bytes.count {
            let byte = base[at]
            let tokenClass = ByteClass.token[Int(byte)]
            if tokenClass & 1 == 0 || byte &- 0x41 < 26 {
                nameFault = tokenClass & 1 == 0 ? .invalidName : .uppercaseName
                return
            }
            seen |= tokenClass
            at &+= 1
        }
        underscored = seen & 2 != 0
        name = KnownHeader.named(base, bytes.count)
        if name.bit & Self.connectionSpecific != 0 { nameFault = .connectionSpecific }
    }

    /// RFC 9113, 8.2.2. A proxy that passed them on would let a peer speak for the connection behind it.
    private static let connectionSpecific =
        KnownHeader.connection.bit | KnownHeader.keepAlive.bit | KnownHeader.proxyConnection.bit
        | KnownHeader.transferEncoding.bit | KnownHeader.upgrade.bit

    /// Looks at the value that came with the name.
    mutating func judge(value: UnsafeRawBufferPointer) {
        fault = nameFault ?? Self.fault(kind, name, value)
    }

    /// Field values by RFC 9113, 8.2.1, and as strict as in HTTP/1.1: a line of HTTP/1.1 may be made of them.
    private static func fault(
        _ kind: FieldKind, _ name: KnownHeader, _ value: UnsafeRawBufferPointer
    ) -> FieldError? {
        guard let base = value.baseAddress?.assumingMemoryBound(to: UInt8.self), value.count > 0 else {
            return faultOfEmpty(kind, name)
        }
        let end = value.count
        switch kind {
        case .regular: break
        // They become words of a start line, in which a space would begin the next word.
        case .method: return isToken(base, end) ? nil : .invalidMethod
        case .proto: return isToken(base, end) ? nil : .invalidProtocol
        case .path: return isPath(base, end) ? nil : .invalidPath
        case .authority: return Authority.isValid(base, 0..<end, portRequired: false) ? nil : .invalidAuthority
        case .scheme: return isScheme(base, end) ? nil : .invalidScheme
        case .status: return isStatus(base, end) ? nil : .invalidStatus
        }
        var at = ByteClass.firstControl(base, 0, end)
        while at < end, base[at] == 0x09 { at = ByteClass.firstControl(base, at &+ 1, end) }
        if at < end { return .invalidValue }
        if isSpace(base[0]) || isSpace(base[end &- 1]) { return .paddedValue }
        if name == .te, !ByteClass.equal(value, ("trailers" as StaticString).rawBytes) { return .teNotTrailers }
        return nil
    }

    private static func faultOfEmpty(_ kind: FieldKind, _ name: KnownHeader) -> FieldError? {
        switch kind {
        case .regular: name == .te ? .teNotTrailers : nil
        case .authority: nil
        case .method: .invalidMethod
        case .scheme: .invalidScheme
        case .path: .emptyPath
        case .status: .invalidStatus
        case .proto: .invalidProtocol
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isToken(_ base: UnsafePointer<UInt8>, _ end: Int) -> Bool {
        let token = ByteClass.token
        var at = ByteClass.skipWord(base, 0, end)
        while at < end {
            if token[Int(base[at])] & 1 == 0 { return false }
            at &+= 1
        }
        return true
    }

    private static func isPath(_ base: UnsafePointer<UInt8>, _ end: Int) -> Bool {
        let target = ByteClass.target
        var at = ByteClass.skipTarget(base, 0, end)
        while at < end {
            if target[Int(base[at])] & 1 == 0 { return false }
            at &+= 1
        }
        return true
    }

    /// RFC 3986, 3.1.
    private static func isScheme(_ base: UnsafePointer<UInt8>, _ end: Int) -> Bool {
        guard base[0] | 0x20 &- 0x61 < 26 else { return false }
        for at in 1..<end {
            let byte = base[at]
            guard byte | 0x20 &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2B || byte == 0x2D || byte == 0x2E
            else { return false }
        }
        return true
    }

    /// As in an HTTP/1.1 status line: 100 to 999, and it is for the reader to know what it means.
    private static func isStatus(_ base: UnsafePointer<UInt8>, _ end: Int) -> Bool {
        end == 3 && base[0] &- 0x31 < 9 && base[1] &- 0x30 < 10 && base[2] &- 0x30 < 10
    }
}
