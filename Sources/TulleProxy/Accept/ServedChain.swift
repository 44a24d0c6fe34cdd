import NIOCore
import NIOSSL
import TulleModel

/// What a filter chain's connections are served with on one worker.
struct ServedChain {
    enum Filter {
        case http(HTTPRuntime)
        case tcp(TCPRuntime)
    }

    let filter: Filter
    let tls: DownstreamTLS?
    let security: SecureContext?
    /// What decides on each connection, in this order.
    let admission: [AdmissionRuntime]

    /// Puts the chain's handler into the pipeline, behind `position` or as the first; behind TLS, once the handshake is over.
    func serve(
        _ pipeline: ChannelPipeline.SynchronousOperations, after position: (any ChannelHandler)?, channel: any Channel,
        listener: ListenerRuntime, original: PeerAddress? = nil, detected: DetectedProtocol = DetectedProtocol()
    ) throws {
        let place: ChannelPipeline.SynchronousOperations.Position = position.map { .after($0) } ?? .last
        guard let tls, let security else {
            let handler = makeHandler(for: channel, listener: listener, original: original, detected: detected)
            return try pipeline.addHandler(handler, position: place)
        }
        guard let current = security.current else { throw refused(.notReady, listener) }
        if tls.requiresServerName, detected.serverName == nil { throw refused(.noServerName, listener) }
        let handler = SecureContext.serverHandler(current)
        let handshake = HandshakeHandler(
            worker: listener.worker, tls: handler, current: current, isServer: true, timeout: tls.handshakeTimeout
        ) { result, context in
            switch result {
            case .failure(let failure): listener.stats.handshake(failure.counted)
            case .success(let handshake):
                listener.stats.handshake(.handshake)
                if handshake.peer == nil, tls.context.validation != nil { listener.stats.handshake(.noCertificate) }
                let successor = makeHandler(
                    for: channel, listener: listener, original: original, detected: detected, handshake: handshake,
                    own: current.ownURINames)
                do {
                    try context.pipeline.syncOperations.addHandler(successor, position: .after(context.handler))
                } catch {
                    context.close(promise: nil)
                }
            }
        }
        try pipeline.addHandler(handler, position: place)
        try pipeline.addHandler(handshake, position: .after(handler))
    }

    private func refused(_ failure: HandshakeFailure, _ listener: ListenerRuntime) -> HandshakeFailure {
        listener.stats.handshake(failure.counted)
        return failure
    }

    private func makeHandler(
        for channel: any Channel, listener: ListenerRuntime, original: PeerAddress?, detected: DetectedProtocol,
        handshake: Handshake? = nil, own: [String] = []
    ) -> any ChannelHandler {
        let connection = DownstreamConnection(channel: channel, listener: listener, original: original)
        connection.serverName = detected.serverName
        connection.tls = handshake.map { .init(version: $0.version, ownURINames: own) }
        connection.peer = handshake?.peer
        if let peer = handshake?.peer {
            connection.principals = listener.worker.stats.principals.number(of: ConnectionPrincipals(peer, own: own))
        }
        if case .denied(let policy) = admission.admit(connection) {
            if case .tcp(let runtime) = filter { runtime.logDenial(of: connection, by: policy) }
            return DeniedConnectionHandler()
        }
        switch filter {
        case .http(let runtime):
            connection.clientCertificateField = ClientCertificateField.value(
                runtime.manager.clientCertificate, handshake?.peer, handshake?.certificate, own: own)
            let agreed = handshake?.applicationProtocol
            let isHTTP2 = runtime.manager.codec == .http2 || agreed == "h2" || detected.application == ["h2c"]
            return isHTTP2 && runtime.manager.codec != .http1
                ? DownstreamHTTP2Handler(runtime: runtime, connection: connection)
                : DownstreamHTTP1Handler(runtime: runtime, connection: connection)
        case .tcp(let runtime): return TCPProxyHandler(runtime: runtime, connection: connection)
        }
    }
}
