import TulleModel

/// How the connections to a cluster's endpoints are encrypted.
struct ClusterSecurity: Sendable {
    struct Choice: Sendable {
        let tls: UpstreamTLS
        let context: SecureContext
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
            guard var tls else { return nil }
            // What is spoken anyway is offered too: a server that speaks both takes HTTP/1.1 where nothing is.
            if cluster.upstreamProtocol == .http2, tls.context.applicationProtocols.isEmpty {
                tls.context.applicationProtocols = ["h2"]
            }
            return Choice(tls: tls, context: try contexts.context(tls))
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
