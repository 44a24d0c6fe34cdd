/// Where the API listens and what it bounds.
public struct APIConfiguration: Hashable, Sendable {
    /// Loopback unless `insecure`: nobody is asked who he is yet, and whoever reaches the API rules the mesh.
    public var host: String
    /// 0 takes a free port.
    public var port: Int
    /// Allows an address that others can reach (`--insecure-api`).
    public var insecure: Bool
    /// The largest body of a request: 8 MiB hold some ten thousand resources.
    public var maxBodyBytes: Int

    public init(
        host: String = "127.0.0.1", port: Int = 15080, insecure: Bool = false, maxBodyBytes: Int = 8 << 20
    ) {
        self.host = host
        self.port = port
        self.insecure = insecure
        self.maxBodyBytes = maxBodyBytes
    }

    /// Whether only this machine can reach the host.
    public static func isLoopback(_ host: String) -> Bool {
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        return bare == "localhost" || bare == "::1"
            || (bare.hasPrefix("127.") && bare.allSatisfy { $0 == "." || $0.isASCII && $0.isNumber })
    }

    /// Throws for an address that others can reach, unless that was asked for.
    func check() throws {
        guard insecure || Self.isLoopback(host) else {
            throw ControlPlaneError(
                "the api would listen on \(host), which others can reach, and it asks nobody who he is: "
                    + "use 127.0.0.1, or --insecure-api where the network itself is trusted")
        }
    }
}

/// Why the control plane does not start or cannot go on.
public struct ControlPlaneError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
