import TulleModel

/// The names of resources, spelled as Istio spells them where it has such a resource.
enum XDSNames {
    static let httpProxy = "outbound|http-proxy"
    static let transparent = "outbound|transparent"
    /// The cluster of hosts outside the mesh, found by their names.
    static let passthrough = "passthrough"
    /// The cluster of the addresses that connections were meant for.
    static let originalDestination = "original-destination"

    static func outboundCluster(_ service: ServiceName, port: Int) -> String { "outbound|\(port)||\(service.host)" }
    static func inboundCluster(port: Int) -> String { "inbound|\(port)||" }
    static func inboundListener(port: Int) -> String { "inbound|\(port)" }
    static func isInboundListener(_ name: String) -> Bool { name.hasPrefix("inbound|") }
    static func upstream(_ service: ServiceName, port: Int) -> String {
        "upstream|\(service.name).\(service.namespace)|\(port)"
    }
    /// The routes of a gRPC client's target.
    static func api(_ target: String) -> String { "api|\(target)" }

    /// What an outbound cluster's name means.
    static func parseOutboundCluster(_ name: some StringProtocol) -> (service: ServiceName, port: Int)? {
        let parts = name.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "outbound", parts[2].isEmpty, let port = port(parts[1]),
            parts[3].hasSuffix(".svc.cluster.local")
        else { return nil }
        let labels = parts[3].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == 5 else { return nil }
        return (ServiceName(String(labels[0]), namespace: String(labels[1])), port)
    }

    static func parseInboundCluster(_ name: String) -> Int? {
        let parts = name.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "inbound", parts[2].isEmpty, parts[3].isEmpty else { return nil }
        return port(parts[1])
    }

    static func parseUpstream(_ name: String) -> (service: ServiceName, port: Int)? {
        let parts = name.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "upstream", let port = port(parts[2]) else { return nil }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == 2 else { return nil }
        return (ServiceName(String(labels[0]), namespace: String(labels[1])), port)
    }

    /// Splits `HOST`, `HOST:PORT` or `[IPv6]:PORT`; nil for a port that is none.
    static func splitPort(_ authority: String) -> (host: String, port: Int?)? {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            let host = String(authority[authority.index(after: authority.startIndex)..<end])
            let rest = authority[authority.index(after: end)...]
            if rest.isEmpty { return (host, nil) }
            guard rest.hasPrefix(":"), let port = port(rest.dropFirst()) else { return nil }
            return (host, port)
        }
        guard let colon = authority.lastIndex(of: ":") else { return (authority, nil) }
        guard let port = port(authority[authority.index(after: colon)...]) else { return nil }
        return (String(authority[..<colon]), port)
    }

    /// A decimal port without sign or leading zero.
    private static func port(_ text: some StringProtocol) -> Int? {
        guard let number = Int(text), 1...65535 ~= number, String(number) == text else { return nil }
        return number
    }
}
