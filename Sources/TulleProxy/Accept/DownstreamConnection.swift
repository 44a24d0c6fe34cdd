import NIOCore
import TulleModel

/// What is known of a connection from downstream, whatever protocol it speaks.
final class DownstreamConnection {
    let listener: ListenerRuntime
    let remoteAddress: PeerAddress?
    let localAddress: PeerAddress?
    /// Where the client wanted to go before iptables sent it here.
    let originalDestination: PeerAddress?
    var serverName: String?
    /// What TLS has settled; nil where the client's bytes come as they are.
    var tls: TLS?
    var isSecure: Bool { tls != nil }
    /// What the client's certificate says; nil without TLS, or where the client showed none that was verified.
    var peer: PeerCertificate?
    /// Who its ends are, by the worker's `PrincipalTable`.
    var principals: Int32 = 0
    /// What `x-forwarded-client-cert` says of the client; nil where it says nothing.
    var clientCertificateField: String?
    /// The authority of the CONNECT in whose tunnel the connection's requests come; nil outside of one.
    var tunnelAuthority: [UInt8]?
    /// Counts the connections of one worker; logs name them by it.
    let number: UInt64
    /// The remote address without its port, as `x-forwarded-for` has it; made when first needed.
    private(set) lazy var remoteIP: String = remoteAddress?.ipAddress ?? ""

    init(channel: any Channel, listener: ListenerRuntime, original: PeerAddress?) {
        self.listener = listener
        remoteAddress = channel.remoteAddress
        localAddress = channel.localAddress
        originalDestination = original
        number = listener.worker.nextConnectionNumber()
        listener.stats.connectionOpened()
    }

    struct TLS {
        /// `TLSv1.3`
        var version: String?
        /// Of the certificate that was shown to the client.
        var ownURINames: [String]
    }

    deinit { listener.stats.connectionClosed() }
}
