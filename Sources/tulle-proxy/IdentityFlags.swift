import ArgumentParser
import TulleModel
import TulleProxy

/// How the proxy comes by its certificate: the secrets `default` and `ROOTCA`.
struct IdentityFlags: ParsableArguments {
    @Option(
        help: """
            A control plane's Unix-domain socket that signs certificates. The proxy makes its key itself and serves what it gets \
            as the secrets "default" and "ROOTCA".
            """)
    var signingSocket: String?

    @Option(help: "HOST:PORT of a control plane that signs certificates (Istio's API), in the place of a socket.")
    var signingAddress: String?

    @Option(help: "PEM file of the roots that the server at --signing-address is proved by.")
    var signingRoots: String?

    @Option(help: "A file with the join token for the first certificate from --signing-address.")
    var joinTokenFile: String?

    @Option(help: "Whose certificate it is to be, NAMESPACE/NAME; on a socket it must be said.")
    var serviceAccount: String?

    @Option(help: "Seconds that a certificate is asked for; the authority's own choice when not given.")
    var certificateLifetimeS: Int?

    var isAsked: Bool { signingSocket != nil || signingAddress != nil }

    /// The secrets that come that way.
    var secretNames: Set<String> { isAsked ? WorkloadCertificate.secretNames : [] }

    func validate() throws {
        guard signingSocket == nil || signingAddress == nil else {
            throw ValidationError("--signing-socket and --signing-address: one of them")
        }
        guard isAsked else {
            let given = [
                ("--signing-roots", signingRoots), ("--join-token-file", joinTokenFile),
                ("--service-account", serviceAccount),
                ("--certificate-lifetime-s", certificateLifetimeS.map(String.init)),
            ]
            if let first = given.first(where: { $0.1 != nil }) {
                throw ValidationError("\(first.0) is of use with --signing-socket or --signing-address only")
            }
            return
        }
        if let serviceAccount, account == nil {
            throw ValidationError("--service-account \"\(serviceAccount)\": NAMESPACE/NAME is right, as shop/cart")
        }
        if let signingSocket {
            guard account != nil else {
                throw ValidationError("--signing-socket needs --service-account NAMESPACE/NAME")
            }
            guard signingRoots == nil, joinTokenFile == nil else {
                throw ValidationError(
                    "--signing-roots and --join-token-file are for --signing-address: on a socket the kernel says who calls"
                )
            }
            guard (1...107).contains(signingSocket.utf8.count) else {
                throw ValidationError(
                    "--signing-socket \"\(signingSocket)\": a socket's path has 1 to 107 bytes")
            }
        }
        if let signingAddress {
            guard address != nil else {
                throw ValidationError("--signing-address \"\(signingAddress)\": HOST:PORT is right, as 127.0.0.1:15012")
            }
            guard signingRoots != nil else {
                throw ValidationError(
                    "--signing-address needs --signing-roots: without them anybody could sign (`tulle ca bundle` prints them)"
                )
            }
            guard joinTokenFile != nil else {
                throw ValidationError("--signing-address needs --join-token-file (`tulle token create` makes one)")
            }
        }
        if let certificateLifetimeS, certificateLifetimeS < 1 {
            throw ValidationError("--certificate-lifetime-s \(certificateLifetimeS): 1 or more")
        }
    }

    /// Nil where no certificate is asked for. Once validated, nothing is missing.
    func signer(_ proxy: Proxy) -> SigningClient? {
        let server: SigningClient.Server
        if let signingSocket {
            server = .socket(path: signingSocket)
        } else if let address, let signingRoots {
            server = .address(address, roots: signingRoots)
        } else {
            return nil
        }
        return SigningClient(
            proxy: proxy, server: server, tokenPath: joinTokenFile, account: account,
            lifetime: certificateLifetimeS.map { .seconds($0) })
    }

    private var account: ServiceAccountName? { serviceAccount.flatMap { ServiceAccountName($0) } }

    private var address: SocketAddress? {
        guard let signingAddress, let colon = signingAddress.lastIndex(of: ":"),
            let port = UInt16(signingAddress[signingAddress.index(after: colon)...]), port > 0
        else { return nil }
        var host = signingAddress[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        return host.isEmpty ? nil : SocketAddress(host: String(host), port: Int(port))
    }
}
