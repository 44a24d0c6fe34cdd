import NIOCore
import TulleModel

/// Exchanges that stop being HTTP: upgrades and CONNECT.
extension Exchange {
    /// The upstream has switched protocols: what follows is relayed as it comes.
    func upgraded(early: ByteBuffer) {
        guard let downstream, let upstream, isUpgrade || isConnect else {
            let connection = self.upstream
            self.upstream = nil
            connection?.abandon()
            return upstreamFailed(.invalidResponse(.invalidStatusLine))
        }
        if downstream.wireVersion == .http2 { return tunnelOnStream(downstream) }
        switchProtocols()
        response.block.removeHopByHop(nominated: response.nominatesFields, keepingUpgrade: isUpgrade)
        finishResponseFields()
        downstream.writeBareHead(of: self)

        let session = RelaySession(worker: worker, idleTimeout: tunnelIdleTimeout)
        guard upstream.handOver(to: session.upstream) else {
            attemptOver()
            return breakOff()
        }
        self.upstream = nil
        relay(session, early: early)
    }

    /// The upstream has switched protocols, and downstream there is a stream: what follows passes as the bodies of both, which is
    /// what a tunnel is in HTTP/2 (RFC 8441, 5).
    private func tunnelOnStream(_ downstream: any DownstreamSide) {
        response.status = 200
        response.framing = .untilClose
        switchProtocols()
        response.block.removeHopByHop(nominated: response.nominatesFields)
        finishResponseFields()
        downstream.writeHead(of: self)
        flushDownstream()
    }

    /// The upstream stream is a tunnel, and downstream there is a connection of HTTP/1.1 that asked for an upgrade or sent a CONNECT.
    func tunnelOnConnection() {
        guard let downstream else { return }
        if isUpgrade, let asked = request.block.value(.upgrade) {
            let name = request.block.string(asked)
            response.status = 101
            response.block.append(name: "connection", value: "upgrade")
            response.block.append(name: "upgrade", value: name)
        }
        response.framing = .untilClose
        request.framing = .untilClose
        requestIsComplete = false
        closesDownstream = true
        switchProtocols()
        finishResponseFields()
        downstream.writeBareHead(of: self)
        downstream.becomeTunnel()
    }

    /// From here on only silence ends the exchange before its sides do.
    private func switchProtocols() {
        phase = .responding
        responseHasBegun = true
        worker.wheel.disarm(attemptTimer)
        worker.wheel.disarm(requestTimer)
    }

    // MARK: CONNECT

    /// A CONNECT that ends here, for a service that may speak HTTP. Many clients tunnel all that they say, so what is inside
    /// decides: requests are served one by one, and the rest is relayed.
    ///
    /// The client says nothing before its 200, so that this comes before an endpoint is known to be there. Where HTTP is not
    /// expected it comes after, and the client hears of an endpoint that is not.
    func takeTunnel(holding content: TunnelContent) {
        guard let downstream else { return }
        answerConnect()
        switch content {
        case .http: serveTunnel()
        case .detected:
            phase = .detecting
            let limit = connection.listener.definition.listener.listenerFiltersTimeout
            if limit > .zero { worker.wheel.arm(waitTimer, for: self, after: limit) }
            downstream.becomeTunnel()
        }
    }

    private static let sniffer = ProtocolSniffer(inspectsHTTP: true, inspectsTLS: false)

    /// Looks at what has come of the tunnel's content until it is clear what it is.
    func inspectTunnel() {
        if bodyParts.count > 1 {
            var all = bodyParts.removeFirst()
            while var next = bodyParts.popFirst() { all.writeBuffer(&next) }
            bodyParts.append(all)
        }
        guard let seen = bodyParts.first else { return }
        if case .detected(let detected) = seen.withUnsafeReadableBytes({ Self.sniffer.inspect($0) }) {
            tunnelHolds(detected)
        }
    }

    /// Nothing more comes for now, or ever: what is there has to do.
    func tunnelIsSilent() {
        tunnelHolds(
            bodyParts.first.map { $0.withUnsafeReadableBytes { Self.sniffer.bestGuess($0) } } ?? DetectedProtocol())
    }

    private func tunnelHolds(_ detected: DetectedProtocol) {
        worker.wheel.cancel(waitTimer)
        if !detected.application.isEmpty { return serveTunnel() }
        phase = .receiving
        findCluster()
    }

