import HTTPTypes

/// The API's description in OpenAPI 3.1, made from `APIOperation` and `OpenAPISchemas`.
enum OpenAPIDocument {
    /// The document as it is served, built once.
    static let json = build()

    private static func build() -> String {
        // The source breaks its lines at spaces, some of which stand within texts.
        let schemas = OpenAPISchemas.json.split(separator: "\n").joined(separator: " ")
        var paths: [String: [String]] = [:]
        for operation in APIOperation.allCases {
            paths[operation.path, default: []].append(
                "\(quoted(operation.method.rawValue.lowercased())):\(describe(operation))")
        }
        let pathItems = paths.sorted { $0.key < $1.key }.map { path, operations in
            "\(quoted(path)):{\(operations.joined(separator: ","))}"
        }
        return """
            {"openapi":"3.1.0","info":{"title":"Tulle control plane","version":"1",\
            "description":"Resources, workloads and traffic of a Tulle mesh.",\
            "license":{"name":"Apache-2.0","identifier":"Apache-2.0"}},\
            "paths":{\(pathItems.joined(separator: ","))},\
            "components":{"schemas":\(schemas)}}
            """
    }

    private static func describe(_ operation: APIOperation) -> String {
        var parts = [
            "\"operationId\":\(quoted(operation.rawValue))",
            "\"summary\":\(quoted(operation.summary))",
            "\"tags\":[\(quoted(operation.tag))]",
        ]
        if !operation.parameters.isEmpty {
            let parameters = operation.parameters.map { parameter in
                let required = parameter.place == .path ? ",\"required\":true" : ""
                return """
                    {"name":\(quoted(parameter.name)),"in":"\(parameter.place.rawValue)"\(required),\
                    "description":\(quoted(parameter.summary)),"schema":\(parameter.schema)}
                    """
            }
            parts.append("\"parameters\":[\(parameters.joined(separator: ","))]")
        }
        if operation.takesResources {
            let documents = operation == .apply ? reference("Documents") : reference("Resource")
            parts.append(
                """
                "requestBody":{"required":true,"content":{"application/json":{"schema":\(documents)},\
                "application/yaml":{"schema":{"type":"string"}}}}
                """)
        }
        if let schema = operation.bodySchema {
            parts.append(
                """
                "requestBody":{"required":true,"content":{"application/json":{"schema":\(reference(schema))}}}
                """)
        }
        var answers = operation.answers.map { answer in
            let schema = answer.schema.map(reference) ?? #"{"type":"string"}"#
            return """
                "\(answer.status)":{"description":\(quoted(answer.summary)),\
                "content":{"\(answer.mediaType)":{"schema":\(schema)}}}
                """
        }
        answers.append(
            """
            "default":{"description":"It was not done, and why",\
            "content":{"application/json":{"schema":\(reference("Error"))}}}
            """)
        parts.append("\"responses\":{\(answers.joined(separator: ","))}")
        return "{\(parts.joined(separator: ","))}"
    }

    private static func reference(_ schema: String) -> String { "{\"$ref\":\"#/components/schemas/\(schema)\"}" }

    /// Our own texts only: quotes and backslashes are all that they may need escaped.
    private static func quoted(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if character == "\"" || character == "\\" { escaped.append("\\") }
            escaped.append(character)
        }
        return "\"\(escaped)\""
    }
}
