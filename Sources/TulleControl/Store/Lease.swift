public import Foundation

/// A claim on a name that ends by itself unless renewed: how several control planes agree who leads.
public struct Lease: Hashable, Sendable {
    public var name: String
    public var holder: String
    public var ttl: Duration
    public var expiresAt: Date
    /// Grows with each new holder: a write fenced by an older token comes from one who lost the lease.
    public var token: Int64

    public init(name: String, holder: String, ttl: Duration, expiresAt: Date, token: Int64) {
        self.name = name
        self.holder = holder
        self.ttl = ttl
        self.expiresAt = expiresAt
        self.token = token
    }
}
