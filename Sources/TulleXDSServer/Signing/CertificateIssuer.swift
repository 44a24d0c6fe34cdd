/// Who decides on calls for certificates.
public protocol CertificateIssuer: Sendable {
    /// - Returns: a chain as PEM, the leaf first and the root last.
    func issue(_ call: CertificateCall) async throws(CertificateRefusal) -> [String]
}

/// One call for a certificate, with all that the caller has to show for himself.
public struct CertificateCall: Hashable, Sendable {
    /// A signing request as PEM, as the caller sent it.
    public var csr: String
    /// How long the certificate is to live; nil leaves that to the authority.
    public var lifetime: Duration?
    /// What came as `authorization: Bearer`.
    public var bearer: String?
    /// The certificates of the TLS handshake as DER, the caller's own first; that he has its key is proved, whose it
    /// is is not. Empty when he showed none.
    public var certificates: [[UInt8]]
    /// The user at the other end of a Unix-domain socket, as the kernel says.
    public var user: UInt32?
    /// The texts of the request's metadata.
    public var metadata: [String: String]
    /// Where the call comes from, as gRPC describes it.
    public var peer: String

    public init(
        csr: String, lifetime: Duration? = nil, bearer: String? = nil, certificates: [[UInt8]] = [],
        user: UInt32? = nil, metadata: [String: String] = [:], peer: String = ""
    ) {
        self.csr = csr
        self.lifetime = lifetime
        self.bearer = bearer
        self.certificates = certificates
        self.user = user
        self.metadata = metadata
        self.peer = peer
    }
}

/// Why a call for a certificate is refused.
public struct CertificateRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: Hashable, Sendable {
        case unauthenticated, permissionDenied, invalidArgument, resourceExhausted, unavailable
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
