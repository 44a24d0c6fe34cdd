public import FoundationEssentials
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// Tells from an X.509 certificate and the mesh's roots who a peer is (X509-SVID, section 5).
public struct SVIDVerifier: Sendable {
    // A workload's chain has one or two certificates above the leaf.
    private static let maxCertificates = 8

    private let trustDomain: TrustDomain
    private let roots: [Certificate]
    /// The authority's own. Those that a peer sends are not looked at: another authority below the same root is not this mesh's,
    /// and to search for a way through a stranger's certificates may take long.
    private let intermediates: [Certificate]

    public init(_ authority: Authority) {
        trustDomain = authority.trustDomain
        roots = [authority.root]
        intermediates = authority.chain.dropLast()
    }

    /// A peer that proved to be somebody.
    public struct Peer: Hashable, Sendable {
        public let id: SPIFFEID
        public let serial: String
        public let notAfter: Date
    }

    /// - Parameter chain: the peer's certificates as DER, its own first. That it has the key is for the handshake to
    ///   have proved.
    public func verify(_ chain: [[UInt8]], at now: Date) async throws(SVIDRefusal) -> Peer {
        guard !chain.isEmpty, chain.count <= Self.maxCertificates,
            let leaf = try? Certificate(derEncoded: chain[0])
        else { throw .unreadable }
        let id = try Self.id(of: leaf)
        guard id.trustDomain == trustDomain else { throw .trustDomain(id, ours: trustDomain) }
        guard now < leaf.notValidAfter else { throw .expired(leaf.notValidAfter) }
        guard leaf.notValidBefore <= now else { throw .notYetValid(leaf.notValidBefore) }
        guard case .notCertificateAuthority = (try? leaf.extensions.basicConstraints) ?? .notCertificateAuthority,
            (try? leaf.extensions.keyUsage)?.keyCertSign != true, id.account != nil
        else { throw .notLeaf(id) }
        if let usages = try? leaf.extensions.extendedKeyUsage, !usages.contains(.clientAuth) {
            throw .usage(id)
        }
        var verifier = Verifier(rootCertificates: CertificateStore(roots)) {
            RFC5280Policy(fixedExpiryValidationTime: now)
            SVIDPolicy()
        }
        let result = await verifier.validate(
            leaf: leaf, intermediates: CertificateStore(intermediates))
        guard case .validCertificate = result else { throw .untrusted(id) }
        return Peer(id: id, serial: leaf.serialText, notAfter: leaf.notValidAfter)
    }

    /// X509-SVID, section 2: exactly one URI among the names.
    private static func id(of leaf: Certificate) throws(SVIDRefusal) -> SPIFFEID {
        guard let names = try? leaf.extensions.subjectAlternativeNames else { throw .names(0) }
        let uris = names.compactMap { name in
            if case .uniformResourceIdentifier(let uri) = name { uri } else { nil }
        }
        guard uris.count == 1 else { throw .names(uris.count) }
        do {
            return try SPIFFEID(uris[0])
        } catch {
            throw .id("\(error)")
        }
    }
}

/// Why a peer's certificate proves nothing here.
public enum SVIDRefusal: Error, Hashable, Sendable {
    case unreadable
    /// How many URIs it has in place of one.
    case names(Int)
    case id(String)
    case trustDomain(SPIFFEID, ours: TrustDomain)
    case expired(Date)
    case notYetValid(Date)
    case notLeaf(SPIFFEID)
    case usage(SPIFFEID)
    /// Not signed, through certificates that may sign, by one of the roots.
    case untrusted(SPIFFEID)
}

extension SVIDRefusal: CustomStringConvertible {
    public var description: String {
        let reason =
            switch self {
            case .unreadable: "it cannot be read"
            case .names(let count): "it has \(count) URIs among its names: one, a SPIFFE ID, is right"
            case .id(let reason): reason
            case .trustDomain(let id, let ours): "\(id) is of another trust domain: this mesh's is \(ours)"
            case .expired(let date):
                "it expired at \(date.formatted(.iso8601)): join again with a token from `tulle token create`"
            case .notYetValid(let date):
                "it is not valid before \(date.formatted(.iso8601)): are both machines' clocks right?"
            case .notLeaf(let id): "\(id) is an authority's certificate or no workload's"
            case .usage(let id): "the certificate of \(id) is not for clients (extended key usage)"
            case .untrusted(let id): "the certificate of \(id) is not signed by this mesh's root"
            }
        return "the client certificate is refused: \(reason)"
    }
}
