import NIOConcurrencyHelpers
import NIOCore
import NIOSSL
import TulleModel

/// The TLS of a filter chain or a cluster, made of its configuration and of the secrets and files that this names.
///
/// Connections take what is current when they begin and keep it; a changed secret changes what the next ones take.
final class SecureContext: Sendable {
    enum Role: Hashable, Sendable {
        case server(requiresClientCertificate: Bool)
        case client
    }

    /// What a connection begins with.
    struct Current: Sendable {
        let tls: NIOSSLContext
        /// Nil where every certificate whose chain is good will do.
        let test: PeerTest?
        /// The URI names of the certificate that is shown; a workload's own SPIFFE ID is one.
        let ownURINames: [String]
        /// Whether a certificate that the peer shows has been verified, so that its names may be believed.
        let verifiesPeer: Bool
        /// Whether a certificate is asked for whoever signed it.
        let takesAnyChain: Bool
    }

    let configuration: TLSContext
    let role: Role
    /// Read by the workers, once a connection, and written by the configurator.
    private let state = NIOLockedValueBox<Current?>(nil)

    init(_ configuration: TLSContext, _ role: Role) {
        self.configuration = configuration
        self.role = role
    }

    /// Nil while a secret that it needs has not come.
    var current: Current? { state.withLockedValue { $0 } }

    /// The handler that speaks TLS on a connection.
    static func serverHandler(_ current: Current) -> NIOSSLHandler {
        current.takesAnyChain
            ? NIOSSLServerHandler(context: current.tls) { _, promise in promise.succeed(.certificateVerified) }
            : NIOSSLServerHandler(context: current.tls)
    }

    /// Likewise for the side that opened the connection. Throws when the server name cannot be asked for.
    static func clientHandler(_ current: Current, serverName: String?) throws -> NIOSSLHandler {
        current.takesAnyChain
            ? try NIOSSLClientHandler(context: current.tls, serverHostname: serverName) { _, promise in
                promise.succeed(.certificateVerified)
            }
            : try NIOSSLClientHandler(context: current.tls, serverHostname: serverName)
    }

    /// Reads all anew. Throws when something cannot be read or does not fit; what was current goes on then.
    /// - Parameter secrets: by name, as far as they have come.
    func refresh(_ secrets: [String: Secret]) throws {
        guard let certificate = try resolve(configuration.certificate, secrets),
            let validation = try resolve(configuration.validation, secrets)
        else { return }
        let new = try Self.make(configuration, role, certificate.value, validation.value)
        state.withLockedValue { $0 = new }
    }

    /// The files that it is made of.
    func paths(_ secrets: [String: Secret]) -> [String] {
        let certificate = (try? resolve(configuration.certificate, secrets))??.value
        let validation = (try? resolve(configuration.validation, secrets))??.value
        return [certificate?.chain.path, certificate?.key.source.path, validation?.trustedCA?.path].compactMap { $0 }
    }

    // MARK: - Secrets

    /// A value that is there, be it that there is none to have.
    private struct Resolved<Value> { var value: Value? }

    /// Nil while the secret has not come.
    private func resolve(
        _ certificate: TLSContext.Certificate?, _ secrets: [String: Secret]
    ) throws -> Resolved<TLSCertificate>? {
        switch certificate {
        case nil: return Resolved(value: nil)
        case .inline(let certificate): return Resolved(value: certificate)
        case .secret(let name):
            guard let secret = secrets[name] else { return nil }
            guard case .certificate(let certificate) = secret else {
                throw ProxyError("secret \"\(name)\" is a validation context where a certificate is needed")
            }
            return Resolved(value: certificate)
        }
    }

    private func resolve(
        _ validation: TLSContext.Validation?, _ secrets: [String: Secret]
    ) throws -> Resolved<CertificateValidation>? {
        func secret(_ name: String) throws -> CertificateValidation? {
            guard let secret = secrets[name] else { return nil }
            guard case .validation(let validation) = secret else {
                throw ProxyError("secret \"\(name)\" is a certificate where a validation context is needed")
            }
            return validation
        }
        switch validation {
        case nil: return Resolved(value: nil)
        case .inline(let validation): return Resolved(value: validation)
        case .secret(let name): return try secret(name).map { Resolved(value: $0) }
        case .combined(let defaults, let name):
            // As protobuf merges: what the secret sets wins, lists are joined.
            guard var merged = try secret(name) else { return nil }
            merged.trustedCA = merged.trustedCA ?? defaults.trustedCA
            merged.names = defaults.names + merged.names
            merged.hashes = defaults.hashes + merged.hashes
            merged.acceptsUntrusted = merged.acceptsUntrusted || defaults.acceptsUntrusted
            return Resolved(value: merged)
        }
    }

