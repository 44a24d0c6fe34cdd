import NIOSSL

/// What a TLS handshake has settled.
struct Handshake {
    /// What ALPN agreed on; nil where it did not.
    var applicationProtocol: String?
    /// `TLSv1.3`, as Envoy writes it.
    var version: String?
    /// What the peer's certificate says; nil where it showed none, or none that was verified.
    var peer: PeerCertificate?
    /// The certificate that `peer` is read from.
    var certificate: NIOSSLCertificate?
}
