/// A host name or IP with a port, as an authority names them.
struct HostAndPort: Hashable, Sendable {
    let host: String
    let port: Int

    /// Reads `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`; nil when it is none of them.
    init?(_ authority: String, defaultPort: Int) {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            let inner = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard let port = Self.port(rest, default: defaultPort) else { return nil }
            host = String(inner)
            self.port = port
            return
        }
        guard let colon = authority.lastIndex(of: ":") else {
            guard !authority.isEmpty else { return nil }
            host = authority
            port = defaultPort
            return
        }
        guard let port = Self.port(authority[colon...], default: defaultPort), colon > authority.startIndex else {
            return nil
        }
        host = String(authority[..<colon])
        self.port = port
    }

    private static func port(_ text: Substring, default: Int) -> Int? {
        if text.isEmpty { return `default` }
        guard text.first == ":", let port = Int(text.dropFirst()), (1...65535).contains(port) else { return nil }
        return port
    }
}
