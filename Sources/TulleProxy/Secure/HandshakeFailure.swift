import Glibc
import NIOCore
import NIOSSL

/// Why a TLS handshake came to nothing.
enum HandshakeFailure: Error {
    /// A secret that its configuration names has not come yet.
    case notReady
    case timeout
    /// The peer named no host, and the filter chain requires it.
    case noServerName
    /// The peer's name is to be checked, and nobody is trusted to vouch for it.
    case unverifiedName
    /// The peer went away.
    case closed
    /// In BoringSSL's words.
    case tls(String)
    case peer(PeerObjection)

    init(_ error: any Error) {
        switch error {
        case let error as HandshakeFailure: self = error
        case let error as NIOSSLError where "\(error)".contains("eofDuring"): self = .closed
        case let error as IOError: self = error.errnoCode == ECONNRESET ? .closed : .tls("\(error)")
        default: self = .tls(Self.reason("\(error)"))
        }
    }

    /// `CERTIFICATE_VERIFY_FAILED` of `…error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …`.
    private static func reason(_ text: String) -> String {
        let marker = "OPENSSL_internal:"
        guard let range = text.firstRange(of: marker) else { return text }
        let rest = text[range.upperBound...]
        return String(rest.prefix { $0.isUppercase || $0.isNumber || $0 == "_" })
    }

    /// For logs and `proxy-status`.
    var text: String {
        switch self {
        case .notReady: "its certificate or the roots to check with have not come from the control plane yet"
        case .timeout: "the TLS handshake took too long"
        case .noServerName: "the peer named no host (SNI), which is required here"
        case .unverifiedName:
            "auto_sni_san_validation is asked for without a trusted_ca, so that nobody vouches for the name"
        case .closed: "the peer closed the connection during the TLS handshake"
        case .tls("CERTIFICATE_VERIFY_FAILED"):
            "the peer's certificate is not signed by a trusted authority, or has expired"
        case .tls("PEER_DID_NOT_RETURN_A_CERTIFICATE"): "the peer showed no certificate"
        case .tls("WRONG_VERSION_NUMBER"), .tls("HTTP_REQUEST"), .tls("HTTPS_PROXY_REQUEST"):
            "the peer does not speak TLS"
        case .tls(let reason): "TLS error: \(reason.lowercased().split(separator: "_").joined(separator: " "))"
        case .peer(let objection): objection.description
        }
    }

    /// RFC 9209, section 2.3.
    var proxyStatusError: StaticString {
        switch self {
        case .notReady, .unverifiedName: "proxy_configuration_error"
        case .timeout: "connection_timeout"
        case .closed: "connection_terminated"
        case .noServerName: "tls_protocol_error"
        case .tls("CERTIFICATE_VERIFY_FAILED"), .peer: "tls_certificate_error"
        case .tls(let reason) where reason.contains("ALERT"): "tls_alert_received"
        case .tls: "tls_protocol_error"
        }
    }

    /// What it is counted as.
    var counted: TLSEvent {
        switch self {
        case .notReady: .notReady
        case .timeout, .closed, .noServerName, .unverifiedName: .error
        case .tls("CERTIFICATE_VERIFY_FAILED"): .unverified
        case .tls("PEER_DID_NOT_RETURN_A_CERTIFICATE"): .missingCertificate
        case .tls: .error
        case .peer(.hash): .wrongHash
        case .peer(.expired): .unverified
        case .peer(.names), .peer(.serverName): .wrongName
        }
    }
}
