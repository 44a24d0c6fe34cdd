import Foundation
import TulleIdentity

/// What the API does about join tokens and the authority.
struct IdentityHandlers: Sendable {
    // A token is for joining, not for keeping: a month covers a machine image that is renewed monthly.
    static let maxTTL = 30 * 24 * 3600
    static let maxUses = 1_000_000
    // Enough to see what comes; all of a large mesh is nobody's reading.
    static let shownCertificates = 20

    let authority: Authority
    let store: any IdentityStore
    /// `HOST:PORT` of the signing server; empty until it listens.
    let signingAddress: Announcement
    /// The path of the socket where local users get certificates; empty where there is none.
    let socket: String

    func createToken(_ request: JoinTokenRequest) async throws -> NewJoinToken {
        let account: ServiceAccount
        do {
            account = try ServiceAccount(request.serviceAccount)
        } catch {
            throw APIError(.badRequest, "serviceAccount: \(error)")
        }
        guard account != .control else {
            throw APIError(.badRequest, "serviceAccount: \(account) is the control plane's own: nobody joins as it")
        }
        guard (1...Self.maxTTL).contains(request.ttlSeconds) else {
            throw APIError(.badRequest, "ttlSeconds \(request.ttlSeconds): 1 to \(Self.maxTTL), a month, is right")
        }
        guard (1...Self.maxUses).contains(request.uses) else {
            throw APIError(.badRequest, "uses \(request.uses): 1 to \(Self.maxUses) is right")
        }
        let token = JoinToken()
        let now = Date()
        let record = JoinTokenRecord(
            id: token.id, hash: token.hash, account: account, createdAt: now,
            expiresAt: now + TimeInterval(request.ttlSeconds), uses: request.uses)
        try await store.add(record, at: now)
        return NewJoinToken(token: token.text, record: Self.view(record, at: now))
    }

    func tokens() async throws -> JoinTokenList {
        let now = Date()
        return JoinTokenList(items: try await store.tokens().map { Self.view($0, at: now) })
    }

    func revokeToken(_ id: String) async throws -> JoinTokenView {
        let now = Date()
        guard let record = try await store.revokeToken(id, at: now) else {
            throw APIError(.notFound, "no join token \"\(id)\" is known: `tulle token list` shows the ids")
        }
        return Self.view(record, at: now)
    }

    func authorityView() async throws -> AuthorityView {
        let issued = try await store.issued(at: Date(), limit: Self.shownCertificates)
        return AuthorityView(
            trustDomain: authority.trustDomain.name, signing: signingAddress.text, socket: socket,
            lifetimeSeconds: Int(authority.lifetime.components.seconds),
            certificates: try authority.summaries.map {
                AuthorityView.Certificate(
                    subject: $0.subject, serial: $0.serial, fingerprint: $0.fingerprint, notBefore: $0.notBefore,
                    notAfter: $0.notAfter)
            },
            issued: issued.total, live: issued.live,
            expiresNext: issued.next.map {
                AuthorityView.Issued(
                    serial: $0.serial, id: $0.id.description, proof: $0.proof, issuedAt: $0.issuedAt,
                    expiresAt: $0.expiresAt)
            },
            denied: try await store.denials().map(Self.view))
    }

    func bundle() throws -> String { try authority.bundle }

    func deny(_ text: String) async throws -> DenialView {
        let subject = try Self.subject(text)
        if case .id(let id) = subject, id.trustDomain != authority.trustDomain {
            throw APIError(
                .badRequest,
                "\(id) is of another trust domain and gets nothing here: this mesh's is \(authority.trustDomain)")
        }
        return Self.view(try await store.deny(subject, at: Date()))
    }

    func allow(_ text: String) async throws -> Health {
        let subject = try Self.subject(text)
        guard try await store.allow(subject) else {
            throw APIError(.notFound, "\(subject) is not on the deny list: `tulle ca status` shows it")
        }
        return Health(status: "ok")
    }

    private static func subject(_ text: String) throws -> DeniedSubject {
        do {
            return try DeniedSubject(text)
        } catch let error as SPIFFEError {
            throw APIError(.badRequest, "\(error)")
        }
    }

    private static func view(_ record: JoinTokenRecord, at now: Date) -> JoinTokenView {
        JoinTokenView(
            id: record.id, serviceAccount: record.account.description, createdAt: record.createdAt,
            expiresAt: record.expiresAt, uses: record.uses, used: record.used, lastUsedAt: record.lastUsedAt,
            state: record.state(at: now).rawValue)
    }

    private static func view(_ denial: Denial) -> DenialView {
        DenialView(subject: denial.subject.description, createdAt: denial.createdAt)
    }
}
