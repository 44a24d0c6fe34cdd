import TulleConfig
import TulleModel

/// Which resources a list or a watch is about.
struct ResourceSelection: Hashable, Sendable {
    var kind: ResourceKind?
    var namespace: String?

    /// - Throws: `APIError` for a kind that there is not.
    init(kind: String?, namespace: String?) throws {
        self.kind = try kind.map(Self.kind)
        self.namespace = try namespace.map { try Self.name($0, "namespace") }
    }

    /// A name as resources and namespaces have it (RFC 1123).
    static func name(_ text: String, _ what: String) throws -> String {
        func isWord(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 253, isWord(first), isWord(last),
            bytes.allSatisfy({ isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
        else {
            throw APIError(
                .badRequest,
                "\(what) \(ConfigurationError.quoted(text)) is no name: lower-case letters, digits, \"-\" and \".\"")
        }
        return text
    }

    func contains(_ entry: ResourceSnapshot.Entry) -> Bool { contains(entry.stored) }

    func contains(_ stored: StoredResource) -> Bool {
        (kind == nil || kind?.rawValue == stored.key.kind) && (namespace == nil || namespace == stored.key.namespace)
    }

    /// The kind that somebody names in any of its ways.
    static func kind(_ name: String) throws -> ResourceKind {
        if let kind = ResourceKind(anyName: name) { return kind }
        let names = ResourceKind.allCases.map(\.rawValue)
        let nearest = NearestKey.suggest(for: name, among: names).map { ", did you mean \"\($0)\"?" } ?? ""
        throw APIError(
            .notFound,
            "unknown kind \(ConfigurationError.quoted(name)): one of \(names.joined(separator: ", "))\(nearest)")
    }
}
