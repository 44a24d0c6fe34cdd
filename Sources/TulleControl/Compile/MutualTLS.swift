import SwiftProtobuf
import TulleModel
import TulleXDS

typealias XTransportSocket = Envoy_Config_Core_V3_TransportSocket

/// How sidecars prove to each other who they are: what a caller shows and expects, and what a callee does.
///
/// The certificates are the sidecars' own secrets, which no control plane sends: `default`, and `ROOTCA` to check others by.
struct MutualTLS {
    let trustDomain: String

    // As istiod marks endpoints that have a sidecar with a certificate.
    private static let label = ["tlsMode": Google_Protobuf_Value(stringValue: "istio")]
    private static let labelName = "envoy.transport_socket_match"
    /// The ending of the names that callers ask for (SNI). It tells what sidecars say to each other from TLS of the apps' own, which
    /// is relayed as it is.
    private static let nameEnding = ".mtls.mesh"

    /// Marks an endpoint whose sidecar has a certificate.
    static func mark(_ endpoint: inout XEndpoint) {
        endpoint.metadata.filterMetadata[labelName] = Google_Protobuf_Struct(fields: label)
    }

    // MARK: - Callers

    /// Makes callers of a cluster speak TLS with the endpoints that are marked, and with them only.
    /// - Parameter identities: the SPIFFE IDs that are taken for the service's.
    func secure(_ cluster: inout XCluster, _ service: ServiceName, port: Int, identities: [String]) {
        var context = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext()
        context.sni = "\(port).\(service.name).\(service.namespace)\(Self.nameEnding)"
        context.commonTlsContext = common(identities.map { .exactly($0) })
        var match = XCluster.TransportSocketMatch()
        match.name = "mtls"
        match.match = Google_Protobuf_Struct(fields: Self.label)
        match.transportSocket = Self.socket(context)
        cluster.transportSocketMatches = [match]
    }

    // MARK: - Callees

    /// Adds to a listener's chains those for callers with a certificate of this mesh. What it had stays for the others, if they
    /// are let in.
    func secure(_ listener: inout XListener, _ mode: MeshPolicy.MTLSMode) {
        var context = Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext()
        context.requireClientCertificate = true
        var names = Envoy_Type_Matcher_V3_StringMatcher()
        names.prefix = "spiffe://\(trustDomain)/"
        context.commonTlsContext = common([names])
        context.commonTlsContext.alpnProtocols = ["h2", "http/1.1"]
        let plain = listener.filterChains + (listener.hasDefaultFilterChain ? [listener.defaultFilterChain] : [])
        let secured = plain.map { chain in
            var chain = chain
            chain.name = chain.name.isEmpty ? "mtls" : "mtls|\(chain.name)"
            chain.transportSocket = Self.socket(context)
            chain.filterChainMatch.serverNames = ["*\(Self.nameEnding)"]
            chain.filterChainMatch.transportProtocol = "tls"
            // Within TLS, what was to be told by the first bytes is told by what the caller says that it speaks (ALPN).
            if !chain.filterChainMatch.applicationProtocols.isEmpty {
                chain.filterChainMatch.applicationProtocols = context.commonTlsContext.alpnProtocols
            }
            return chain
        }
        for index in listener.filterChains.indices
        where !listener.filterChains[index].filterChainMatch.applicationProtocols.isEmpty {
            // An app's own TLS, of which the same is offered, is not this.
            listener.filterChains[index].filterChainMatch.transportProtocol = "raw_buffer"
        }
        listener.filterChains = secured + (mode == .strict ? [] : listener.filterChains)
        if mode == .strict { listener.clearDefaultFilterChain() }
        listener.listenerFilters.insert(Self.inspector, at: 0)
        listener.continueOnListenerFiltersTimeout = true
    }

    // MARK: - Parts

    private func common(
        _ names: [Envoy_Type_Matcher_V3_StringMatcher]
    ) -> Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext {
        var context = Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext()
        context.tlsCertificateSdsSecretConfigs = [Self.secret("default")]
        var validation =
            Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext.CombinedCertificateValidationContext()
        validation.validationContextSdsSecretConfig = Self.secret("ROOTCA")
        validation.defaultValidationContext.matchTypedSubjectAltNames = names.map { name in
            var matcher = Envoy_Extensions_TransportSockets_Tls_V3_SubjectAltNameMatcher()
            matcher.sanType = .uri
            matcher.matcher = name
            return matcher
        }
        context.combinedValidationContext = validation
        return context
    }

    private static func secret(_ name: String) -> Envoy_Extensions_TransportSockets_Tls_V3_SdsSecretConfig {
        var secret = Envoy_Extensions_TransportSockets_Tls_V3_SdsSecretConfig()
        secret.name = name
        secret.sdsConfig = .aggregated
        return secret
    }

    private static func socket(_ context: some Message) -> XTransportSocket {
        var socket = XTransportSocket()
        socket.name = "envoy.transport_sockets.tls"
        socket.typedConfig = .packed(context)
        return socket
    }

    private static var inspector: Envoy_Config_Listener_V3_ListenerFilter {
        .of("envoy.filters.listener.tls_inspector", Envoy_Extensions_Filters_Listener_TlsInspector_V3_TlsInspector())
    }
}
