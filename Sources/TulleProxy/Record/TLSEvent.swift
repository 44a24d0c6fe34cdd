/// What is counted of TLS handshakes, for listeners and for clusters (Envoy's `ssl.*`).
enum TLSEvent: Int, CaseIterable, Sendable {
    case handshake, error, noCertificate, missingCertificate, unverified, wrongName, wrongHash, notReady

    var name: String {
        switch self {
        case .handshake: "ssl.handshake"
        case .error: "ssl.connection_error"
        // The peer showed none, and none was required.
        case .noCertificate: "ssl.no_certificate"
        case .missingCertificate: "ssl.fail_verify_no_cert"
        case .unverified: "ssl.fail_verify_error"
        case .wrongName: "ssl.fail_verify_san"
        case .wrongHash: "ssl.fail_verify_cert_hash"
        case .notReady: "ssl.context_secrets_not_ready"
        }
    }
}
