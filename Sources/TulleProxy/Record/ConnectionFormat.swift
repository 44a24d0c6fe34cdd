// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Glibc
import NIOCore
import TulleModel
import TulleTelemetry

/// What format operators can ask of a relayed TCP connection at its end.
struct ConnectionFormat: FormatContext {
    let connection: DownstreamConnection
    let start: NIODeadline
    let cluster: String
    /// Nil when no endpoint was reached.
    let host: UpstreamHost?
    let received: UInt64
    let sent: UInt64
    let flags: ResponseFlags
    let failureReason: String
    /// Why the connection was closed before it was served.
    var terminationDetail = ""

    func append(_ field: FormatField, to bytes: inout [UInt8]) -> Bool {
        switch field {
        case .bytesReceived: return append("\(received)", &bytes)
        case .bytesSent: return append("\(sent)", &bytes)
        case .responseCode: return append("0", &bytes)
        case .responseFlags: return flags.append(to: &bytes)
        case .responseFlagsLong: return flags.append(to: &bytes, long: true)
        case .duration: return append("\(max(0, (NIODeadline.now() - start).nanoseconds / 1_000_000))", &bytes)
        case .upstreamCluster: return append(cluster, &bytes)
        case .upstreamHost, .upstreamRemoteAddress: return append(host?.name, &bytes)
        case .upstreamHostName: return append(host?.endpoint.hostname, &bytes)
        case .upstreamRemoteAddressWithoutPort: return append(host?.address.ipAddress, &bytes)
        case .upstreamRemotePort: return append(host?.address.port.map { "\($0)" }, &bytes)
        case .connectionTerminationDetails: return append(terminationDetail, &bytes)
        case .upstreamTransportFailureReason: return append(failureReason, &bytes)
        case .downstreamRemoteAddress, .downstreamDirectRemoteAddress:
            return append(connection.remoteAddress?.text, &bytes)
        case .downstreamRemoteAddressWithoutPort, .downstreamDirectRemoteAddressWithoutPort:
            return append(connection.remoteIP, &bytes)
        case .downstreamRemotePort, .downstreamDirectRemotePort:
            return append(connection.remoteAddress?.port.map { "\($0)" }, &bytes)
        case .downstreamLocalAddress: return append(connection.localAddress?.text, &bytes)
        case .downstreamLocalAddressWithoutPort: return append(connection.localAddress?.ipAddress, &bytes)
        case .downstreamLocalPort: return append(connection.localAddress?.port.map { "\($0)" }, &bytes)
        case .connectionID: return append("\(connection.number)", &bytes)
        case .requestedServerName: return append(connection.serverName, &bytes)
        case .downstreamPeerURINames: return append(connection.peer?.uriNames.joined(separator: ","), &bytes)
        case .downstreamPeerDNSNames: return append(connection.peer?.dnsNames.joined(separator: ","), &bytes)
        case .downstreamPeerSubject: return append(connection.peer?.subject, &bytes)
        case .downstreamLocalURINames: return append(connection.tls?.ownURINames.joined(separator: ","), &bytes)
        case .downstreamTLSVersion: return append(connection.tls?.version, &bytes)
        // The rest is of HTTP.
        default: return false
        }
    }

    func append(header name: [UInt8], of message: FormatMessage, to bytes: inout [UInt8]) -> Bool { false }

    var startTime: WallTime { WallTime.now(minus: NIODeadline.now() - start) }
    var emitTime: WallTime { WallTime.now(minus: .zero) }

    private func append(_ text: String?, _ bytes: inout [UInt8]) -> Bool {
        guard let text, !text.isEmpty else { return false }
        bytes.append(contentsOf: text.utf8)
        return true
    }
}

extension WallTime {
    /// The date of now, less what has passed on a loop's clock, which knows no dates.
    static func now(minus elapsed: TimeAmount) -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let total = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) - elapsed.nanoseconds
        return WallTime(seconds: total / 1_000_000_000, nanoseconds: Int32(total % 1_000_000_000))
    }
}
