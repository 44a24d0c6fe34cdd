import Foundation
import TulleConfig
public import TulleModel

/// Changes through the API.
extension ResourceKeeper {
    /// What a caller wants to be so of a resource before it is changed.
    public enum Precondition: Hashable, Sendable {
        case none
        /// `If-None-Match: *`, or a POST.
        case absent
        /// `If-Match: *`
        case present
        /// `If-Match: "N"`
        case revision(Int64)
    }

    /// Checks and writes all resources of some documents, or none.
    ///
    /// - Parameters:
    ///   - bytes: YAML or JSON, one document or many.
    ///   - file: the name that errors give; empty for none.
    ///   - only: the key that the documents must have, exactly once (`PUT` and `POST` of one resource).
    /// - Throws: `APIError`, or `StoreError`.
    public func apply(
        _ bytes: [UInt8], file: String = "", only: ResourceKey? = nil, one: Bool = false,
        precondition: Precondition = .none, dryRun: Bool = false
    ) async throws -> ApplyResult {
        let (set, versions) = try Self.decode(bytes, file: file)
        if one || only != nil { try Self.checkSingle(set, only) }
        return try await exclusively {
            var writes: [StoreWrite] = []
            var items: [ApplyResult.Item] = []
            var foreign: [APIError.Detail] = []
            for document in set.documents {
                let present = snapshot.entries[document.key]?.stored
                if watchesFiles, let present, case .file(let path) = present.owner {
                    foreign.append(
                        APIError.Detail(
                            document, "\(document.key) belongs to the watched file \(path): change it there"))
                    continue
                }
                var asked = precondition
                if let version = versions[document.key] { asked = .revision(version) }
                if precondition != .none { try Self.check(precondition, document.key, present) }
                try Self.check(asked, document.key, present)
                let draft = ResourceDraft(document, owner: .api)
                let same = present?.document == draft.document && present?.owner == .api
                items.append(
                    ApplyResult.Item(
                        document, outcome: present == nil ? .created : same ? .unchanged : .configured,
                        revision: same ? present?.revision : nil))
                if !same {
                    writes.append(.put(draft, if: present.map { .revision($0.revision) } ?? .absent))
                }
            }
            guard foreign.isEmpty else {
                throw APIError(.ownedElsewhere, foreign[0].message, details: foreign)
            }
            do throws(ConfigurationErrors) {
                try set.validate(against: directory)
            } catch {
                throw APIError(error)
            }
            if dryRun || writes.isEmpty {
                return ApplyResult(dryRun: dryRun, resourceVersion: "\(snapshot.revision)", items: items)
            }
            let commit = try await commit(writes)
            for index in items.indices where items[index].outcome != .unchanged {
                items[index].resourceVersion = "\(commit.revision)"
            }
            return ApplyResult(dryRun: false, resourceVersion: "\(commit.revision)", items: items)
        }
    }

    /// Deletes one resource.
    public func delete(
        _ key: ResourceKey, precondition: Precondition = .none, dryRun: Bool = false
    ) async throws -> ApplyResult {
        try await exclusively {
            guard let present = snapshot.entries[key]?.stored else {
                throw APIError(.notFound, "\(key) does not exist")
            }
            if watchesFiles, case .file(let path) = present.owner {
                throw APIError(.ownedElsewhere, "\(key) belongs to the watched file \(path): delete it there")
            }
            try Self.check(precondition, key, present)
            var result = ApplyResult(
                dryRun: dryRun, resourceVersion: "\(snapshot.revision)",
                items: [
                    ApplyResult.Item(
                        apiVersion: present.apiVersion, kind: key.kind.rawValue, namespace: key.namespace,
                        name: key.name, outcome: .deleted)
                ])
            guard !dryRun else { return result }
            let commit = try await commit([.delete(key.stored, if: .revision(present.revision))])
            result.resourceVersion = "\(commit.revision)"
            result.items[0].resourceVersion = "\(commit.revision)"
            return result
        }
    }

    private static func check(
        _ precondition: Precondition, _ key: ResourceKey, _ present: StoredResource?
    ) throws {
        switch precondition {
        case .none: break
        case .absent where present == nil: break
        case .present where present != nil: break
        case .revision(let revision) where present?.revision == revision: break
        case .absent:
            throw APIError(StoreError.conflict(key.stored, expected: .absent, actual: present?.revision))
        case .present:
            throw APIError(.conflict, "\(key) does not exist")
        case .revision(let revision):
            throw APIError(
                StoreError.conflict(key.stored, expected: .revision(revision), actual: present?.revision))
        }
    }