    /// Ends the exchange; what comes in the tunnel is a connection of requests.
    private func serveTunnel() {
        guard let downstream else { return }
        phase = .ended
        detail = "tunnel_served"
        record()
        connection.tunnelAuthority = request.block.withBytes { Array($0[request.authority]) }
        downstream.serveTunnel(bodyParts.first)
    }

    /// Opens the tunnel towards the client.
    private func answerConnect() {
        phase = .responding
        responseHasBegun = true
        response.reset()
        response.status = 200
        finishResponseFields()
        downstream?.writeBareHead(of: self)
    }

    /// Opens the tunnel towards the cluster: its bytes go to an endpoint without HTTP around them.
    func openTunnel() {
        guard let cluster else { return reply(.noEndpoints) }
        if case .dynamicForwardProxy = cluster.config.discovery {
            resolveAuthority(of: cluster, defaultPort: 443) { [self] in openTunnel(to: cluster, original: $0) }
        } else {
            openTunnel(to: cluster, original: connection.originalDestination)
        }
    }

    private func openTunnel(to cluster: ClusterRuntime, original: PeerAddress?) {
        phase = .connecting
        attempts += 1
        upstreamStart = .now()
        if request.version20 {
            open(to: cluster, original, { [worker] in TunnelConnection(worker: worker) }, relayOnStream)
        } else {
            open(
                to: cluster, original,
                { [worker, tunnelIdleTimeout] in
                    RelaySession(worker: worker, idleTimeout: tunnelIdleTimeout)
                }, relayOnConnection)
        }
    }

    private func open<End: RelayEnd>(
        to cluster: ClusterRuntime, _ original: PeerAddress?, _ makeEnd: @escaping () -> End,
        _ relay: @escaping (End) -> Void
    ) {
        let opener = RelayOpener(
            worker: worker, clusterName: cluster.name, original: original, attempts: 3, makeEnd: makeEnd
        ) { [weak self] outcome in self?.tunnelOpened(outcome, relay) }
        self.opener = opener
        opener.start()
    }

    private func tunnelOpened<End: RelayEnd>(_ outcome: RelayOpener<End>.Outcome, _ relay: (End) -> Void) {
        opener = nil
        switch outcome {
        case .noCluster:
            reply(.noCluster(status: 503))
        case .noEndpoint:
            reply(.noEndpoints)
        case .refused(let failure, let host):
            lastHost = host
            reply(failure.failure)
        case .open(let end, let host):
            guard case .connecting = phase, downstream != nil else { return end.close() }
            self.host = host
            host.cluster.requestBegan(host)
            host.cluster.stats.requestBegan()
            relay(end)
        }
    }

    private func relayOnConnection(_ session: RelaySession) {
        if !responseHasBegun { answerConnect() }
        // The relay counts what was read ahead as well.
        requestBytes = 0
        for bytes in bodyParts { session.downstream.receive(bytes) }
        relay(session, early: ByteBuffer())
    }

    private func relayOnStream(_ tunnel: TunnelConnection) {
        guard let downstream else { return tunnel.close() }
        response.reset()
        upstreamVersion = tunnel.wireVersion
        tunnelOnStream(downstream)
        upstream = tunnel
        tunnel.begin(self)
        for bytes in bodyParts { tunnel.writeBody(bytes, of: self) }
        bodyParts.removeAll()
        bodyPartBytes = 0
        canReplay = false
        if requestIsComplete { writeEnd() }
        flushUpstream()
        downstream.resumeReading()
    }

    private var tunnelIdleTimeout: TimeAmount { streamIdleTimeout }

    private func relay(_ session: RelaySession, early: ByteBuffer) {
        guard let downstream else { return session.upstream.close() }
        worker.wheel.cancel(streamTimer)
        let tunnel = Tunnel(session)
        session.ended = { [self] ended in
            requestBytes &+= ended.downstream.bytesReceived
            responseBytes &+= ended.upstream.bytesReceived
            attemptOver()
            record()
            worker.untrack(tunnel)
            worker.recycle(self)
        }
        guard downstream.handOver(to: session.downstream) else {
            session.upstream.close()
            attemptOver()
            return
        }
        phase = .ended
        worker.track(tunnel)
        if early.readableBytes > 0 { session.upstream.receive(early) }
        session.start()
        session.downstream.flush()
        session.upstream.flush()
    }

    private func breakOff() {
        phase = .ended
        record()
        downstream?.abort()
    }

    /// A tunnel as a drain sees it: it has no boundary to end at.
    private final class Tunnel: DrainableConnection {
        private let session: RelaySession
        init(_ session: RelaySession) { self.session = session }
        func drain() {}
        func closeNow() { session.close() }
    }
}
