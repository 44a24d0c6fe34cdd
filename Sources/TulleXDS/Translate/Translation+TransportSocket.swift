import SwiftProtobuf
import TulleConfig
import TulleModel

private typealias TLSMessage = Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext

/// What connections are wrapped in: TLS, or nothing.
extension Translation {
    /// TLS on the connections of a chain; nil for plain bytes.
    func downstreamTLS(_ chain: Envoy_Config_Listener_V3_FilterChain) -> DownstreamTLS? {
        guard chain.hasTransportSocket else { return nil }
        let tls = within("transport_socket") {
            socket(chain.transportSocket) { message -> DownstreamTLS? in
                guard let message = message as? Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext else {
                    fail("is for clusters; a filter chain takes a DownstreamTlsContext")
                    return nil
                }
                return downstream(message)
            }
        }
        guard var tls else { return nil }
        tls.handshakeTimeout =
            duration(
                "transport_socket_connect_timeout", chain.hasTransportSocketConnectTimeout,
                chain.transportSocketConnectTimeout, atLeast: .milliseconds(1)) ?? tls.handshakeTimeout
        return tls
    }

    /// TLS towards endpoints; nil for plain bytes.
    func upstreamTLS(_ message: Envoy_Config_Core_V3_TransportSocket) -> UpstreamTLS? {
        within("transport_socket") {
            socket(message) { message -> UpstreamTLS? in
                guard let message = message as? Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext else {
                    fail("is for filter chains; a cluster takes an UpstreamTlsContext")
                    return nil
                }
                return upstream(message)
            }
        }
    }

    func transportSocketMatch(
        _ message: Envoy_Config_Cluster_V3_Cluster.TransportSocketMatch
    ) -> TransportSocketMatch? {
        guard required("name", message.name) else { return nil }
        return TransportSocketMatch(
            name: message.name, match: message.match.fields.mapValues(Self.value),
            tls: message.hasTransportSocket ? upstreamTLS(message.transportSocket) : nil)
    }

    private func socket<Result>(
        _ message: Envoy_Config_Core_V3_TransportSocket, _ take: (any Message) -> Result?
    ) -> Result? {
        guard required("name", message.name) else { return nil }
        return within("typed_config") {
            guard let config = unpack(message.typedConfig, at: .transportSocket) else { return nil }
            if config is Envoy_Extensions_TransportSockets_RawBuffer_V3_RawBuffer { return nil }
            return take(config)
        }
    }

    // MARK: - Contexts

    private func downstream(
        _ message: Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext
    ) -> DownstreamTLS {
        var tls = DownstreamTLS(
            context: within("common_tls_context") { context(message.commonTlsContext, isServer: true) })
        tls.requiresClientCertificate = message.requireClientCertificate.value
        tls.requiresServerName = message.requireSni.value
        if tls.requiresClientCertificate, tls.context.validation == nil {
            fail(
                "require_client_certificate",
                "needs a validation_context in common_tls_context, or any certificate at all would do")
        }
        return tls
    }

    private func upstream(_ message: Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext) -> UpstreamTLS {
        var tls = UpstreamTLS(
            context: within("common_tls_context") { context(message.commonTlsContext, isServer: false) })
        tls.serverName = message.sni
        if message.sni.utf8.count > 255 {
            fail("sni", "has \(message.sni.utf8.count) bytes; a host name has up to 255")
        }
        tls.takesServerNameFromHost = message.autoHostSni
        tls.verifiesServerName = message.autoSniSanValidation
        let hasName = !tls.serverName.isEmpty || tls.takesServerNameFromHost
        if tls.verifiesServerName, !hasName {
            fail("auto_sni_san_validation", "needs a server name: sni, or auto_host_sni")
        }
        if tls.verifiesServerName, hasName, tls.context.validation == nil {
            fail(
                "auto_sni_san_validation",
                "needs a validation_context in common_tls_context: anybody can make a certificate of that name")
        } else if tls.context.validation == nil {
            warn("common_tls_context has no validation context: whoever answers is believed")
        }
        return tls
    }

    private func context(_ message: TLSMessage, isServer: Bool) -> TLSContext {
        var context = TLSContext()
        within("tls_params") { parameters(message.tlsParams, &context) }
        context.certificate = certificate(message)
        if isServer, message.tlsCertificates.isEmpty, message.tlsCertificateSdsSecretConfigs.isEmpty {
            fail("tls_certificates is required, or tls_certificate_sds_secret_configs: a server shows a certificate")
        }
        context.validation = validation(message)
        context.applicationProtocols = each("alpn_protocols", message.alpnProtocols) { name -> String? in
            guard (1...255).contains(name.utf8.count) else {
                fail("has \(name.utf8.count) bytes; a protocol's name has 1 to 255")
                return nil
            }
            return name
        }
        return context
    }

