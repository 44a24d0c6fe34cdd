import SwiftProtobuf

/// Finds the fields of a received message that Tulle's schema does not have, at any depth and inside Any.
///
/// It walks the bytes by the field tables: SwiftProtobuf keeps unknown fields a message at a time, as bytes without a way.
struct UnknownFields {
    /// A control plane may send thousands of them; an author needs the first few.
    static let maxNamed = 20
    /// Protobuf's own limit in most languages.
    static let maxDepth = 100

    /// Paths such as `filter_chains[0].field 9`.
    private(set) var paths: [String] = []
    private(set) var count = 0
    /// Those of messages that say who may come in: without the field somebody else would. None of them is left out.
    private(set) var decisive: [String] = []

    private static let decisiveTypes: Set<String> = [
        Envoy_Config_Listener_V3_FilterChainMatch.protoMessageName,
        Envoy_Extensions_TransportSockets_Tls_V3_CertificateValidationContext.protoMessageName,
    ]

    init(in bytes: [UInt8], of type: any Message.Type) {
        scan(bytes[...], type.protoMessageName, "", 0)
    }

    private mutating func add(_ path: String, _ number: UInt64, _ type: String) {
        count += 1
        let name = path.isEmpty ? "field \(number)" : "\(path).field \(number)"
        if paths.count < Self.maxNamed { paths.append(name) }
        if decisive.count < Self.maxNamed, Self.decisiveTypes.contains(type) { decisive.append(name) }
    }

    private mutating func scan(_ bytes: ArraySlice<UInt8>, _ type: String, _ path: String, _ depth: Int) {
        guard depth < Self.maxDepth, let shape = MessageShape.named(type) else { return }
        let fields = Dictionary(shape.fields.map { (UInt64($0.number), $0) }, uniquingKeysWith: { first, _ in first })
        var indexes: [Int: Int] = [:]
        var position = bytes.startIndex

        func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 70, by: 7) {
                guard position < bytes.endIndex else { return nil }
                let byte = bytes[position]
                position += 1
                value |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }

        while position < bytes.endIndex, let tag = varint() {
            var content = bytes[position..<position]
            switch tag & 7 {
            case 0: guard varint() != nil else { return }
            case 1: position += 8
            case 5: position += 4
            case 2:
                guard let length = varint().flatMap(Int.init(exactly:)), length <= bytes.endIndex - position else {
                    return
                }
                content = bytes[position..<(position + length)]
                position += length
            default: return
            }
            guard let field = fields[tag >> 3] else {
                add(path, tag >> 3, type)
                continue
            }
            var name = PlaceIndex.join(path, field.name)
            if field.repeated {
                name += "[\(indexes[field.number, default: 0])]"
                indexes[field.number, default: 0] += 1
            }
            switch field.kind {
            case .message(let inner): descend(inner, content, name, depth)
            case .map(.message(let inner)):
                let (key, value) = Self.pair(content)
                descend(inner, value[...], PlaceIndex.join(name, key), depth)
            default: break
            }
        }
    }

    private mutating func descend(_ type: String, _ bytes: ArraySlice<UInt8>, _ path: String, _ depth: Int) {
        if type == Google_Protobuf_Any.protoMessageName {
            let (url, value) = Self.pair(bytes)
            scan(value[...], ExtensionPoint.typeName(url), path, depth + 1)
        } else if !type.hasPrefix("google.protobuf.") {
            scan(bytes, type, path, depth + 1)
        }
    }

    /// Fields 1, a text, and 2, bytes: an Any, or an entry of a map.
    private static func pair(_ bytes: ArraySlice<UInt8>) -> (String, [UInt8]) {
        guard let any = try? Google_Protobuf_Any(serializedBytes: Array(bytes)) else { return ("", []) }
        return (any.typeURL, Array(any.value))
    }
}