    private static func checkSingle(_ set: ResourceSet, _ only: ResourceKey?) throws {
        guard set.documents.count == 1 else {
            throw APIError(
                .badRequest, "the body holds \(set.documents.count) resources, expected one; /api/v1/apply takes many")
        }
        if let only, set.documents[0].key != only {
            throw APIError(.badRequest, "the body holds \(set.documents[0].key), but the path names \(only)")
        }
    }

    /// The documents, and the `metadata.resourceVersion` of those that give one: their authors want to change that
    /// version and no other.
    private static func decode(
        _ bytes: [UInt8], file: String
    ) throws -> (ResourceSet, [ResourceKey: Int64]) {
        do {
            let roots = try YAMLReader.read(bytes, file: file).flatMap { root in
                // A JSON list of resources is what a program sends that has several.
                root.sequence ?? [root]
            }
            let set = try ResourceSet.decode(roots, file: file)
            guard !set.documents.isEmpty else { throw APIError(.badRequest, "the body holds no resource") }
            var versions: [ResourceKey: Int64] = [:]
            for node in roots.flatMap({ $0["kind"]?.scalar?.text == "List" ? $0["items"]?.sequence ?? [] : [$0] }) {
                let metadata = node["metadata"]
                guard let text = metadata?["resourceVersion"]?.scalar?.text, !text.isEmpty,
                    let kind = ResourceKind(rawValue: node["kind"]?.scalar?.text ?? ""),
                    let name = metadata?["name"]?.scalar?.text
                else { continue }
                guard let version = Int64(text) else {
                    throw APIError(
                        .badRequest,
                        "metadata.resourceVersion \(ConfigurationError.quoted(text)) is not one that this api gave out")
                }
                let namespace = metadata?["namespace"]?.scalar?.text ?? "default"
                versions[ResourceKey(kind: kind, namespace: namespace, name: name)] = version
            }
            return (set, versions)
        } catch let error as ConfigurationErrors {
            throw APIError(error)
        } catch let error as ConfigurationError {
            throw APIError(ConfigurationErrors(error))
        }
    }
}

extension ResourceDraft {
    /// A checked document as the store keeps it.
    init(_ document: ResourceDocument, owner: ResourceOwner) {
        let apiVersion = document.node["apiVersion"]?.scalar?.text ?? ""
        let version = apiVersion.split(separator: "/").last.map(String.init) ?? apiVersion
        self.init(key: document.key.stored, version: version, document: Self.canonical(document.node), owner: owner)
    }

    /// JSON with sorted keys, without the annotation that the API adds: what a caller read and sends back unchanged is
    /// the same document, in whatever order his tools have put it.
    private static func canonical(_ node: YAMLNode) -> String {
        var value = node.value
        if case .object(var document) = value, case .object(var metadata)? = document["metadata"],
            case .object(var annotations)? = metadata["annotations"]
        {
            annotations[ResourceView.sourceAnnotation] = nil
            metadata["annotations"] = annotations.isEmpty ? nil : .object(annotations)
            document["metadata"] = .object(metadata)
            value = .object(document)
        }
        // A value of YAML has no number that JSON lacks: the reader refuses infinities where a number is meant.
        guard let bytes = try? APIJSON.encoder().encode(JSON(value)) else {
            return YAMLWriter.json(node, indented: false)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension StoredResource {
    /// `GROUP/VERSION`, or the version alone in the core group.
    var apiVersion: String { key.group.isEmpty ? version : "\(key.group)/\(version)" }
}

extension ApplyResult.Item {
    init(_ document: ResourceDocument, outcome: ApplyResult.Outcome, revision: Int64?) {
        self.init(
            apiVersion: document.node["apiVersion"]?.scalar?.text ?? "", kind: document.key.kind.rawValue,
            namespace: document.key.namespace, name: document.key.name, outcome: outcome,
            resourceVersion: revision.map(String.init))
    }
}

extension APIError {
    /// What is wrong with documents, each fault with its place.
    init(_ errors: ConfigurationErrors) {
        var first = errors.errors.first?.description ?? "the resources are wrong"
        if let error = errors.errors.first, error.file.isEmpty, let mark = error.mark {
            first = "line \(mark.line): \(error.path.isEmpty ? "" : "\(error.path): ")\(error.explanation)"
        }
        let more = errors.errors.count > 1 ? " (and \(errors.errors.count - 1) more)" : ""
        self.init(.invalid, first + more, details: errors.errors.map(APIError.Detail.init))
    }
}

extension APIError.Detail {
    init(_ error: ConfigurationError) {
        self.init(
            file: error.file.isEmpty ? nil : error.file, line: error.line, column: error.column,
            path: error.path.isEmpty ? nil : error.path, message: error.explanation)
    }

    /// About a document as a whole.
    init(_ document: ResourceDocument, _ message: String) {
        self.init(
            file: document.file.isEmpty ? nil : document.file, line: document.node.mark.line,
            column: document.node.mark.column, message: message)
    }
}
