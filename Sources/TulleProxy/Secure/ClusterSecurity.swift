import TulleModel

/// How the connections to a cluster's endpoints are encrypted.
struct ClusterSecurity: Sendable {
    struct Choice: Sendable {
        let tls: UpstreamTLS
        /// For bytes that are relayed as they are.
        private let opaque: SecureContext
        private let http1: SecureContext?
        private let http2: SecureContext?

        /// Where no protocols are listed, what is spoken anyway is offered (ALPN), as by Envoy: a server that speaks both takes
        /// HTTP/1.1 where nothing is, and one that serves several things tells them apart by it.
        init(_ tls: UpstreamTLS, _ version: Cluster.UpstreamProtocol, _ contexts: inout SecureContexts) throws {
            self.tls = tls
            opaque = try contexts.context(tls)
            func offering(_ name: String) throws -> SecureContext {
                var tls = tls
                tls.context.applicationProtocols = [name]
                return try contexts.context(tls)
            }
            let isListed = !tls.context.applicationProtocols.isEmpty
            http1 = isListed || version == .http2 ? nil : try offering("http/1.1")
            http2 = isListed || version == .http1 ? nil : try offering("h2")
        }

        /// - Parameter version: nil for bytes that are relayed.
        func context(for version: WireVersion?) -> SecureContext {
            switch version {
            case .http1: http1 ?? opaque
            case .http2: http2 ?? opaque
            case nil: opaque
            }
        }
    }

    private struct Match: Sendable {
        let wanted: [String: Value]
        /// Nil is plain bytes.
        let choice: Choice?
    }

    private let common: Choice?
    private let matches: [Match]

    /// Plain bytes.
    init() {
        common = nil
        matches = []
    }

    init(_ cluster: Cluster, _ contexts: inout SecureContexts) throws {
        func choice(_ tls: UpstreamTLS?) throws -> Choice? {
            try tls.map { try Choice($0, cluster.upstreamProtocol, &contexts) }
        }
        common = try choice(cluster.tls)
        matches = try cluster.tlsMatches.map { Match(wanted: $0.match, choice: try choice($0.tls)) }
    }

    /// What an endpoint is spoken to with; nil for plain bytes.
    func choice(for endpoint: Endpoint) -> Choice? {
        guard !matches.isEmpty else { return common }
        let labels = endpoint.transportSocketLabels
        for match in matches where match.wanted.allSatisfy({ labels?[$0.key] == $0.value }) { return match.choice }
        return common
    }
}

extension Endpoint {
    /// What a cluster's `transport_socket_matches` look at.
    var transportSocketLabels: Value? { metadata["envoy.transport_socket_match"] }
}
