public import Foundation

/// `POST /api/v1/tokens`: what a join token is asked for with.
public struct JoinTokenRequest: Codable, Hashable, Sendable {
    /// `NAMESPACE/NAME`.
    public var serviceAccount: String
    public var ttlSeconds: Int
    public var uses: Int

    public init(serviceAccount: String, ttlSeconds: Int, uses: Int) {
        self.serviceAccount = serviceAccount
        self.ttlSeconds = ttlSeconds
        self.uses = uses
    }
}

/// A join token without its secret.
public struct JoinTokenView: Codable, Hashable, Sendable {
    public var id: String
    public var serviceAccount: String
    public var createdAt: Date
    public var expiresAt: Date
    public var uses: Int
    public var used: Int
    public var lastUsedAt: Date?
    /// `active`, `used`, `expired` or `revoked`.
    public var state: String

    public init(
        id: String, serviceAccount: String, createdAt: Date, expiresAt: Date, uses: Int, used: Int, lastUsedAt: Date?,
        state: String
    ) {
        self.id = id
        self.serviceAccount = serviceAccount
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.uses = uses
        self.used = used
        self.lastUsedAt = lastUsedAt
        self.state = state
    }
}

/// A new join token: the only answer that ever has the secret.
public struct NewJoinToken: Codable, Hashable, Sendable {
    public var token: String
    public var record: JoinTokenView

    public init(token: String, record: JoinTokenView) {
        self.token = token
        self.record = record
    }
}

public struct JoinTokenList: Codable, Hashable, Sendable {
    public var items: [JoinTokenView]

    public init(items: [JoinTokenView]) { self.items = items }
}

/// `GET /api/v1/ca`: the authority, what it issued and whom it refuses.
public struct AuthorityView: Codable, Hashable, Sendable {
    /// A certificate of the authority's own.
    public struct Certificate: Codable, Hashable, Sendable {
        public var subject: String
        public var serial: String
        /// SHA-256, as openssl prints it.
        public var fingerprint: String
        public var notBefore: Date
        public var notAfter: Date

        public init(subject: String, serial: String, fingerprint: String, notBefore: Date, notAfter: Date) {
            self.subject = subject
            self.serial = serial
            self.fingerprint = fingerprint
            self.notBefore = notBefore
            self.notAfter = notAfter
        }
    }

    /// A workload's certificate.
    public struct Issued: Codable, Hashable, Sendable {
        public var serial: String
        public var id: String
        /// How its holder proved who he is.
        public var proof: String
        public var issuedAt: Date
        public var expiresAt: Date

        public init(serial: String, id: String, proof: String, issuedAt: Date, expiresAt: Date) {
            self.serial = serial
            self.id = id
            self.proof = proof
            self.issuedAt = issuedAt
            self.expiresAt = expiresAt
        }
    }

    public var trustDomain: String
    /// Where workloads get certificates; empty until it listens.
    public var signing: String
    /// The path of the socket where local users get them; empty where there is none.
    public var socket: String
    public var lifetimeSeconds: Int
    /// The signing one first, the root last.
    public var certificates: [Certificate]
    /// How many certificates were ever issued, and how many of them live.
    public var issued: Int
    public var live: Int
    /// The live ones that expire first.
    public var expiresNext: [Issued]
    public var denied: [DenialView]

    public init(
        trustDomain: String, signing: String, socket: String, lifetimeSeconds: Int, certificates: [Certificate],
        issued: Int, live: Int, expiresNext: [Issued], denied: [DenialView]
    ) {
        self.trustDomain = trustDomain
        self.signing = signing
        self.socket = socket
        self.lifetimeSeconds = lifetimeSeconds
        self.certificates = certificates
        self.issued = issued
        self.live = live
        self.expiresNext = expiresNext
        self.denied = denied
    }
}

/// `POST /api/v1/ca/denied`: who is to get no certificate any more.
public struct DenialRequest: Codable, Hashable, Sendable {
    /// A SPIFFE ID or a certificate's serial.
    public var subject: String

    public init(subject: String) { self.subject = subject }
}

public struct DenialView: Codable, Hashable, Sendable {
    public var subject: String
    public var createdAt: Date

    public init(subject: String, createdAt: Date) {
        self.subject = subject
        self.createdAt = createdAt
    }
}
