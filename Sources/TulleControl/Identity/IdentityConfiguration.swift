import Foundation
public import TulleIdentity

/// The mesh's identity, and how workloads get theirs.
public struct IdentityConfiguration: Hashable, Sendable {
    /// Istio's default too.
    public static let defaultTrustDomain = "cluster.local"

    public var trustDomain: TrustDomain
    /// How long workloads' certificates live.
    public var lifetime: Duration
    /// The user's own authority; nil for one that is made beside the store.
    public var authority: AuthorityFiles?
    /// Where the signing server listens with TLS: an IP address, or `localhost`.
    public var signingHost: String
    /// 0 takes a free port.
    public var signingPort: Int
    /// Names and addresses that the server is reached by, beside those of this machine.
    public var signingNames: [String]
    /// The path of the socket for local users; nil for `control.sock` beside the store, if its path is not too long.
    public var socketPath: String?
    public var users: LocalIdentities

    public init(
        trustDomain: TrustDomain, lifetime: Duration = Authority.defaultLifetime, authority: AuthorityFiles? = nil,
        signingHost: String = "127.0.0.1", signingPort: Int = 15012, signingNames: [String] = [],
        socketPath: String? = nil, users: LocalIdentities = .usual
    ) {
        self.trustDomain = trustDomain
        self.lifetime = lifetime
        self.authority = authority
        self.signingHost = signingHost
        self.signingPort = signingPort
        self.signingNames = signingNames
        self.socketPath = socketPath
        self.users = users
    }

    /// What the server's certificate names: how this machine may be called, and what else was told.
    var serverNames: [String] {
        var names = ["localhost", "127.0.0.1", "::1"]
        for name in [signingHost, ProcessInfo.processInfo.hostName] + signingNames
        where !names.contains(name) && !["0.0.0.0", "::", ""].contains(name) {
            names.append(name)
        }
        return names
    }

    /// The longest path that a Unix-domain socket may have: `sun_path` has 108 bytes with its end.
    static let maxSocketPathBytes = 107

    /// Where the socket is. Nil when nobody said where and the store's folder is too deep for one.
    func socket(beside storePath: String) throws -> String? {
        guard let socketPath else {
            let usual = URL(fileURLWithPath: storePath).deletingLastPathComponent().path + "/control.sock"
            return usual.utf8.count <= Self.maxSocketPathBytes ? usual : nil
        }
        guard socketPath.utf8.count <= Self.maxSocketPathBytes else {
            throw ControlPlaneError(
                "the socket's path \(socketPath) has \(socketPath.utf8.count) bytes: the kernel takes "
                    + "\(Self.maxSocketPathBytes); --socket takes a shorter one")
        }
        return socketPath
    }
}
