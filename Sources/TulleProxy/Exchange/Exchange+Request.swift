import NIOCore
import TulleBalancing
import TulleModel
import TulleTelemetry

/// From the request's head to its last byte upstream.
extension Exchange {
    // MARK: Admit

    /// The head is read. Goes on to routing, unless the request is one that this listener does not take.
    func begin(hasBody: Bool) {
        startTime = .now()
        requestIsComplete = !hasBody
        runtime.stats.requestBegan()
        if request.version10, !runtime.manager.acceptHTTP10 {
            // As Envoy: a client of that age is told what is spoken here.
            return reply(.upgradeRequired)
        }
        isConnect = request.method == .connect
        recognizeGRPC()
        if let refusal = normalizeTarget() ?? checkUnderscores() { return reply(refusal) }
        takeDefaultHost()
        armStreamTimer()
        limitDuration(to: runtime.maxStreamDuration)
        if runtime.manager.requestTimeout > .zero, hasBody {
            worker.wheel.arm(requestTimer, for: self, after: runtime.manager.requestTimeout, now: startTime)
        }
        addForwardingFields()
        routeRequest()
    }

    /// What becomes of names with underscores, which some servers take for dashes.
    private func checkUnderscores() -> Failure? {
        let action = runtime.manager.underscoredHeaders
        guard action != .allow else { return nil }
        for index in request.block.fields.indices where request.block.fields[index].flags.contains(.underscored) {
            if action == .reject {
                closesDownstream = true
                return .malformed(.invalidFieldName)
            }
            request.block.remove(at: index)
        }
        return nil
    }

    /// How long nothing may move: the route's word, else the connection manager's.
    var streamIdleTimeout: TimeAmount {
        route?.forward?.idleTimeout ?? runtime.streamIdleTimeout
    }

    /// Bounds the whole exchange, counted from its head; zero takes the bound away.
    func limitDuration(to duration: TimeAmount) {
        if duration > .zero {
            worker.wheel.arm(durationTimer, for: self, after: duration, now: startTime)
        } else {
            worker.wheel.disarm(durationTimer)
        }
    }

    func armStreamTimer() {
        let timeout = streamIdleTimeout
        if timeout > .zero {
            worker.wheel.arm(streamTimer, for: self, after: timeout)
        } else {
            worker.wheel.disarm(streamTimer)
        }
    }

    private func takeDefaultHost() {
        if request.authority.isEmpty, request.version10, !runtime.manager.defaultHostForHTTP10.isEmpty {
            request.authority = request.block.store(Array(runtime.manager.defaultHostForHTTP10.utf8))
        }
    }

    // MARK: Route

    func routeRequest() {
        let binding = runtime.routes
        self.binding = binding
        guard let table = binding.table else { return reply(.noRoutes) }
        let isSecure = request.block.contains(.xForwardedProto) ? request.isForwardedSecure : connection.isSecure
        subject = request.routeSubject(scheme: isSecure ? .https : .http)
        var virtualHost = request.lookUpVirtualHost(subject, in: table)
        // Where a tunnel's name has chosen the host, rules are asked for that name too.
        var tunnelled: RouteSubject?
        if runtime.asksForVirtualHosts, table.discoversVirtualHosts, virtualHost?.isCatchAll ?? true,
            case .discovered(let name) = runtime.manager.routes
        {
            // The catch-all serves only hosts that the mesh does not know, so the control plane is asked first.
            let demand = Demand.virtualHost(routes: name, host: demandedHost())
            if !worker.isSettled(demand) { return wait(for: demand) }
        }
        if let tunnel = connection.tunnelAuthority, virtualHost?.isCatchAll ?? true {
            // The client has said already where it wants to go; the name in the request is for whoever is there.
            if let chosen = tunnel.withUnsafeBytes({ table.lookUpVirtualHost($0) }) {
                virtualHost = chosen
                tunnelled = subject
                tunnelled?.authority = request.block.store(tunnel)
            }
        }
        route = virtualHost.flatMap { request.match(subject, in: $0) }
        if let forward = route?.forward { choice = forward.choose(random: worker.random.next()) }
        if let refusal = checkAdmission(subject) ?? tunnelled.flatMap(checkAdmission) { return reply(refusal) }
        guard let route else { return reply(virtualHost == nil ? .noVirtualHost : .noRoute) }
        if let forward = route.forward {
            take(forward)
        } else if let redirect = route.redirect {
            redirected(redirect, route)
        } else if let response = route.response {
            respond(response)
        }
    }

    /// The host that is asked for, in lower case: the name in the request, with its port where it has one.
    private func demandedHost() -> String { request.block.string(request.authority).lowercased() }

