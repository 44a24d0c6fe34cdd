/// A host and a port: `127.0.0.1:15010`, `mesh.example:15010`, `[::1]:15010`, or `:15010` for this machine.
struct HostPort: Equatable, Sendable, CustomStringConvertible {
    var host: String
    var port: UInt16

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// - Parameter flag: named in the error.
    init(_ text: String, flag: String) throws {
        let wrong = Failure(.usage, "\(flag) \"\(text)\": host:port would be right, as 127.0.0.1:15010")
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { throw wrong }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw wrong
        }
        guard !host.contains(where: { $0.isWhitespace || $0 == "/" || $0 == "@" }) else { throw wrong }
        self.init(host: host.isEmpty ? "127.0.0.1" : host, port: port)
    }

    /// Whether the host is a name that has to be looked up.
    var isName: Bool {
        !host.contains(":") && !host.split(separator: ".").allSatisfy { UInt8($0) != nil }
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
