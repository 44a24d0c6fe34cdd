/// Who a workload is: `spiffe://TRUST-DOMAIN/PATH` (SPIFFE-ID, section 2).
public struct SPIFFEID: Hashable, Sendable, CustomStringConvertible {
    // SPIFFE-ID, section 2.3: a URI must not be longer, and implementations need not take longer ones.
    static let maxBytes = 2048

    private static let scheme = "spiffe://"

    public let trustDomain: TrustDomain
    /// With its leading slash; empty for the ID of the trust domain itself.
    public let path: String

    /// Reads an ID as strictly as the specification has it: neither user, port, query, fragment nor percent-encoding,
    /// and no segment that is empty or of dots.
    public init(_ text: String) throws(SPIFFEError) {
        guard text.utf8.count <= Self.maxBytes else {
            throw SPIFFEError("the SPIFFE ID has \(text.utf8.count) bytes: at most \(Self.maxBytes) are right")
        }
        guard text.hasPrefix(Self.scheme) else {
            throw SPIFFEError("\(SPIFFEError.quoted(text)) is no SPIFFE ID: it must start with \"spiffe://\"")
        }
        let rest = text.utf8.dropFirst(Self.scheme.utf8.count)
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        trustDomain = try TrustDomain(String(rest[..<slash]) ?? "")
        path = String(rest[slash...]) ?? ""
        guard !path.isEmpty else { return }
        for segment in path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            let name = String(segment) ?? ""
            guard !name.isEmpty else {
                throw SPIFFEError("SPIFFE ID \(SPIFFEError.quoted(text)): no segment of its path may be empty")
            }
            guard name != ".", name != ".." else {
                throw SPIFFEError("SPIFFE ID \(SPIFFEError.quoted(text)): \"\(name)\" is not allowed in its path")
            }
            guard segment.allSatisfy(Self.isAllowed) else {
                throw SPIFFEError(
                    "SPIFFE ID \(SPIFFEError.quoted(text)): only letters, digits, \".\", \"-\" and \"_\" are right in its path"
                )
            }
        }
    }

    /// The ID of a service account, as Istio has it: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`.
    public init(_ account: ServiceAccount, in trustDomain: TrustDomain) {
        self.trustDomain = trustDomain
        path = "/ns/\(account.namespace)/sa/\(account.name)"
    }

    /// The ID of a trust domain itself, which its roots carry.
    public init(_ trustDomain: TrustDomain) {
        self.trustDomain = trustDomain
        path = ""
    }

    /// The service account, when the path has the form `/ns/NAMESPACE/sa/ACCOUNT`.
    public var account: ServiceAccount? {
        let segments = path.split(separator: "/")
        guard segments.count == 4, segments[0] == "ns", segments[2] == "sa" else { return nil }
        return try? ServiceAccount(namespace: String(segments[1]), name: String(segments[3]))
    }

    public var description: String { Self.scheme + trustDomain.name + path }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
