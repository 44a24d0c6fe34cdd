/// What workloads run as: a name in a namespace. All workloads of an account share its identity.
public struct ServiceAccount: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The control plane's own. Nobody else is given a certificate for it.
    public static let control = ServiceAccount(checkedNamespace: "tulle-system", name: "tulle-control")

    public let namespace: String
    public let name: String

    /// Both are names as Kubernetes has them (RFC 1123).
    public init(namespace: String, name: String) throws(SPIFFEError) {
        guard Self.isName(namespace, maxBytes: 63), !namespace.utf8.contains(UInt8(ascii: ".")) else {
            throw SPIFFEError(
                "namespace \(SPIFFEError.quoted(namespace)): up to 63 lower-case letters, digits and \"-\" are right")
        }
        guard Self.isName(name, maxBytes: 253) else {
            throw SPIFFEError(
                "service account \(SPIFFEError.quoted(name)): up to 253 lower-case letters, digits, \"-\" and \".\" are right"
            )
        }
        self.namespace = namespace
        self.name = name
    }

    /// Reads `NAMESPACE/NAME`.
    public init(_ text: String) throws(SPIFFEError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw SPIFFEError("service account \(SPIFFEError.quoted(text)): NAMESPACE/NAME is right")
        }
        try self.init(namespace: String(parts[0]), name: String(parts[1]))
    }

    private init(checkedNamespace: String, name: String) {
        namespace = checkedNamespace
        self.name = name
    }

    public var description: String { "\(namespace)/\(name)" }

    public static func < (left: Self, right: Self) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }

    private static func isName(_ text: String, maxBytes: Int) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= maxBytes else { return false }
        return isLetterOrDigit(first) && isLetterOrDigit(last)
            && bytes.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
