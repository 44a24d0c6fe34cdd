public import FoundationEssentials
public import SwiftProtobuf

/// A serialized discovery resource with its name and version, as it travels between the planes.
///
/// The body is kept as bytes and shared by reference: a resource that goes to 1,000 proxies is encoded once. Two
/// resources are equal when their type, name and version are; on our own server the version is the content's hash.
public struct NamedResource: Hashable, Sendable {
    public let type: TypeURL
    public let name: String
    /// Empty where a server gives none, as istiod does in delta.
    public let version: String
    /// The resource in its `google.protobuf.Any`.
    public let any: Google_Protobuf_Any

    public init(type: TypeURL, name: String, version: String, body: Data) {
        self.type = type
        self.name = name
        self.version = version
        var any = Google_Protobuf_Any()
        any.typeURL = type.rawValue
        any.value = body
        self.any = any
    }

    /// Encodes a message in a stable order and takes the hash of its bytes as the version.
    /// - Throws: what SwiftProtobuf throws for a message that cannot be encoded (over 2 GiB).
    public init(type: TypeURL, name: String, message: some Message) throws {
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        let body: Data = try message.serializedBytes(options: options)
        self.init(type: type, name: name, version: ContentHash(body).description, body: body)
    }

    /// The serialized message, without its Any.
    public var body: Data { any.value }

    public static func == (left: Self, right: Self) -> Bool {
        left.name == right.name && left.version == right.version && left.type == right.type
            && (!left.version.isEmpty || left.any == right.any)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(version)
    }
}
