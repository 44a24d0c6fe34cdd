import Testing
import TulleModel

@testable import TulleXDS

@Suite("A transport socket")
struct TransportSocketTests {
    private static let pem = #""-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----""#
    private static let certificate =
        "{certificate_chain: {inline_string: \(pem)}, private_key: {inline_string: \(pem)}}"
    private static let roots = "trusted_ca: {inline_string: \(pem)}"
    private static let types = "type.googleapis.com/envoy.extensions.transport_sockets"

    private static func tls(_ kind: String, _ settings: String) -> String {
        "{name: tls, typed_config: {\"@type\": \(types).tls.v3.\(kind)TlsContext, \(settings)}}"
    }

    private static func listener(_ socket: String, more: String = "", secrets: String = "[]") -> String {
        """
        static_resources:
          secrets: \(secrets)
          listeners:
          - name: main
            address: {socket_address: {address: 127.0.0.1, port_value: 1}}
            filter_chains:
            - transport_socket: \(socket)
              filters:
              - name: tcp
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
                  stat_prefix: s
                  cluster: a
              \(more)
        """
    }

    private static func server(_ common: String, _ more: String = "") -> String {
        listener(tls("Downstream", "common_tls_context: {\(common)}\(more)"))
    }

    private static func client(_ common: String, _ more: String = "") -> String {
        let socket = tls("Upstream", "common_tls_context: {\(common)}\(more)")
        return BootstrapFixture.cluster("name: a, type: STATIC, transport_socket: \(socket)")
    }

    private static let common =
        "static_resources.listeners[0].filter_chains[0].transport_socket.typed_config.common_tls_context"
    private static let cluster = "static_resources.clusters[0].transport_socket.typed_config"

    static let wrong: [WrongBootstrap] = [
        WrongBootstrap(
            "a server without certificate", server(""),
            "\(common): tls_certificates is required, or tls_certificate_sds_secret_configs"),
        WrongBootstrap(
            "two certificates", server("tls_certificates: [\(certificate), \(certificate)]"),
            "\(common).tls_certificates: 2 certificates are given and one is shown"),
        WrongBootstrap(
            "no key", server("tls_certificates: [{certificate_chain: {inline_string: \(pem)}}]"),
            "\(common).tls_certificates[0]: private_key is required"),
        WrongBootstrap(
            "a file that is not there",
            server(
                "tls_certificates: [{certificate_chain: {filename: /nowhere.pem}, private_key: {inline_string: \(pem)}}]"
            ),
            "\(common).tls_certificates[0].certificate_chain"),
        WrongBootstrap(
            "no PEM",
            server("tls_certificates: [{certificate_chain: {inline_string: x}, private_key: {inline_string: \(pem)}}]"),
            "\(common).tls_certificates[0].certificate_chain: holds no PEM"),
        WrongBootstrap(
            "TLS 1.1",
            server("tls_certificates: [\(certificate)], tls_params: {tls_minimum_protocol_version: TLSv1_1}"),
            "\(common).tls_params.tls_minimum_protocol_version: TLS 1.0 and 1.1 are not spoken any more"),
        WrongBootstrap(
            "a cipher of TLS 1.3",
            server("tls_certificates: [\(certificate)], tls_params: {cipher_suites: [TLS_AES_128_GCM_SHA256]}"),
            "\(common).tls_params.cipher_suites: \"TLS_AES_128_GCM_SHA256\" is none of TLS 1.2's that are spoken"),
        WrongBootstrap(
            "a cipher misspelt",
            server(
                "tls_certificates: [\(certificate)], tls_params: {cipher_suites: "
                    + "[\"[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-RSA-AES128-GCM-SHA25]\"]}"),
            "did you mean \"ECDHE-RSA-AES128-GCM-SHA256\"?"),
        WrongBootstrap(
            "a name that nobody vouches for", client("", ", sni: a, auto_sni_san_validation: true"),
            "\(cluster).auto_sni_san_validation: needs a validation_context"),
        WrongBootstrap(
            "a range that is none",
            server(
                "tls_certificates: [\(certificate)], tls_params: {tls_minimum_protocol_version: TLSv1_3, "
                    + "tls_maximum_protocol_version: TLSv1_2}"),
            "\(common).tls_params.tls_maximum_protocol_version: TLSv1_2 is below the minimum"),
        WrongBootstrap(
            "any client certificate",
            server("tls_certificates: [\(certificate)]", ", require_client_certificate: true"),
            "require_client_certificate: needs a validation_context"),
        WrongBootstrap(
            "names that nobody vouches for",
            client("validation_context: {match_typed_subject_alt_names: [{san_type: URI, matcher: {exact: a}}]}"),
            "\(cluster).common_tls_context.validation_context: trusted_ca is required"),
        WrongBootstrap(
            "names of no kind",
            client("validation_context: {\(roots), match_typed_subject_alt_names: [{matcher: {exact: a}}]}"),
            "validation_context.match_typed_subject_alt_names[0].san_type: must be EMAIL, DNS, URI or IP_ADDRESS"),
        WrongBootstrap(
            "a short hash", client("validation_context: {verify_certificate_hash: [ab]}"),
            "validation_context.verify_certificate_hash[0]: \"ab\" is not a SHA-256 in hex"),
        WrongBootstrap(
            "whom the hash refuses is let in",
            client(
                "validation_context: {verify_certificate_hash: [\"\(String(repeating: "ab", count: 32))\"], "
                    + "trust_chain_verification: ACCEPT_UNTRUSTED}"),
            "trust_chain_verification: ACCEPT_UNTRUSTED lets in whom the names and hashes refuse"),
        WrongBootstrap(
            "a server name that is checked and not given", client("", ", auto_sni_san_validation: true"),
            "\(cluster).auto_sni_san_validation: needs a server name"),
        WrongBootstrap(
            "a long server name", client("", ", sni: \(String(repeating: "a", count: 256))"),
            "\(cluster).sni: has 256 bytes"),
        WrongBootstrap(
            "an empty protocol", client("alpn_protocols: [\"\"]"),
            "common_tls_context.alpn_protocols[0]: has 0 bytes"),
        WrongBootstrap(
            "a client's context for a server", listener(tls("Upstream", "sni: a")),
            "transport_socket.typed_config: is for clusters; a filter chain takes a DownstreamTlsContext"),
        WrongBootstrap(
            "another transport socket",
            listener("{name: t, typed_config: {\"@type\": \(types).quic.v3.QuicDownstreamTransport}}"),
            "transport_socket.typed_config"),
        WrongBootstrap(
            "a secret that nobody has", server("tls_certificate_sds_secret_configs: [{name: mine}]"),
            "dynamic_resources: ads_config is required by secret \"mine\", which static_resources does not hold, of listener"
        ),
        WrongBootstrap(
            "a secret twice",
            listener(
                tls("Downstream", "common_tls_context: {tls_certificate_sds_secret_configs: [{name: s}]}"),
                secrets: "[{name: s, tls_certificate: \(certificate)}, {name: s, tls_certificate: \(certificate)}]"),
            "static_resources.secrets[1].name: secret \"s\" is given twice"),
        WrongBootstrap(
            "a secret of nothing",
            listener(
                tls("Downstream", "common_tls_context: {tls_certificate_sds_secret_configs: [{name: s}]}"),
                secrets: "[{name: s}]"),
            "static_resources.secrets[0]: one of tls_certificate and validation_context is required"),
        WrongBootstrap(
            "a field that is not honoured", server("tls_certificates: [\(certificate)], custom_handshaker: {name: a}"),
            "\(common).custom_handshaker"),
    ]

