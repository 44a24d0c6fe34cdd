/// The name of a mesh's trust domain: those who share a root of trust, `example.org` in `spiffe://example.org/…`.
public struct TrustDomain: Hashable, Sendable, CustomStringConvertible {
    // SPIFFE-ID, section 2.3: the longest that a trust domain name may be.
    static let maxBytes = 255

    /// Lower-case letters, digits, dots, dashes and underscores.
    public let name: String

    public init(_ name: String) throws(SPIFFEError) {
        guard !name.isEmpty else { throw SPIFFEError("the trust domain is empty: a name such as example.org is right") }
        guard name.utf8.count <= Self.maxBytes else {
            throw SPIFFEError("the trust domain has \(name.utf8.count) bytes: at most \(Self.maxBytes) are right")
        }
        guard name.utf8.allSatisfy(Self.isAllowed) else {
            throw SPIFFEError(
                "trust domain \(SPIFFEError.quoted(name)): only lower-case letters, digits, \".\", \"-\" and \"_\" are right"
            )
        }
        self.name = name
    }

    public var description: String { name }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// Why a text is no SPIFFE ID, trust domain or service account, and what would be.
public struct SPIFFEError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    /// A stranger's text for a message: bounded, without control characters.
    static func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(80).map { $0.value < 0x20 || $0.value == 0x7f ? "?" : String($0) }
        return "\"\(shown.joined())\(text.unicodeScalars.count > 80 ? "…" : "")\""
    }
}
