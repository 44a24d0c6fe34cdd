/// What a peer's certificate says of it, once the handshake has proven that the peer holds its key.
struct PeerCertificate: Equatable {
    /// Subject alternative names of the type URI; a workload's SPIFFE ID is one.
    var uriNames: [String] = []
    /// Subject alternative names of the type DNS.
    var dnsNames: [String] = []
    /// The subject in RFC 2253's form, such as `CN=web,O=Example`; empty where there is none.
    var subject = ""
}
