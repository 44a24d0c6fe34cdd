import Foundation
import Logging
import Synchronization
import TulleIdentity
import TulleXDSServer

/// Decides who gets a certificate and for whom: the caller proves who he is by a join token, by the certificate that he
/// has, or by being a local user, and the authority signs his key for that identity and no other.
struct RegistrationAuthority: CertificateIssuer {
    let authority: Authority
    let store: any IdentityStore
    let users: LocalIdentities
    let logger: Logger
    let now: @Sendable () -> Date
    private let verifier: SVIDVerifier
    /// Counted by all calls, in short sections.
    private let rate = RateBox()

    init(
        authority: Authority, store: any IdentityStore, users: LocalIdentities, logger: Logger,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.authority = authority
        self.store = store
        self.users = users
        self.logger = logger
        self.now = now
        verifier = SVIDVerifier(authority)
    }

    /// Who the caller is, and how that was shown.
    private struct Caller {
        var id: SPIFFEID
        var proof: String
        /// To be counted when the certificate is handed out.
        var token: JoinToken?
        /// The certificate that he came with.
        var serial: String?
    }

    func issue(_ call: CertificateCall) async throws(CertificateRefusal) -> [String] {
        // Without a line in the log: who calls too often is not to fill it.
        guard rate.take(Self.address(call)) else {
            throw CertificateRefusal(
                .resourceExhausted, "too many calls for certificates from one address: try again later")
        }
        do {
            return try await decide(call)
        } catch {
            logger.notice("certificate refused", metadata: ["peer": "\(call.peer)", "reason": "\(error)"])
            throw Self.explain(error)
        }
    }

    private func decide(_ call: CertificateCall) async throws -> [String] {
        let now = now()
        let caller = try await authenticate(call, at: now)
        // After the proof: a stranger learns nothing of how requests are read.
        let request = try SigningRequest(pem: call.csr)
        let subjects = [.id(caller.id)] + (caller.serial.map { [DeniedSubject.serial($0)] } ?? [])
        let issued = try authority.issue(request, to: caller.id, lifetime: call.lifetime, at: now)
        try await store.record(
            IssuedRecord(
                serial: issued.serial, id: issued.id, proof: caller.proof, issuedAt: now, expiresAt: issued.notAfter),
            redeeming: caller.token, unlessDenied: subjects)
        logger.info(
            "certificate issued",
            metadata: [
                "id": "\(issued.id)", "serial": "\(issued.serial)", "proof": "\(caller.proof)",
                "until": "\(issued.notAfter.formatted(.iso8601))", "peer": "\(call.peer)",
            ])
        return issued.chain
    }

    private func authenticate(_ call: CertificateCall, at now: Date) async throws -> Caller {
        let caller: Caller
        if let bearer = call.bearer {
            guard let token = JoinToken(bearer) else { throw JoinTokenRefusal.malformed }
            guard let record = try await store.token(token.id) else { throw JoinTokenRefusal.unknown }
            // Looked at here and counted at the end, in one transaction with the certificate: a wrong request does not
            // spend the token.
            try record.check(token, at: now)
            caller = Caller(
                id: SPIFFEID(record.account, in: authority.trustDomain), proof: "token \(token.id)", token: token)
        } else if !call.certificates.isEmpty {
            let peer = try await verifier.verify(call.certificates, at: now)
            caller = Caller(id: peer.id, proof: "certificate \(peer.serial)", serial: peer.serial)
        } else if let user = call.user {
            let account = try Self.askedFor(call.metadata)
            guard users.mayBe(account, user: user) else {
                throw CertificateRefusal(
                    .permissionDenied,
                    "user \(user) may not be \(account) here: --local-identity \(user)=\(account) would allow it")
            }
            caller = Caller(id: SPIFFEID(account, in: authority.trustDomain), proof: "user \(user)")
        } else {
            throw CertificateRefusal(
                .unauthenticated,
                "nothing says who the caller is: a join token (authorization: Bearer) or a client certificate is needed"
            )
        }
        guard caller.id.account != .control else {
            throw CertificateRefusal(.permissionDenied, "\(caller.id) is the control plane's own: nobody else gets it")
        }
        return caller
    }

    /// Who a local caller wants to be, in the names of Istio's node metadata.
    private static func askedFor(_ metadata: [String: String]) throws -> ServiceAccount {
        guard let name = metadata["SERVICE_ACCOUNT"] else {
            throw CertificateRefusal(
                .invalidArgument, "the request's metadata names no SERVICE_ACCOUNT (and NAMESPACE): who is it for?")
        }
        return try ServiceAccount(namespace: metadata["NAMESPACE"] ?? "default", name: name)
    }

    /// The caller without his port: `ipv4:10.0.0.7`, or the local user.
    private static func address(_ call: CertificateCall) -> String {
        if let user = call.user { return "user \(user)" }
        return call.peer.lastIndex(of: ":").map { String(call.peer[..<$0]) } ?? call.peer
    }

    private static func explain(_ error: any Error) -> CertificateRefusal {
        switch error {
        case let refusal as CertificateRefusal: refusal
        case let refusal as JoinTokenRefusal: CertificateRefusal(.unauthenticated, "\(refusal)")
        case let refusal as SVIDRefusal: CertificateRefusal(.unauthenticated, "\(refusal)")
        case IdentityRefusal.denied(let denied):
            CertificateRefusal(
                .permissionDenied, "\(denied) is on the deny list: `tulle ca deny --undo \(denied)` takes it off")
        case IdentityRefusal.tooMany(let id, let live):
            CertificateRefusal(
                .resourceExhausted, "\(live) certificates of \(id) live: no more until some of them expire")
        case let error as SigningRequestError: CertificateRefusal(.invalidArgument, "\(error)")
        case let error as SPIFFEError: CertificateRefusal(.invalidArgument, "\(error)")
        case let error as AuthorityError: CertificateRefusal(.unavailable, "\(error)")
        // Such as a full disk, which is no stranger's business.
        default: CertificateRefusal(.unavailable, "no certificate can be signed now: the control plane's log says why")
        }
    }
}

/// The rates of all callers, behind a lock.
private final class RateBox: Sendable {
    private let rates = Mutex(SigningRate())

    func take(_ caller: String) -> Bool { rates.withLock { $0.take(caller, at: .now) } }
}
