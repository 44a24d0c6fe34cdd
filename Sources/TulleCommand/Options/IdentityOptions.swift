public import ArgumentParser
public import TulleControl
import TulleIdentity

/// What `tulle control` is told of the mesh's identity and of how workloads get theirs.
public struct IdentityOptions: ParsableArguments {
    static let defaultSigning = "127.0.0.1:15012"

    @Option(
        help: ArgumentHelp(
            "The mesh's trust domain (env TULLE_TRUST_DOMAIN, default \(IdentityConfiguration.defaultTrustDomain)).",
            valueName: "name"))
    var trustDomain: String?

    @Option(
        help: ArgumentHelp(
            "Where workloads get certificates, over TLS (env TULLE_SIGNING, default \(defaultSigning)).",
            valueName: "host:port"))
    var signing: String?

    @Option(
        help: ArgumentHelp(
            """
            A name or address that workloads reach it by, beside this machine's own; repeatable (env \
            TULLE_SIGNING_NAMES).
            """, valueName: "name"))
    var signingName: [String] = []

    @Option(
        help: ArgumentHelp(
            "The socket where local users get certificates (env TULLE_SOCKET, default control.sock beside the store).",
            valueName: "file"))
    var socket: String?

    @Option(
        help: ArgumentHelp(
            """
            Who a local user may be, * for any; repeatable (env TULLE_LOCAL_IDENTITIES, default: root and the control \
            plane's own user may be anybody).
            """, valueName: "user=ns/name"))
    var localIdentity: [String] = []

    @Option(
        help: ArgumentHelp(
            "How long workloads' certificates live (env TULLE_CERTIFICATE_LIFETIME, default 24h).", valueName: "span"))
    var certificateLifetime: String?

    @Option(
        help: ArgumentHelp(
            """
            PEM certificates of your own authority, the signing one first and its root last (env TULLE_CA_CHAIN, \
            default: one made in ca/ beside the store).
            """, valueName: "file"))
    var caChain: String?

    @Option(
        help: ArgumentHelp("The PEM key of --ca-chain's first certificate (env TULLE_CA_KEY).", valueName: "file"))
    var caKey: String?

    public init() {}

    public func configuration() throws -> IdentityConfiguration { try configuration(in: Setting.environment) }

    func configuration(in environment: [String: String]) throws -> IdentityConfiguration {
        let domain = Setting.text(
            trustDomain, "TULLE_TRUST_DOMAIN", default: IdentityConfiguration.defaultTrustDomain, in: environment)
        let address = try HostPort(
            Setting.text(signing, "TULLE_SIGNING", default: Self.defaultSigning, in: environment), flag: "--signing")
        let lifetime = try Setting.span(
            certificateLifetime, "TULLE_CERTIFICATE_LIFETIME", default: Authority.defaultLifetime, in: environment)
        guard lifetime >= Authority.minLifetime else {
            throw Failure(
                .usage, "--certificate-lifetime is \(lifetime): at least \(Authority.minLifetime) would be right")
        }
        let authority: AuthorityFiles? =
            switch (
                Setting.optional(caChain, "TULLE_CA_CHAIN", in: environment),
                Setting.optional(caKey, "TULLE_CA_KEY", in: environment)
            ) {
            case (nil, nil): nil
            case (let chain?, let key?): AuthorityFiles(chain: chain, key: key)
            case (_?, nil): throw Failure(.usage, "--ca-chain needs --ca-key: the key of its first certificate")
            case (nil, _?):
                throw Failure(.usage, "--ca-key needs --ca-chain: the certificate that it signs for, and its root")
            }
        do {
            let grants = try Setting.list(localIdentity, "TULLE_LOCAL_IDENTITIES", in: environment)
                .map { try LocalIdentities.Grant($0) }
            return IdentityConfiguration(
                trustDomain: try TrustDomain(domain), lifetime: lifetime, authority: authority,
                signingHost: address.host, signingPort: Int(address.port),
                signingNames: Setting.list(signingName, "TULLE_SIGNING_NAMES", in: environment),
                socketPath: Setting.optional(socket, "TULLE_SOCKET", in: environment),
                users: grants.isEmpty ? .usual : LocalIdentities(grants))
        } catch let error as SPIFFEError {
            throw Failure(.usage, "--trust-domain: \(error)")
        } catch let error as ControlPlaneError {
            throw Failure(.usage, "--local-identity: \(error)")
        }
    }
}
