import Crypto
public import FoundationEssentials

/// A secret with which a workload that has no certificate yet proves who it may be, a limited number of times.
///
/// Its text is `tulle-join-ID-SECRET`: the id, which may be shown, names the record to look up; of the secret only the
/// SHA-256 hash is kept. A slow hash would add nothing to 256 random bits.
public struct JoinToken: Hashable, Sendable, CustomStringConvertible {
    private static let prefix = "tulle-join-"
    private static let idBytes = 8
    private static let secretBytes = 32

    /// 16 hex digits.
    public let id: String
    private let secret: [UInt8]

    /// A new one, from the system's generator.
    public init() {
        var generator = SystemRandomNumberGenerator()
        self.init(using: &generator)
    }

    init(using generator: inout some RandomNumberGenerator) {
        id = Hex.text((0..<Self.idBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        secret = (0..<Self.secretBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Reads a token's text; nil when it is none.
    public init?(_ text: String) {
        guard text.utf8.count == Self.prefix.utf8.count + 2 * (Self.idBytes + Self.secretBytes) + 1,
            text.hasPrefix(Self.prefix)
        else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = Hex.bytes(parts[0]), id.count == Self.idBytes,
            let secret = Hex.bytes(parts[1]), secret.count == Self.secretBytes
        else { return nil }
        self.id = String(parts[0])
        self.secret = secret
    }

    /// The whole of it, for its bearer alone.
    public var text: String { "\(Self.prefix)\(id)-\(Hex.text(secret))" }

    /// What is kept of the secret.
    public var hash: [UInt8] { Array(SHA256.hash(data: secret)) }

    /// Without the secret, so that no log has it.
    public var description: String { "\(Self.prefix)\(id)-…" }
}

/// A join token as the control plane keeps it, and the decision whether it still serves.
public struct JoinTokenRecord: Hashable, Sendable {
    public let id: String
    public let hash: [UInt8]
    public let account: ServiceAccount
    public let createdAt: Date
    public let expiresAt: Date
    /// How often it may be used.
    public let uses: Int
    public var used: Int
    public var lastUsedAt: Date?
    public var revokedAt: Date?

    public init(
        id: String, hash: [UInt8], account: ServiceAccount, createdAt: Date, expiresAt: Date, uses: Int, used: Int = 0,
        lastUsedAt: Date? = nil, revokedAt: Date? = nil
    ) {
        self.id = id
        self.hash = hash
        self.account = account
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.uses = uses
        self.used = used
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }

    public enum State: String, Hashable, Sendable {
        case active, used, expired, revoked
    }

    public func state(at now: Date) -> State {
        if revokedAt != nil { return .revoked }
        if used >= uses { return .used }
        return expiresAt <= now ? .expired : .active
    }

    /// Whether the token is this record's and may be used once more. Who lacks the secret learns nothing of the state.
    public func check(_ token: JoinToken, at now: Date) throws(JoinTokenRefusal) {
        guard token.id == id, Self.isEqual(token.hash, hash) else { throw .unknown }
        switch state(at: now) {
        case .active: return
        case .revoked: throw .revoked
        case .expired: throw .expired(at: expiresAt)
        case .used:
            guard uses == 1 else { throw .exhausted(uses: uses) }
            throw .replayed(usedAt: lastUsedAt ?? createdAt)
        }
    }

    /// Counts one use.
    public mutating func redeem(_ token: JoinToken, at now: Date) throws(JoinTokenRefusal) {
        try check(token, at: now)
        used += 1
        lastUsedAt = now
    }

    /// In a time that does not depend on where they differ.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// Why a join token is refused, and what helps.
public enum JoinTokenRefusal: Error, Hashable, Sendable {
    case malformed
    case unknown
    case revoked
    case expired(at: Date)
    /// A token of one use came again.
    case replayed(usedAt: Date)
    case exhausted(uses: Int)
}

extension JoinTokenRefusal: CustomStringConvertible {
    public var description: String {
        let remedy = "make another with `tulle token create`"
        return switch self {
        case .malformed:
            "what the bearer sent is no join token: tulle-join-ID-SECRET, as `tulle token create` prints it"
        case .unknown: "the join token is not known here: \(remedy)"
        case .revoked: "the join token was revoked: \(remedy)"
        case .expired(let date): "the join token expired at \(date.formatted(.iso8601)): \(remedy)"
        case .replayed(let date):
            "the join token was used already, at \(date.formatted(.iso8601)), and serves once: \(remedy)"
        case .exhausted(let uses): "the join token's \(uses) uses are spent: \(remedy)"
        }
    }
}
