public import Foundation

/// One resource as the store keeps it: the author's document and the store's own account of it.
public struct StoredResource: Hashable, Sendable {
    public var key: StoredKey
    /// The API version that the document was written in, without its group (`v1`, `v1alpha1`).
    public var version: String
    /// The canonical JSON of the document (keys sorted), without what the store itself adds.
    public var document: String
    /// Counts the changes of the document, from 1.
    public var generation: Int64
    /// The store's revision of the last change: what authors see as `resourceVersion`.
    public var revision: Int64
    public var createdAt: Date
    /// The revision that it was created at: equal to `revision` in a change that made it.
    public var createdRevision: Int64
    public var owner: ResourceOwner

    public init(
        key: StoredKey, version: String, document: String, generation: Int64, revision: Int64, createdAt: Date,
        createdRevision: Int64, owner: ResourceOwner
    ) {
        self.key = key
        self.version = version
        self.document = document
        self.generation = generation
        self.revision = revision
        self.createdAt = createdAt
        self.createdRevision = createdRevision
        self.owner = owner
    }
}

/// What a writer hands to the store; generation, revision and time of birth are the store's to set.
public struct ResourceDraft: Hashable, Sendable {
    public var key: StoredKey
    public var version: String
    public var document: String
    public var owner: ResourceOwner

    public init(key: StoredKey, version: String, document: String, owner: ResourceOwner) {
        self.key = key
        self.version = version
        self.document = document
        self.owner = owner
    }
}
