import NIOSSL
import TulleModel

/// Who a workload is: its certificate, the key of it, and whom the authority that signed it vouches by.
public struct WorkloadCertificate: Sendable {
    /// The leaf first, without the root.
    let certificates: [NIOSSLCertificate]
    let chain: String
    let key: String
    /// PEM: one root, or two while the mesh goes from one to the next.
    let roots: String
    /// The name that it proves, such as `spiffe://cluster.local/ns/shop/sa/cart`.
    public let id: String
    /// Seconds since 1970.
    public let notAfter: Int

    /// - Parameter answer: PEM, the leaf first and the root last, as `CreateCertificate` answers.
    public init(_ answer: [String], for key: SigningKey) throws {
        guard answer.count >= 2, let roots = answer.last else {
            throw ProxyError("the authority's answer has \(answer.count) certificates: a chain and its root are needed")
        }
        chain = answer.dropLast().joined(separator: "\n")
        self.roots = roots
        self.key = key.pem
        certificates = try PEMSource.certificates(.bytes(Array(chain.utf8)), "the certificate chain")
        _ = try PEMSource.certificates(.bytes(Array(roots.utf8)), "the root certificate")
        guard let leaf = certificates.first, try leaf.extractPublicKey().toSPKIBytes() == key.publicInfo else {
            throw ProxyError("the authority's certificate is for another key than the one that was sent")
        }
        let names = PeerNames(leaf).names(.uri).filter { $0.hasPrefix("spiffe://") }
        guard names.count == 1, let id = names.first else {
            throw ProxyError("the authority's certificate has \(names.count) SPIFFE IDs: exactly one is needed")
        }
        self.id = id
        notAfter = leaf.notValidAfter
    }

    /// As Istio's agent names what it serves.
    public static let secretName = "default"
    public static let rootsName = "ROOTCA"
    public static let secretNames: Set<String> = [secretName, rootsName]

    /// What listeners and clusters that name those secrets are made of.
    var secrets: [String: Secret] {
        var validation = CertificateValidation()
        validation.trustedCA = .bytes(Array(roots.utf8))
        let certificate = TLSCertificate(
            chain: .bytes(Array(chain.utf8)), key: SecretSource(.bytes(Array(key.utf8))))
        return [Self.rootsName: .validation(validation), Self.secretName: .certificate(certificate)]
    }
}
