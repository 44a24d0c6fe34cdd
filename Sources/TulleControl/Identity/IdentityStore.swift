import Foundation
import TulleIdentity

/// Where the control plane keeps what it knows of tokens, certificates and denials. Each change survives a kill once
/// its method has returned, so that no restart makes a spent token good again.
protocol IdentityStore: Sendable {
    func add(_ token: JoinTokenRecord, at now: Date) async throws
    /// Oldest first; those that ended are kept for some days.
    func tokens() async throws -> [JoinTokenRecord]
    func token(_ id: String) async throws -> JoinTokenRecord?
    /// Returns the token as it is now, nil when there is none.
    func revokeToken(_ id: String, at now: Date) async throws -> JoinTokenRecord?

    /// Writes down a certificate before it is handed out, and counts the use of the token that it is for: both or
    /// neither. Throws `JoinTokenRefusal`, or `IdentityRefusal` when one of the subjects is denied by then.
    func record(
        _ certificate: IssuedRecord, redeeming token: JoinToken?, unlessDenied subjects: [DeniedSubject]
    ) async throws
    /// - Parameter limit: how many of those that expire next are told one by one.
    func issued(at now: Date, limit: Int) async throws -> IssuedSummary

    func deny(_ subject: DeniedSubject, at now: Date) async throws -> Denial
    /// Takes a denial back; false when there was none.
    func allow(_ subject: DeniedSubject) async throws -> Bool
    func denials() async throws -> [Denial]
}

/// Why a certificate that was signed is not handed out.
enum IdentityRefusal: Error, Hashable {
    case denied(DeniedSubject)
    case tooMany(SPIFFEID, live: Int)
}

/// A certificate as the control plane remembers it.
struct IssuedRecord: Hashable, Sendable {
    var serial: String
    var id: SPIFFEID
    /// How the caller proved who he is.
    var proof: String
    var issuedAt: Date
    var expiresAt: Date
}

/// The certificates that live now.
struct IssuedSummary: Hashable, Sendable {
    /// Ever.
    var total: Int
    var live: Int
    /// Those that expire first.
    var next: [IssuedRecord]
}
