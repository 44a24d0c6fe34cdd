import FoundationEssentials

@testable import TulleXDS

/// Small resources for tests: the body is a message whose field 1 is the name, and field 2 a text.
enum Sample {
    static func resource(_ type: TypeURL, _ name: String, _ version: String, text: String = "") -> NamedResource {
        NamedResource(type: type, name: name, version: version, body: body(name, text))
    }

    /// The version is the content's hash.
    static func hashed(_ type: TypeURL, _ name: String, text: String = "") -> NamedResource {
        let body = body(name, text)
        return NamedResource(type: type, name: name, version: ContentHash(body).description, body: body)
    }

    private static func body(_ name: String, _ text: String) -> Data {
        var body = Data()
        for (tag, value) in [(UInt8(0x0a), name), (UInt8(0x12), text)] {
            body.append(tag)
            var length = value.utf8.count
            while length > 127 {
                body.append(UInt8(length & 0x7f | 0x80))
                length >>= 7
            }
            body.append(UInt8(length))
            body.append(contentsOf: Array(value.utf8))
        }
        return body
    }
}
