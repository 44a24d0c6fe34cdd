import Foundation
import Logging
import Synchronization
import Testing
import TulleIdentity
import TulleXDSServer

@testable import TulleControl

/// A registration authority of a test's own: its files in a folder, its time in the test's hand.
final class IdentityFixture {
    /// The time that the authority goes by.
    final class Moment: Sendable {
        // Set by the test, read by the authority's calls.
        private let date = Mutex(Date(timeIntervalSince1970: 1_800_000_000))

        var now: Date {
            get { date.withLock { $0 } }
            set { date.withLock { $0 = newValue } }
        }
    }

    let folder: String
    let store: SQLiteStore
    let authority: Authority
    let registration: RegistrationAuthority
    let moment = Moment()

    init(users: LocalIdentities = LocalIdentities([])) throws {
        folder = NSTemporaryDirectory() + "tulle-identity-\(UUID().uuidString)"
        store = try SQLiteStore(path: folder + "/mesh.db")
        authority = try AuthorityFiles(folder: folder + "/ca").open(
            trustDomain: try TrustDomain("example.org"), lifetime: Authority.defaultLifetime, at: moment.now)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        registration = RegistrationAuthority(
            authority: authority, store: store, users: users, logger: logger, now: { [moment] in moment.now })
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A new token, kept.
    func token(_ account: String = "shop/cart", uses: Int = 1, ttl: TimeInterval = 600) async throws -> JoinToken {
        let token = JoinToken()
        try await store.add(
            JoinTokenRecord(
                id: token.id, hash: token.hash, account: try ServiceAccount(account), createdAt: moment.now,
                expiresAt: moment.now + ttl, uses: uses),
            at: moment.now)
        return token
    }

    /// The refusal of a call; nil when it got a certificate.
    func refusal(_ call: CertificateCall) async -> CertificateRefusal? {
        do throws(CertificateRefusal) {
            _ = try await registration.issue(call)
            return nil
        } catch {
            return error
        }
    }

    /// The DER of a PEM certificate.
    static func der(_ pem: String) throws -> [UInt8] {
        let base64 = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        return Array(try #require(Data(base64Encoded: base64)))
    }

    /// By `openssl req`; it names CN=whoever.
    static let csr = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIHMMHQCAQAwEjEQMA4GA1UEAwwHd2hvZXZlcjBZMBMGByqGSM49AgEGCCqGSM49
        AwEHA0IABMkn+z2K+PGlZh0F8C9eAtBUo2VQLeKis4S56BtBgR/WiOXFcq6kB3sU
        0Pc4P55lWWCK77gcV2zUGMMNjdDF/AWgADAKBggqhkjOPQQDAgNIADBFAiEAy/a+
        1wUBUeRHKPGAhP0D2ZlV+8wZYe9EQMCV2jDJy8YCIDDPle/ntI916CVVCznj+DJ7
        ao3JKLxnw7eDhw3fAW0v
        -----END CERTIFICATE REQUEST-----
        """
}