    // MARK: - Making

    private static func make(
        _ context: TLSContext, _ role: Role, _ certificate: TLSCertificate?, _ validation: CertificateValidation?
    ) throws -> Current {
        var chain: [NIOSSLCertificateSource] = []
        var ownURINames: [String] = []
        var key: NIOSSLPrivateKeySource?
        if let certificate {
            let certificates = try PEMSource.certificates(certificate.chain, "certificate chain")
            chain = certificates.map { .certificate($0) }
            ownURINames = certificates.first.map { PeerNames($0).names(.uri) } ?? []
            key = .privateKey(try PEMSource.key(certificate.key.source))
        }
        var tls: TLSConfiguration
        switch role {
        case .server:
            guard let key else { throw ProxyError("a server needs a certificate") }
            tls = .makeServerConfiguration(certificateChain: chain, privateKey: key)
        case .client:
            tls = .makeClientConfiguration()
            tls.certificateChain = chain
            tls.privateKey = key
        }
        tls.minimumTLSVersion = context.minimumVersion == .tls13 ? .tlsv13 : .tlsv12
        tls.maximumTLSVersion = context.maximumVersion == .tls13 ? .tlsv13 : .tlsv12
        tls.applicationProtocols = context.applicationProtocols
        // A peer that does not answer our close_notify holds a socket for as long.
        tls.shutdownTimeout = .seconds(1)
        if !context.cipherSuites.isEmpty { tls.cipherSuites = context.cipherSuites.joined(separator: ":") }
        if !context.curves.isEmpty { tls.curves = try context.curves.map(curve) }
        let trusts = validation.map { $0.trustedCA != nil && !$0.acceptsUntrusted } ?? false
        if let validation {
            guard validation.trustedCA != nil || validation.names.isEmpty else {
                throw ProxyError("trusted_ca is missing: without it anybody can make a certificate of any name")
            }
            // Names are for the peer test, which knows more kinds than host names. Where it asks for any, nobody comes in
            // without a certificate, as with Envoy.
            let isOptional =
                role == .server(requiresClientCertificate: false) && validation.names.isEmpty
                && validation.hashes.isEmpty
            tls.certificateVerification = isOptional ? .optionalVerification : .noHostnameVerification
            if trusts, let roots = validation.trustedCA {
                tls.trustRoots = .certificates(try PEMSource.certificates(roots, "trusted_ca"))
            }
        } else {
            tls.certificateVerification = .none
        }
        do {
            return Current(
                tls: try NIOSSLContext(configuration: tls), test: try validation.flatMap { try PeerTest($0) },
                ownURINames: ownURINames,
                verifiesPeer: trusts || !(validation?.hashes.isEmpty ?? true),
                takesAnyChain: validation != nil && !trusts)
        } catch let error as ProxyError {
            throw error
        } catch {
            throw ProxyError("\(reason(error, certificate))")
        }
    }

    private static func curve(_ name: String) throws -> NIOTLSCurve {
        switch name {
        case "X25519": return .x25519
        case "P-256": return .secp256r1
        case "P-384": return .secp384r1
        case "P-521": return .secp521r1
        case "X25519MLKEM768": return .x25519_MLKEM768
        default:
            throw ProxyError(
                "ecdh_curves: \"\(name)\" is none of X25519, P-256, P-384, P-521 and X25519MLKEM768")
        }
    }

    private static func reason(_ error: any Error, _ certificate: TLSCertificate?) -> String {
        guard let certificate else { return "cannot be used: \(error)" }
        let chain = certificate.chain.path.map { " \"\($0)\"" } ?? ""
        return
            "certificate chain\(chain) and its key cannot be used, is it the key of the first certificate? (\(error))"
    }
}
