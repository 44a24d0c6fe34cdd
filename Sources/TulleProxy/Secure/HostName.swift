/// Host names in certificates (RFC 6125, 6.4.3).
enum HostName {
    /// Whether a certificate's name is the host, or a wildcard for its first label.
    static func covers(_ name: String, _ host: String) -> Bool {
        let name = name.lowercased()
        if name == host { return true }
        guard name.hasPrefix("*."), let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
        return name.dropFirst() == host[dot...]
    }
}