    @Test("that is wrong is refused by its path", arguments: wrong)
    func refused(_ wrong: WrongBootstrap) {
        let errors = BootstrapFixture.errors(wrong.yaml)
        #expect(errors.count == 1 && errors.first?.contains(wrong.error) ?? false, "\(errors)")
    }

    @Test("of a server becomes its filter chain's TLS")
    func server() throws {
        let loaded = try BootstrapFixture.load(
            Self.listener(
                Self.tls(
                    "Downstream",
                    "common_tls_context: {tls_certificate_sds_secret_configs: [{name: s}], alpn_protocols: [h2], "
                        + "validation_context: {\(Self.roots), verify_certificate_hash: [\"\(String(repeating: "0A:", count: 31))0a\"]}}, "
                        + "require_client_certificate: true, require_sni: true"),
                more: "transport_socket_connect_timeout: 2s",
                secrets: "[{name: s, tls_certificate: \(Self.certificate)}]"))
        let tls = try #require(loaded.listeners[0].filterChains[0].tls)
        #expect(tls.context.certificate == .secret("s"))
        #expect(tls.context.applicationProtocols == ["h2"])
        #expect(tls.requiresClientCertificate && tls.requiresServerName)
        #expect(tls.handshakeTimeout == .seconds(2))
        guard case .inline(let validation) = tls.context.validation else {
            Issue.record("\(tls.context)")
            return
        }
        #expect(validation.hashes == [[UInt8](repeating: 10, count: 32)])
        // It asks for the server name, so something must look for it.
        #expect(loaded.listeners[0].listenerFilters.contains(.tlsInspector))
        guard case .certificate(let certificate)? = loaded.secrets["s"] else {
            Issue.record("\(loaded.secrets)")
            return
        }
        #expect("\(certificate.key)" == "[redacted]")
    }

    @Test("of plain bytes is none")
    func raw() throws {
        let socket = "{name: raw, typed_config: {\"@type\": \(Self.types).raw_buffer.v3.RawBuffer}}"
        #expect(try BootstrapFixture.load(Self.listener(socket)).listeners[0].filterChains[0].tls == nil)
    }
}
