import NIOCore
import TulleModel
import TulleTelemetry

/// What format operators can ask of an exchange.
struct ExchangeFormat: FormatContext {
    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    func append(_ field: FormatField, to bytes: inout [UInt8]) -> Bool {
        let connection = exchange.connection!
        switch field {
        case .requestProtocol:
            let request = exchange.request
            return append(request.version20 ? "HTTP/2" : request.version10 ? "HTTP/1.0" : "HTTP/1.1", &bytes)
        case .upstreamProtocol:
            guard exchange.lastHost != nil, let version = exchange.upstreamVersion else { return false }
            return append("\(version.name)", &bytes)
        case .bytesReceived: return append(exchange.requestBytes, &bytes)
        case .bytesSent: return append(exchange.responseBytes, &bytes)
        case .requestHeadersBytes: return append(UInt64(exchange.request.block.fieldsEnd), &bytes)
        case .responseHeadersBytes: return append(UInt64(exchange.response.block.fieldsEnd), &bytes)
        case .responseTrailersBytes: return append(0 as UInt64, &bytes)
        case .upstreamWireBytesReceived, .upstreamWireBytesSent: return false
        case .responseCode: return append(exchange.responseHasBegun ? UInt64(exchange.response.status) : 0, &bytes)
        case .responseCodeDetails: return append(exchange.denialDetail ?? "\(exchange.detail)", &bytes)
        case .responseFlags: return exchange.flags.append(to: &bytes)
        case .responseFlagsLong: return exchange.flags.append(to: &bytes, long: true)
        case .connectionTerminationDetails: return false
        case .duration, .responseTransmitDuration: return append(milliseconds(since: exchange.startTime), &bytes)
        case .requestDuration, .requestTransmitDuration, .responseDuration:
            guard exchange.attempts > 0 else { return false }
            return append(milliseconds(since: exchange.upstreamStart), &bytes)
        case .routeName: return append(exchange.route?.name, &bytes)
        case .virtualHostName: return append(exchange.route?.virtualHost.name, &bytes)
        case .filterChainName: return false
        case .upstreamCluster: return append(exchange.clusterName, &bytes)
        case .upstreamHost, .upstreamRemoteAddress: return append(host?.name, &bytes)
        case .upstreamHostName: return append(host?.endpoint.hostname, &bytes)
        case .upstreamRemoteAddressWithoutPort: return append(host?.address.ipAddress, &bytes)
        case .upstreamRemotePort: return append(host?.address.port.map { UInt64($0) }, &bytes)
        case .upstreamTransportFailureReason: return append(exchange.failureReason, &bytes)
        case .upstreamRequestAttemptCount: return append(UInt64(exchange.attempts), &bytes)
        case .upstreamConnectionID: return false
        case .upstreamLocalAddress: return append(exchange.upstream?.localAddress?.text, &bytes)
        case .upstreamLocalAddressWithoutPort: return append(exchange.upstream?.localAddress?.ipAddress, &bytes)
        case .upstreamLocalPort: return append(exchange.upstream?.localAddress?.port.map { UInt64($0) }, &bytes)
        case .downstreamRemoteAddress, .downstreamDirectRemoteAddress:
            return append(connection.remoteAddress?.text, &bytes)
        case .downstreamRemoteAddressWithoutPort, .downstreamDirectRemoteAddressWithoutPort:
            return append(connection.remoteIP, &bytes)
        case .downstreamRemotePort, .downstreamDirectRemotePort:
            return append(connection.remoteAddress?.port.map { UInt64($0) }, &bytes)
        case .downstreamLocalAddress: return append(connection.localAddress?.text, &bytes)
        case .downstreamLocalAddressWithoutPort: return append(connection.localAddress?.ipAddress, &bytes)
        case .downstreamLocalPort: return append(connection.localAddress?.port.map { UInt64($0) }, &bytes)
        case .connectionID: return append(connection.number, &bytes)
        case .requestedServerName: return append(connection.serverName, &bytes)
        case .downstreamPeerURINames: return append(connection.peer?.uriNames.joined(separator: ","), &bytes)
        case .downstreamPeerDNSNames: return append(connection.peer?.dnsNames.joined(separator: ","), &bytes)
        case .downstreamPeerSubject: return append(connection.peer?.subject, &bytes)
        case .downstreamLocalURINames: return append(connection.tls?.ownURINames.joined(separator: ","), &bytes)
        case .downstreamTLSVersion: return append(connection.tls?.version, &bytes)
        case .uniqueID, .streamID:
            guard let id = exchange.request.block.value(.xRequestID) else { return false }
            return append(range: id, of: exchange.request.block, &bytes)
        }
    }

    func append(header name: [UInt8], of message: FormatMessage, to bytes: inout [UInt8]) -> Bool {
        let request = exchange.request
        switch message {
        case .request:
            guard name.first == 0x3A else { return append(field: name, of: request.block, &bytes) }
            switch String(decoding: name, as: UTF8.self) {
            case ":method": return append(range: request.methodRange, of: request.block, &bytes)
            case ":authority": return append(range: request.authority, of: request.block, &bytes)
            case ":scheme": return append(exchange.connection.isSecure ? "https" : "http", &bytes)
            case ":path":
                guard append(range: request.path, of: request.block, &bytes) else { return false }
                if request.hasQuery {
                    bytes.append(0x3F)
                    _ = append(range: request.query, of: request.block, &bytes)
                }
                return true
            default: return false
            }
        case .response:
            if name.elementsEqual(":status".utf8) { return append(.responseCode, to: &bytes) }
            return append(field: name, of: exchange.response.block, &bytes)
        case .responseTrailers:
            return false
        }
    }

    var startTime: WallTime { WallTime.now(minus: NIODeadline.now() - exchange.startTime) }
    var emitTime: WallTime { WallTime.now(minus: .zero) }

    private var host: UpstreamHost? { exchange.host ?? exchange.lastHost }

    private func milliseconds(since start: NIODeadline) -> UInt64 {
        UInt64(max(0, (NIODeadline.now() - start).nanoseconds / 1_000_000))
    }

    private func append(_ text: String?, _ bytes: inout [UInt8]) -> Bool {
        guard let text, !text.isEmpty else { return false }
        bytes.append(contentsOf: text.utf8)
        return true
    }

    private func append(_ number: UInt64?, _ bytes: inout [UInt8]) -> Bool {
        guard let number else { return false }
        bytes.append(contentsOf: "\(number)".utf8)
        return true
    }

    private func append(field name: [UInt8], of block: borrowing HeaderBlock, _ bytes: inout [UInt8]) -> Bool {
        guard let index = block.firstIndex(named: name) else { return false }
        return append(range: block.fields[index].valueRange, of: block, &bytes)
    }

    private func append(range: Range<Int>, of block: borrowing HeaderBlock, _ bytes: inout [UInt8]) -> Bool {
        guard !range.isEmpty else { return false }
        block.withBytes { bytes.append(contentsOf: $0[range]) }
        return true
    }
}