    private func take(_ forward: ForwardRule) {
        if let refusal = checkUpgrade(forward) { return reply(refusal) }
        if forward.idleTimeout != nil { armStreamTimer() }
        if let duration = forward.maxStreamDuration {
            durationIsRoutes = true
            if isGRPC, duration > .zero { deadline = startTime + duration }
            limitDuration(to: duration)
        }
        takeDeadline(forward)
        retriesLeft = forward.retryPolicy?.retries ?? 0
        if isConnect, !request.version20, let content = forward.tunnelContent { return takeTunnel(holding: content) }
        findCluster()
    }

    /// Whether the request may change the protocol, where it asks to.
    private func checkUpgrade(_ forward: ForwardRule) -> Failure? {
        if isConnect {
            // One in another would be this proxy's own once more, at any depth.
            if connection.tunnelAuthority != nil { return .nestedTunnel }
            let allowed = StaticString("connect").withUTF8Buffer {
                forward.allowsUpgrade(UnsafeRawBufferPointer($0)) ?? runtime.upgrades.contains("connect")
            }
            return allowed ? nil : .upgradeRefused
        }
        guard request.upgrade, let value = request.block.value(.upgrade) else { return nil }
        // Envoy ignores it, and so does every server worth the name: the request is an ordinary one.
        if request.block.equals(value, lowercase: "h2c") { return nil }
        let allowed =
            request.block.withBytes { forward.allowsUpgrade(UnsafeRawBufferPointer(rebasing: $0[value])) }
            ?? runtime.upgrades.contains(request.block.string(value).lowercased())
        guard allowed else { return .upgradeRefused }
        isUpgrade = true
        return nil
    }

    // MARK: Balance

    func findCluster() {
        guard let forward = route?.forward else { return reply(.noRoute) }
        let found: ClusterRuntime?
        var name: String?
        if let header = forward.clusterHeader {
            guard let index = request.block.firstIndex(named: header) else {
                return reply(.noCluster(status: forward.clusterNotFoundStatus))
            }
            let value = request.block.string(request.block.fields[index].valueRange)
            name = value
            found = worker.cluster(named: value)
        } else {
            found = binding?.cluster(at: Int(choice.cluster))
        }
        guard let cluster = found, cluster.hasEndpoints || isNamedByRequest(cluster) else {
            let demand = Demand.cluster(name ?? clusterName)
            if !worker.isSettled(demand) { return wait(for: demand) }
            return reply(found == nil ? .noCluster(status: forward.clusterNotFoundStatus) : .noEndpoints)
        }
        self.cluster = cluster
        if isConnect, forward.terminatesConnect { return openTunnel() }
        pickHost()
    }

    private func isNamedByRequest(_ cluster: ClusterRuntime) -> Bool {
        switch cluster.config.discovery {
        case .originalDestination, .dynamicForwardProxy: true
        default: false
        }
    }

    func pickHost() {
        guard let cluster else { return reply(.noEndpoints) }
        switch cluster.config.discovery {
        case .originalDestination:
            guard let address = connection.originalDestination else { return reply(.noEndpoints) }
            connect(to: cluster.host(at: address))
        case .dynamicForwardProxy:
            resolveAuthority(of: cluster, defaultPort: 80) { [self] in connect(to: cluster.host(at: $0)) }
        default:
            guard let picked = cluster.pick(tried: tried, now: .now()) else { return reply(.noEndpoints) }
            connect(to: picked)
        }
    }

    /// Looks up the address of the host that the request itself names, for a cluster without endpoints of its own.
    func resolveAuthority(of cluster: ClusterRuntime, defaultPort: Int, found: @escaping (PeerAddress) -> Void) {
        let authority = request.block.string(request.authority)
        guard let target = HostAndPort(authority, defaultPort: defaultPort) else {
            return reply(.unresolvable(authority))
        }
        phase = .resolving
        resolutions &+= 1
        let number = resolutions
        worker.resolve(target, family: cluster.config.dnsFamily) { [weak self] result in
            // The exchange may be another request's by now, and that one be waiting for a name of its own.
            guard let self, case .resolving = phase, resolutions == number else { return }
            switch result {
            case .success(let address):
                if address == connection.localAddress { return reply(.loop) }
                found(address)
            case .failure(let error):
                reply(.unresolvable("\(target.host): \(error)"))
            }
        }
    }

    // MARK: Connect

    func connect(to host: UpstreamHost) {
        self.host = host
        attempts += 1
        phase = .connecting
        upstreamStart = .now()
        host.cluster.requestBegan(host)
        host.cluster.stats.requestBegan()
        if let perTry = route?.forward?.retryPolicy?.perTryTimeout, perTry > .zero {
            worker.wheel.arm(attemptTimer, for: self, after: perTry)
        }
        armRouteTimeout()
        host.acquire(for: self, upstreamVersion(of: host.cluster))
    }

