import SwiftProtobuf
import TulleXDS

/// Small resources for tests: a message whose field 1 is the name, and field 2 a text.
enum Sample {
    static func resource(_ type: TypeURL, _ name: String, _ version: String, text: String = "") -> NamedResource {
        NamedResource(type: type, name: name, version: version, body: hashed(type, name, text: text).body)
    }

    /// The version is the content's hash.
    static func hashed(_ type: TypeURL, _ name: String, text: String = "") -> NamedResource {
        var message = Envoy_Config_Core_V3_HeaderValue()
        message.key = name
        message.value = text
        guard let resource = try? NamedResource(type: type, name: name, message: message) else {
            preconditionFailure("a small message can always be encoded")
        }
        return resource
    }
}
