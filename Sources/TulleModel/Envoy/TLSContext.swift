/// How a connection is encrypted, and who the peers are to each other (`extensions.transport_sockets.tls.v3`).
public struct TLSContext: Hashable, Sendable {
    public enum Version: Hashable, Sendable { case tls12, tls13 }
    public enum Certificate: Hashable, Sendable {
        case inline(TLSCertificate)
        /// A secret of that name, which the control plane sends or the bootstrap holds.
        case secret(String)
    }
    public enum Validation: Hashable, Sendable {
        case inline(CertificateValidation)
        case secret(String)
        /// The secret's roots, with what the first asks of the peer's names.
        case combined(CertificateValidation, secret: String)
    }

    public var minimumVersion: Version = .tls12
    public var maximumVersion: Version = .tls13
    /// BoringSSL's names, for TLS 1.2; empty takes the defaults.
    public var cipherSuites: [String] = []
    public var curves: [String] = []
    public var certificate: Certificate?
    /// Nil verifies nothing.
    public var validation: Validation?
    public var applicationProtocols: [String] = []

    public init() {}

    /// The secrets that the context needs.
    public var secretNames: [String] {
        var names: [String] = []
        if case .secret(let name) = certificate { names.append(name) }
        switch validation {
        case .secret(let name), .combined(_, let name): names.append(name)
        case .inline, nil: break
        }
        return names
    }
}

/// A chain and the key of its leaf, both PEM (`TlsCertificate`).
public struct TLSCertificate: Hashable, Sendable {
    public var chain: DataSource
    public var key: SecretSource

    public init(chain: DataSource, key: SecretSource) {
        self.chain = chain
        self.key = key
    }
}

/// What is asked of a peer's certificate (`CertificateValidationContext`).
public struct CertificateValidation: Hashable, Sendable {
    /// PEM, one or more roots; nil trusts nobody in particular and verifies no chain.
    public var trustedCA: DataSource?
    /// One must match one of the leaf's names; empty asks for none.
    public var names: [SubjectNameMatcher] = []
    /// SHA-256 of the leaf; one must match. Empty asks for none.
    public var hashes: [[UInt8]] = []
    /// Whether a chain that does not verify is taken all the same.
    public var acceptsUntrusted = false

    public init() {}
}

/// A test on the subject alternative names of one kind (`SubjectAltNameMatcher`).
public struct SubjectNameMatcher: Hashable, Sendable {
    public enum Kind: Hashable, Sendable { case any, email, dns, uri, ipAddress }

    public var kind: Kind
    public var test: StringMatcher

    public init(kind: Kind, test: StringMatcher) {
        self.kind = kind
        self.test = test
    }
}

/// TLS on the connections of a filter chain (`DownstreamTlsContext`).
public struct DownstreamTLS: Hashable, Sendable {
    public var context: TLSContext
    public var requiresClientCertificate = false
    public var requiresServerName = false
    /// How long the handshake may take.
    public var handshakeTimeout: Duration = .seconds(15)

    public init(context: TLSContext) { self.context = context }
}

/// TLS towards the endpoints of a cluster (`UpstreamTlsContext`).
public struct UpstreamTLS: Hashable, Sendable {
    public var context: TLSContext
    /// Empty asks for no server name.
    public var serverName = ""
    /// Asks for the endpoint's host name where it has one.
    public var takesServerNameFromHost = false
    /// Whether the certificate must bear the server name that was asked for.
    public var verifiesServerName = false

    public init(context: TLSContext) { self.context = context }
}

/// A transport socket for the endpoints whose metadata match (`Cluster.TransportSocketMatch`).
public struct TransportSocketMatch: Hashable, Sendable {
    public var name: String
    /// What the endpoint's metadata under `envoy.transport_socket_match` must hold.
    public var match: [String: Value]
    /// Nil is plain bytes.
    public var tls: UpstreamTLS?

    public init(name: String, match: [String: Value], tls: UpstreamTLS?) {
        self.name = name
        self.match = match
        self.tls = tls
    }
}

/// A certificate or roots that transport sockets name (`Secret`).
public enum Secret: Hashable, Sendable {
    case certificate(TLSCertificate)
    case validation(CertificateValidation)
}
