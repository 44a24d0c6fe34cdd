import NIOCore
import TulleModel

@testable import TulleProxy

/// A connection as rules see it.
final class FixturePeer: AdmissionPeer {
    var remoteAddress: PeerAddress?
    var localAddress: PeerAddress?
    var originalDestination: PeerAddress?
    var serverName: String?
    var isSecure = false
    var peer: PeerCertificate?

    init(
        from remote: String = "192.0.2.1", to local: String = "198.51.100.1", port: Int = 80, serverName: String? = nil,
        isSecure: Bool = false, peer: PeerCertificate? = nil
    ) throws {
        remoteAddress = try PeerAddress(ipAddress: remote, port: 40000)
        localAddress = try PeerAddress(ipAddress: local, port: port)
        self.serverName = serverName
        self.isSecure = isSecure || peer != nil
        self.peer = peer
    }
}

extension AccessRules {
    /// The name of the first policy that matches.
    func match(_ fixture: Fixture, from peer: FixturePeer, forwarded: IPAddressBits? = nil) -> String? {
        let subject = AdmissionSubject(peer, fixture.subject, forwardedAddress: forwarded)
        let found = firstMatch(subject, fixture.head.block)
        return found < 0 ? nil : policyNames[found]
    }
}

func rules(_ action: RBAC.Action = .allow, _ policies: [String: RBAC.Policy]) throws -> AccessRules {
    try AccessRules(RBAC(action: action, policies: policies))
}

func text(_ pattern: StringMatcher.Pattern, folding: Bool = false) -> StringMatcher {
    StringMatcher(pattern, ignoreCase: folding)
}

func header(
    _ name: String, _ pattern: StringMatcher.Pattern, invert: Bool = false, emptyIfMissing: Bool = false
)
    -> RBAC.Condition
{
    .header(
        HeaderMatcher(name: name, test: .string(text(pattern)), invert: invert, treatMissingAsEmpty: emptyIfMissing))
}

extension NIOCore.SocketAddress {
    /// The IP's bytes in network order, read in another way than the rules under test read it.
    var ipBytes: [UInt8] {
        // Where sockaddr_in and sockaddr_in6 keep the address, on every Linux.
        let (offset, count) =
            switch self {
            case .v4: (4, 4)
            case .v6: (8, 16)
            case .unixDomainSocket: (0, 0)
            }
        return withSockAddr { address, size in
            Array(UnsafeRawBufferPointer(start: address, count: size)[offset..<offset + count])
        }
    }
}
