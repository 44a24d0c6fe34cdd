import Foundation
import TulleConfig
import TulleModel

/// A resource as the API shows it: the author's document with what the store and the proxies say of it.
enum ResourceView {
    /// The annotation that names the owner: `api` or `file:PATH`.
    static let sourceAnnotation = "tulle.dev/source"

    static func json(_ stored: StoredResource, conditions: [Condition]?) -> JSON {
        // The store holds only what was written as JSON by this process or its like.
        guard case .object(var document)? = (try? YAMLReader.read(stored.document, file: ""))?.first?.value else {
            return JSON(.object([:]))
        }
        var metadata: [String: Value] = [:]
        if case .object(let fields)? = document["metadata"] { metadata = fields }
        metadata["resourceVersion"] = .string("\(stored.revision)")
        metadata["generation"] = .number(Double(stored.generation))
        metadata["creationTimestamp"] = .string(stored.createdAt.formatted(.iso8601))
        var annotations: [String: Value] = [:]
        if case .object(let fields)? = metadata["annotations"] { annotations = fields }
        annotations[sourceAnnotation] = .string(stored.owner.description)
        metadata["annotations"] = .object(annotations)
        document["metadata"] = .object(metadata)
        if let conditions {
            document["status"] = .object(["conditions": .list(conditions.map(\.value))])
        }
        return JSON(.object(document))
    }

    /// The document of a request that was only tried.
    static func dryRun(_ bytes: [UInt8]) throws -> JSON {
        JSON(try YAMLReader.read(bytes, file: "").first { !$0.isNull }?.value ?? .null)
    }
}

extension Condition {
    fileprivate var value: Value {
        .object([
            "type": .string(type), "status": .string(status.rawValue), "reason": .string(reason),
            "message": .string(message), "observedGeneration": .number(Double(observedGeneration)),
        ])
    }
}