    private func parameters(
        _ message: Envoy_Extensions_TransportSockets_Tls_V3_TlsParameters, _ context: inout TLSContext
    ) {
        context.minimumVersion =
            version("tls_minimum_protocol_version", message.tlsMinimumProtocolVersion) ?? context.minimumVersion
        context.maximumVersion =
            version("tls_maximum_protocol_version", message.tlsMaximumProtocolVersion) ?? context.maximumVersion
        if context.minimumVersion == .tls13, context.maximumVersion == .tls12 {
            fail("tls_maximum_protocol_version", "TLSv1_2 is below the minimum, TLSv1_3")
        }
        for name in message.cipherSuites.flatMap(Self.cipherNames) where !Self.cipherSuites.contains(name) {
            let known = Self.cipherSuites.joined(separator: ", ")
            fail(
                "cipher_suites", "\(ConfigurationError.quoted(name)) is none of TLS 1.2's that are spoken: \(known)",
                suggestion: NearestKey.suggest(for: name, among: Self.cipherSuites))
        }
        context.cipherSuites = message.cipherSuites
        context.curves = message.ecdhCurves
    }

    private static let cipherSuites = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA",
    ]

    /// `[A|B]` are of equal rank.
    private static func cipherNames(_ text: String) -> [String] {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return [text] }
        return text.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    }

    private func version(
        _ field: String, _ version: Envoy_Extensions_TransportSockets_Tls_V3_TlsParameters.TlsProtocol
    ) -> TLSContext.Version? {
        switch version {
        case .tlsAuto: return nil
        case .tlsv12: return .tls12
        case .tlsv13: return .tls13
        case .tlsv10, .tlsv11:
            fail(field, "TLS 1.0 and 1.1 are not spoken any more (RFC 8996); use TLSv1_2 or TLSv1_3")
            return nil
        case .UNRECOGNIZED(let value):
            fail(field, "unknown value \(value)")
            return nil
        }
    }

    // MARK: - Certificates

    private func certificate(_ message: TLSMessage) -> TLSContext.Certificate? {
        let inline = message.tlsCertificates.count
        let secrets = message.tlsCertificateSdsSecretConfigs.count
        guard inline + secrets <= 1 else {
            fail(
                inline > 1 ? "tls_certificates" : "tls_certificate_sds_secret_configs",
                "\(inline + secrets) certificates are given and one is shown; give each server name a filter chain of "
                    + "its own")
            return nil
        }
        if let only = message.tlsCertificates.first {
            return within("tls_certificates", index: 0) { tlsCertificate(only).map { .inline($0) } }
        }
        guard let only = message.tlsCertificateSdsSecretConfigs.first else { return nil }
        return within("tls_certificate_sds_secret_configs", index: 0) { secretName(only).map { .secret($0) } }
    }

    private func tlsCertificate(
        _ message: Envoy_Extensions_TransportSockets_Tls_V3_TlsCertificate
    ) -> TLSCertificate? {
        let chain = pem("certificate_chain", message.hasCertificateChain, message.certificateChain)
        let key = pem("private_key", message.hasPrivateKey, message.privateKey)
        if case .file(let path) = key, Self.isReadableByOthers(path) {
            within("private_key") {
                warn("\(ConfigurationError.quoted(path)) may be read by others than its owner; chmod 600")
            }
        }
        guard let chain, let key else { return nil }
        return TLSCertificate(chain: chain, key: SecretSource(key))
    }

    private func validation(_ message: TLSMessage) -> TLSContext.Validation? {
        switch message.validationContextType {
        case nil: return nil
        case .validationContext(let validation):
            return within("validation_context") { self.validation(validation).flatMap(whole).map { .inline($0) } }
        case .validationContextSdsSecretConfig(let secret):
            return within("validation_context_sds_secret_config") { secretName(secret).map { .secret($0) } }
        case .combinedValidationContext(let combined):
            return within("combined_validation_context") {
                let names = within("default_validation_context") { validation(combined.defaultValidationContext) }
                let secret = within("validation_context_sds_secret_config") {
                    secretName(combined.validationContextSdsSecretConfig)
                }
                guard let names, let secret else { return nil }
                return .combined(names, secret: secret)
            }
        }
    }

    private func validation(
        _ message: Envoy_Extensions_TransportSockets_Tls_V3_CertificateValidationContext
    ) -> CertificateValidation? {
        var validation = CertificateValidation()
        if message.hasTrustedCa {
            guard let roots = pem("trusted_ca", true, message.trustedCa) else { return nil }
            validation.trustedCA = roots
        }
        validation.hashes = each("verify_certificate_hash", message.verifyCertificateHash, hash)
        validation.names = each("match_typed_subject_alt_names", message.matchTypedSubjectAltNames) { matcher in
            guard let kind = kind(matcher.sanType) else { return nil }
            return stringMatcher("matcher", matcher.matcher).map { SubjectNameMatcher(kind: kind, test: $0) }
        }
        for (index, matcher) in message.matchSubjectAltNames.enumerated() {
            guard let test = stringMatcher("match_subject_alt_names[\(index)]", matcher) else { continue }
            validation.names.append(SubjectNameMatcher(kind: .any, test: test))
        }
        switch message.trustChainVerification {
        case .verifyTrustChain: break
        case .acceptUntrusted:
            validation.acceptsUntrusted = true
            if !validation.names.isEmpty || !validation.hashes.isEmpty {
                fail(
                    "trust_chain_verification",
                    "ACCEPT_UNTRUSTED lets in whom the names and hashes refuse; leave one out")
            }
        case .UNRECOGNIZED(let value): fail("trust_chain_verification", "unknown value \(value)")
        }
        return validation
    }

    /// Names are worth something where somebody vouches for them.
    private func whole(_ validation: CertificateValidation) -> CertificateValidation? {
        guard validation.trustedCA != nil || validation.names.isEmpty else {
            fail("trusted_ca is required: without it anybody can make a certificate of any name")
            return nil
        }
        return validation
    }

    private func kind(
        _ type: Envoy_Extensions_TransportSockets_Tls_V3_SubjectAltNameMatcher.SanType
    ) -> SubjectNameMatcher.Kind? {
        switch type {
        case .email: return .email
        case .dns: return .dns
        case .uri: return .uri
        case .ipAddress: return .ipAddress
        case .unspecified, .otherName, .UNRECOGNIZED:
            fail("san_type", "must be EMAIL, DNS, URI or IP_ADDRESS")
            return nil
        }
    }

    /// 32 bytes in hex, as `openssl x509 -fingerprint -sha256` prints them or without the colons.
    private func hash(_ text: String) -> [UInt8]? {
        let digits = text.utf8.filter { $0 != UInt8(ascii: ":") }.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 64, digits.allSatisfy({ $0 != nil }) else {
            fail("\(ConfigurationError.quoted(text)) is not a SHA-256 in hex: 64 digits")
            return nil
        }
        return stride(from: 0, to: 64, by: 2).map { UInt8((digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0)) }
    }

    // MARK: - Secrets

    func secret(_ message: Envoy_Extensions_TransportSockets_Tls_V3_Secret) -> Secret? {
        switch message.type {
        case nil:
            fail("one of tls_certificate and validation_context is required")
            return nil
        case .tlsCertificate(let certificate):
            return within("tls_certificate") { tlsCertificate(certificate).map { .certificate($0) } }
        case .validationContext(let validation):
            return within("validation_context") { self.validation(validation).map { .validation($0) } }
        }
    }

    private func secretName(_ message: Envoy_Extensions_TransportSockets_Tls_V3_SdsSecretConfig) -> String? {
        guard required("name", message.name) else { return nil }
        guard !message.hasSdsConfig || configSource("sds_config", true, message.sdsConfig) else { return nil }
        return message.name
    }

    /// Longer is no chain that anybody serves.
    private static let maxPEMBytes = 1 << 20

    /// A file keeps its name, so that it can be read again when it changes; it must be there and be PEM now.
    private func pem(_ field: String, _ given: Bool, _ message: Envoy_Config_Core_V3_DataSource) -> DataSource? {
        guard given else {
            fail("\(field) is required")
            return nil
        }
        guard let bytes = dataSource(field, message, limit: Self.maxPEMBytes) else { return nil }
        guard String(decoding: bytes, as: UTF8.self).contains("-----BEGIN ") else {
            fail(field, "holds no PEM: it has no line that begins with -----BEGIN")
            return nil
        }
        if case .filename(let path) = message.specifier { return .file(path) }
        return .bytes(bytes)
    }
}
