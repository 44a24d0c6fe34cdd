import NIOCore
import TulleModel

/// An address of the operating system's, as sockets have it.
typealias PeerAddress = NIOCore.SocketAddress
/// An address as configuration has it: perhaps a host name.
typealias ConfiguredAddress = TulleModel.SocketAddress

extension NIOCore.SocketAddress {
    /// `127.0.0.1:80`, `[::1]:80` or a socket's path, as logs and header values show it.
    var text: String {
        switch self {
        case .v4: "\(ipAddress ?? ""):\(port ?? 0)"
        case .v6: "[\(ipAddress ?? "")]:\(port ?? 0)"
        case .unixDomainSocket: pathname ?? ""
        }
    }
}
