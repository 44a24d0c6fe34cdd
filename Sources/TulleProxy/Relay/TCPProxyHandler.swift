import NIOCore
import TulleBalancing
import TulleModel
import TulleTelemetry

/// How one worker serves the connections of a chain that ends in `tcp_proxy`.
final class TCPRuntime {
    let proxy: TCPProxy
    let listener: Listener
    unowned let worker: Worker
    private let totalWeight: Int
    let accessLogs: [AccessLogger]

    init(_ proxy: TCPProxy, listener: Listener, worker: Worker) {
        self.proxy = proxy
        self.listener = listener
        self.worker = worker
        accessLogs = proxy.accessLogs.compactMap { worker.accessLogger(for: $0) }
        totalWeight = proxy.clusters.reduce(0) { $0 + max(0, $1.weight) }
    }

    /// Logs a connection that was closed before it was served.
    func logDenial(of connection: DownstreamConnection, by policy: String?) {
        for log in accessLogs {
            log.write(
                about: ConnectionFormat(
                    connection: connection, start: .now(), cluster: "", host: nil, received: 0, sent: 0,
                    flags: [], failureReason: "",
                    terminationDetail: Admission.detail(ofDenialBy: policy)))
        }
    }

    func chooseCluster() -> String? {
        guard proxy.clusters.count > 1, totalWeight > 0 else { return proxy.clusters.first?.name }
        var ticket = worker.random.next(below: totalWeight)
        for cluster in proxy.clusters {
            if ticket < cluster.weight { return cluster.name }
            ticket -= cluster.weight
        }
        return proxy.clusters.last?.name
    }
}

/// Connects a downstream connection with an endpoint and then leaves the two to a `RelaySession`.
///
/// Until the upstream connection stands nothing is read: what the client sends early waits in the kernel.
final class TCPProxyHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private let runtime: TCPRuntime
    private let connection: DownstreamConnection
    private var worker: Worker { runtime.worker }
    private var context: ChannelHandlerContext?
    private var opener: RelayOpener<RelaySession>?
    private var session: RelaySession?
    private var early: [ByteBuffer] = []
    private var inputClosed = false
    private var clusterName = ""
    private let startTime = NIODeadline.now()

    init(runtime: TCPRuntime, connection: DownstreamConnection) {
        self.runtime = runtime
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        worker.track(self)
        if context.channel.isActive { open() }
    }

    func channelActive(context: ChannelHandlerContext) {
        if opener == nil { open() }
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        early.append(unwrapInboundIn(data))
    }

    func read(context: ChannelHandlerContext) {
        // Swallowed: the relay asks for the first read once there is somebody to pass it to.
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { inputClosed = true }
    }

    func channelInactive(context: ChannelHandlerContext) {
        opener?.cancel()
        worker.untrack(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func open() {
        guard let cluster = runtime.chooseCluster() else { return fail(.noClusterFound) }
        clusterName = cluster
        let opener = RelayOpener(
            worker: worker, clusterName: cluster, original: connection.originalDestination,
            attempts: max(1, runtime.proxy.maxConnectAttempts),
            makeEnd: { [runtime] in
                RelaySession(worker: runtime.worker, idleTimeout: runtime.proxy.idleTimeout.asTimeAmount)
            }
        ) { [weak self] outcome in self?.opened(outcome) }
        self.opener = opener
        opener.start()
    }

    private func opened(_ outcome: RelayOpener<RelaySession>.Outcome) {
        guard let context else {
            if case .open(let session, _) = outcome { session.close() }
            return
        }
        let session: RelaySession
        let host: UpstreamHost
        switch outcome {
        case .open(let opened, let endpoint): (session, host) = (opened, endpoint)
        case .noCluster: return fail(.noClusterFound)
        case .noEndpoint: return fail(.noHealthyUpstream)
        case .refused(let failure, let endpoint): return fail(.upstreamConnectionFailure, endpoint, failure.text)
        }
        self.session = session
        let principals = connection.principals
        host.cluster.stats.tcpOpened(principals)
        session.ended = { [self] in
            host.cluster.stats.tcpClosed(
                received: $0.downstream.bytesReceived, sent: $0.upstream.bytesReceived, principals)
            log(host, received: $0.downstream.bytesReceived, sent: $0.upstream.bytesReceived)
            worker.untrack(self)
        }
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(session.downstream, position: .after(self))
        } catch {
            session.close()
            context.close(promise: nil)
            return
        }
        for bytes in early { session.downstream.receive(bytes) }
        early = []
        if inputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        pipeline.removeHandler(context: context, promise: nil)
        session.start()
    }

    private func log(
        _ host: UpstreamHost?, received: UInt64 = 0, sent: UInt64 = 0, flags: ResponseFlags = [], reason: String = ""
    ) {
        for log in runtime.accessLogs {
            log.write(
                about: ConnectionFormat(
                    connection: connection, start: startTime, cluster: clusterName, host: host, received: received,
                    sent: sent, flags: flags, failureReason: reason))
        }
    }

    private func fail(_ flags: ResponseFlags, _ host: UpstreamHost? = nil, _ reason: String = "") {
        connection.listener.stats.upstreamFailed()
        log(host, flags: flags, reason: reason)
        // A reset, not an orderly end: the client must not take silence for an empty answer.
        context?.close(promise: nil)
    }
}

extension TCPProxyHandler: DrainableConnection {
    /// A relayed connection has no boundary to end at, so it goes on until its own end or the drain's.
    func drain() {}

    func closeNow() {
        if let session { session.close() } else { context?.close(promise: nil) }
    }
}
