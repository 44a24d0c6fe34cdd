import Foundation
import TulleControl

extension Console {
    /// Prints a value of the API as JSON or YAML.
    func print(_ value: some Encodable, _ format: OutputFormat) throws {
        let document = try Document(json: APIJSON.encoder().encode(value))
        print(format == .yaml ? document.yamlText : document.jsonText, terminator: "")
    }
}
