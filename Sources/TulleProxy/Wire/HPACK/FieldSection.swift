import NIOCore

/// A field block on its way into a header block: the rules that span its fields (RFC 9113, 8.2.3 and 8.3), and its limits.
struct FieldSection {
    private let kind: BlockKind
    private var bytesLeft: Int
    private var fieldsLeft: Int
    private var fault: FieldError?
    private var isFull = false
    private var hasField = false
    /// A bit for each pseudo-field that has come.
    private var pseudoSeen: UInt8 = 0
    /// Cookies that have a line of their own.
    private var cookieLines = 0
    private var lastIsCookie = false

    /// Where a field's bytes belong.
    enum Place {
        case nowhere
        case pseudo
        case line
        /// The value goes on with the last field's.
        case crumb
    }

    init(_ kind: BlockKind, maxBytes: Int, maxFields: Int) {
        self.kind = kind
        // Ranges of a header block are of 32 bits.
        bytesLeft = min(maxBytes, 1 << 30)
        fieldsLeft = maxFields
    }

    /// Whether fields are still taken up. From the first fault on, and from the limit on, none are: what one byte of a
    /// fragment stands for may be thousands.
    @inline(__always)
    var isOpen: Bool { fault == nil && !isFull }

    var result: HPACKResult {
        if let fault { return .malformed(fault) }
        return isFull ? .tooLarge : .complete
    }

    /// Judges the next field.
    @inline(__always)
    mutating func place(_ entry: HPACKEntry) -> Place {
        guard isOpen else { return .nowhere }
        if let fault = entry.traits.fault { return refuse(fault) }
        bytesLeft &-= entry.lineLength
        guard bytesLeft >= 0 else { return overflow() }
        if entry.traits.kind != .regular { return placePseudo(entry.traits.kind) }
        hasField = true
        if entry.traits.name == .cookie, kind == .request {
            // A crumb of nothing would only leave a separator at the end, and a value must not end in white space.
            if entry.valueLength == 0, cookieLines > 0 { return .nowhere }
            if lastIsCookie { return .crumb }
            lastIsCookie = true
            cookieLines &+= 1
            // Crumbs are one field, however many a peer makes of it.
            if cookieLines > 1 { return .line }
        } else {
            lastIsCookie = false
        }
        fieldsLeft &-= 1
        guard fieldsLeft >= 0, entry.nameLength <= UInt32(UInt16.max) else { return overflow() }
        return .line
    }

    /// Completes the header block.
    mutating func finish(_ block: inout HeaderBlock) {
        if cookieLines > 1 { block.joinCookies() }
        block.fieldsEnd = block.bytes.writerIndex
    }

    private mutating func placePseudo(_ pseudo: FieldKind) -> Place {
        if hasField { return refuse(kind == .trailers ? .pseudoFieldInTrailers : .pseudoFieldBehindField) }
        guard pseudo.belongs(to: kind) else {
            return refuse(kind == .trailers ? .pseudoFieldInTrailers : .pseudoFieldOfOtherKind)
        }
        guard pseudoSeen & pseudo.bit == 0 else { return refuse(.repeatedPseudoField) }
        pseudoSeen |= pseudo.bit
        return .pseudo
    }

    private mutating func refuse(_ error: FieldError) -> Place {
        fault = error
        return .nowhere
    }

    private mutating func overflow() -> Place {
        isFull = true
        return .nowhere
    }
}