    private func upstreamVersion(of cluster: ClusterRuntime) -> WireVersion {
        switch cluster.config.upstreamProtocol {
        case .http1: .http1
        case .http2: .http2
        case .downstream: downstream?.wireVersion ?? .http1
        }
    }

    /// The route's timeout runs from the moment the whole request has been read, as in Envoy.
    func armRouteTimeout() {
        guard requestIsComplete, let timeout = route?.forward?.timeout, !isConnect, !requestTimer.isArmed,
            !responseHasBegun
        else { return }
        worker.wheel.arm(requestTimer, for: self, after: timeout)
    }

    // MARK: Relay

    func requestBody(_ received: ByteBuffer) {
        wasActive = true
        guard let bytes = webBridge == nil ? received : webBridge?.requestBody(received) else {
            closesDownstream = true
            return reply(.malformed(.invalidBase64))
        }
        requestBytes &+= UInt64(bytes.readableBytes)
        if isGRPC { requestMessages.take(bytes) }
        switch phase {
        case .awaiting, .responding:
            if canReplay {
                if bodyPartBytes + bytes.readableBytes <= worker.settings.replayLimitBytes, !responseHasBegun {
                    keep(bytes)
                    bodyPartsSent += 1
                } else {
                    forgetBody()
                }
            }
            upstream?.writeBody(bytes, of: self)
            flushUpstream()
        case .detecting:
            keep(bytes)
            inspectTunnel()
        case .receiving, .demanding, .resolving, .connecting, .backingOff:
            keep(bytes)
        case .discarding:
            if requestBytes > Self.maxDiscardedBytes {
                closesDownstream = true
                finish()
            }
        case .unused, .ended:
            break
        }
    }

    /// So much of a request that was answered early is read to keep its connection; more costs more than a new one.
    private static let maxDiscardedBytes: UInt64 = 256 << 10

    func requestEnded(trailers: HeaderBlock?) {
        requestIsComplete = true
        requestTrailers = trailers
        if runtime.manager.requestTimeout > .zero { worker.wheel.disarm(requestTimer) }
        switch phase {
        case .awaiting, .responding:
            writeEnd()
            armRouteTimeout()
        case .connecting:
            armRouteTimeout()
        case .detecting:
            tunnelIsSilent()
        case .discarding:
            finish()
        default:
            break
        }
    }

    private func keep(_ bytes: ByteBuffer) {
        bodyParts.append(bytes)
        bodyPartBytes += bytes.readableBytes
    }

    private func forgetBody() {
        canReplay = false
        bodyParts.removeAll()
        bodyPartBytes = 0
        bodyPartsSent = 0
    }

    /// Writes the head and whatever of the body is there to a connection that has just been won.
    func sendRequest(on connection: any UpstreamSide) {
        guard !isUpgrade || connection.takesUpgrades else {
            connection.giveBack()
            attemptOver()
            return reply(.upgradeNotOffered)
        }
        upstream = connection
        upstreamVersion = connection.wireVersion
        phase = .awaiting
        requestIsSent = false
        prepareRequest()
        connection.begin(self)
        bodyPartsSent = 0
        for part in bodyParts {
            connection.writeBody(part, of: self)
            bodyPartsSent += 1
        }
        // A stream that may become a tunnel stays open for what the client says once it is one.
        let mayBecomeTunnel = (isUpgrade || isConnect) && connection.wireVersion == .http2 && !request.version20
        if requestIsComplete, !mayBecomeTunnel { writeEnd() }
        flushUpstream()
        downstream?.resumeReading()
    }

    func writeEnd() {
        guard let upstream, !requestIsSent else { return }
        requestIsSent = true
        upstream.writeEnd(of: self)
        flushUpstream()
    }

    // MARK: Waiting

    func wait(for demand: Demand) {
        phase = .demanding(demand)
        worker.wheel.arm(waitTimer, for: self, after: worker.settings.demandTimeout)
        worker.demand(demand, for: self)
    }
}

extension RequestHead {
    /// Whether `x-forwarded-proto` says that the request came over TLS, which is then the scheme that routes see.
    var isForwardedSecure: Bool {
        block.value(.xForwardedProto).map { block.equals($0, lowercase: "https") } ?? false
    }
}

extension Exchange: DemandWaiter {
    func demandSettled(_ demand: Demand) {
        guard case .demanding(demand) = phase else { return }
        worker.wheel.cancel(waitTimer)
        phase = .receiving
        switch demand {
        case .virtualHost: routeRequest()
        case .cluster: findCluster()
        }
        flushUpstream()
    }
}

extension Exchange: UpstreamWaiter {
    func connectionReady(_ connection: any UpstreamSide) {
        guard case .connecting = phase else { return connection.giveBack() }
        sendRequest(on: connection)
    }

    func connectionFailed(_ failure: ConnectFailure) {
        guard case .connecting = phase else { return }
        upstreamFailed(failure.failure)
    }
}
