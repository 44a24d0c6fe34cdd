import Foundation
import HTTPTypes
import NIOHTTP1
import Testing
import TulleModel

@testable import TulleControl

@Suite("the OpenAPI description")
struct OpenAPITests {
    @Test("is JSON of version 3.1 with an operation for each route") func complete() throws {
        let document = try description()
        #expect(document["openapi"]?.string == "3.1.0")
        var described: Set<String> = []
        guard case .object(let paths)? = document["paths"] else {
            Issue.record("no paths")
            return
        }
        for (path, item) in paths {
            guard case .object(let operations) = item else { continue }
            for (method, operation) in operations {
                described.insert("\(method.uppercased()) \(path)")
                // Each parameter in the path is described.
                let named = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { $0.dropFirst().dropLast() }
                let inPath = (operation["parameters"]?.list ?? []).filter { $0["in"]?.string == "path" }
                #expect(Set(inPath.compactMap { $0["name"]?.string }) == Set(named.map(String.init)))
            }
        }
        #expect(described == Set(APIOperation.allCases.map { "\($0.method.rawValue) \($0.path)" }))
    }

    @Test("every answer of every operation is as described") func answers() async throws {
        let document = try description()
        try await RunningControlPlane.with(
            watching: true, files: ["good.yaml": Samples.service("filed"), "bad.yaml": "kind: Nothing"]
        ) { plane in
            for operation in APIOperation.allCases {
                let body = Self.body(operation)
                let answer = try await plane.ask(
                    HTTPMethod(rawValue: operation.method.rawValue), Self.path(operation), body)
                try check(answer, operation, document)
                // And its refusals are as described too.
                let refused = try await plane.ask(.PATCH, Self.path(operation))
                #expect(refused.status == 405)
                try validate(
                    refused.decoded(JSON.self).value, ["$ref": .string("#/components/schemas/Error")], document, "405")
            }
        }
    }

    @Test("names every kind and every reason that there is") func enumerations() throws {
        let schemas = try description()["components"]?["schemas"]
        func listed(_ value: Value?) -> Set<String> { Set((value?["enum"]?.list ?? []).compactMap(\.string)) }
        #expect(listed(schemas?["Resource"]?["properties"]?["kind"]) == Set(ResourceKind.allCases.map(\.rawValue)))
        #expect(
            listed(schemas?["Error"]?["properties"]?["reason"]) == Set(APIError.Reason.allCases.map(\.rawValue)))
    }

    private static func body(_ operation: APIOperation) -> String? {
        switch operation {
        case .createToken: #"{"serviceAccount":"shop/cart","ttlSeconds":60,"uses":1}"#
        case .deny: #"{"subject":"0a"}"#
        case .whyAccess: #"{"from":"","to":"none"}"#
        default: operation.takesResources ? Samples.service(operation.rawValue.lowercased()) : nil
        }
    }

    /// A call that makes sense for the operation.
    private static func path(_ operation: APIOperation) -> String {
        let name: String =
            switch operation {
            case .putResource, .deleteResource: "putresource"
            default: "filed"
            }
        let path = operation.path.replacingOccurrences(of: "{kind}", with: "Service")
            .replacingOccurrences(of: "{namespace}", with: "default").replacingOccurrences(of: "{name}", with: name)
            .replacingOccurrences(of: "{id}", with: "none").replacingOccurrences(of: "{subject}", with: "0a")
        return operation == .watchResources ? path + "?timeoutSeconds=0" : path
    }

    private func check(_ answer: RunningControlPlane.Answer, _ operation: APIOperation, _ document: JSON) throws {
        let described = document["paths"]?[operation.path]?[operation.method.rawValue.lowercased()]
        // No workload or token of that name is there: their operations answer as the default describes.
        let isMissing = [.getWorkload, .removeWorkload, .workloadReady, .revokeToken, .whyAccess].contains(operation)
        #expect(answer.status < 300 || isMissing, "\(operation): \(answer.body)")
        let responses = described?["responses"]
        let response = try #require(responses?["\(answer.status)"] ?? responses?["default"])
        guard case .object(let content)? = response["content"], let (type, media) = content.first else {
            Issue.record("\(operation): no content is described")
            return
        }
        let actual = answer.headers.first(name: "content-type")?.split(separator: ";").first.map(String.init)
        #expect(actual == type, "\(operation)")
        if type == "application/json", case .object(let schema)? = media["schema"] {
            try validate(answer.decoded(JSON.self).value, schema, document, operation.rawValue)
        }
        if type == "application/x-ndjson" {
            for line in answer.body.split(separator: "\n") {
                let event = try APIJSON.decoder().decode(JSON.self, from: Data(line.utf8))
                try validate(event.value, ["$ref": .string("#/components/schemas/WatchEvent")], document, "watch")
            }
        }
    }

    private func description() throws -> JSON {
        try APIJSON.decoder().decode(JSON.self, from: Data(OpenAPIDocument.json.utf8))
    }

    /// The part of JSON Schema that the description uses. Properties that are not described are faults here: the
    /// description is to be complete, but for resources, whose fields are their kind's.
    private func validate(_ value: Value, _ schema: [String: Value], _ document: JSON, _ place: String) throws {
        if let reference = schema["$ref"]?.string {
            let name = String(reference.split(separator: "/").last ?? "")
            guard case .object(let target)? = document["components"]?["schemas"]?[name] else {
                Issue.record("\(place): no schema \(name)")
                return
            }
            return try validate(value, target, document, "\(place):\(name)")
        }
        switch (schema["type"]?.string, value) {
        case ("string", .string(let text)):
            if let allowed = schema["enum"]?.list {
                #expect(allowed.contains(.string(text)), "\(place): \(text) is not among \(allowed)")
            }
        case ("integer", .number(let number)): #expect(number == number.rounded(), "\(place)")
        case ("number", .number), ("boolean", .bool): break
        case ("array", .list(let items)):
            guard case .object(let item)? = schema["items"] else { return }
            for (index, element) in items.enumerated() { try validate(element, item, document, "\(place)[\(index)]") }
        case ("object", .object(let fields)):
            for name in schema["required"]?.list ?? [] {
                #expect(fields[name.string ?? ""] != nil, "\(place): \(name) is missing")
            }
            guard case .object(let properties)? = schema["properties"] else {
                if case .object(let every)? = schema["additionalProperties"] {
                    for (key, field) in fields { try validate(field, every, document, "\(place).\(key)") }
                }
                return
            }
            for (key, field) in fields {
                if case .object(let property)? = properties[key] {
                    try validate(field, property, document, "\(place).\(key)")
                } else {
                    #expect(place.contains("Resource"), "\(place).\(key) is not described")
                }
            }
        default: Issue.record("\(place): \(value) is not of type \(schema["type"]?.string ?? "")")
        }
    }
}
