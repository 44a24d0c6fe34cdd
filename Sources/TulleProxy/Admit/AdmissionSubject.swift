import NIOCore
import TulleModel

/// What is known of the connection that a decision is about.
protocol AdmissionPeer: AnyObject {
    var remoteAddress: PeerAddress? { get }
    var localAddress: PeerAddress? { get }
    var originalDestination: PeerAddress? { get }
    var serverName: String? { get }
    var isSecure: Bool { get }
    var peer: PeerCertificate? { get }
}

extension DownstreamConnection: AdmissionPeer {}

/// What is asked of a request, or of a connection that has none yet, when it is decided whether it may pass.
struct AdmissionSubject {
    let connection: any AdmissionPeer
    let route: RouteSubject
    /// What `x-forwarded-for` tells of the client; nil without such a word.
    let forwardedAddress: IPAddressBits?

    init(_ connection: any AdmissionPeer, _ route: RouteSubject, forwardedAddress: IPAddressBits?) {
        self.connection = connection
        self.route = route
        self.forwardedAddress = forwardedAddress
    }

    private var destination: PeerAddress? { connection.originalDestination ?? connection.localAddress }

    var destinationPort: Int { destination?.port ?? -1 }

    func address(_ origin: RBAC.AddressOrigin) -> IPAddressBits? {
        switch origin {
        case .destination: destination.flatMap { IPAddressBits($0) }
        case .directRemote: connection.remoteAddress.flatMap { IPAddressBits($0) }
        case .remote: forwardedAddress ?? connection.remoteAddress.flatMap { IPAddressBits($0) }
        }
    }

    /// Whether `body` says true of one of the texts.
    @inline(__always)
    func anyText(
        _ source: AdmissionText, _ base: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        switch source {
        case .path:
            return !route.path.isEmpty && body(UnsafeRawBufferPointer(rebasing: base[route.pathWithoutQuery]))
        case .requestedServerName: return (connection.serverName ?? "").withBytes(body)
        case .principal:
            guard connection.isSecure else { return false }
            // As Envoy: each URI, then each DNS name, then the subject, which is empty where there is no certificate.
            guard let peer = connection.peer else { return "".withBytes(body) }
            for name in peer.uriNames where name.withBytes(body) { return true }
            for name in peer.dnsNames where name.withBytes(body) { return true }
            return peer.subject.withBytes(body)
        }
    }
}

/// A text that rules test, besides the fields of a request's head.
enum AdmissionText: UInt8, CaseIterable, Sendable {
    /// Without the query.
    case path
    /// Of TLS; empty without one.
    case requestedServerName
    /// The names of the peer's certificate.
    case principal
}

extension String {
    /// The text's bytes in place: every String that Swift made itself has them side by side.
    @inline(__always)
    fileprivate func withBytes(_ body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        if let result = utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) { return result }
        var copy = self
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
