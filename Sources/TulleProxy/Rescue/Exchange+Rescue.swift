import NIOCore
import TulleBalancing
import TulleModel
import TulleTelemetry

/// Failures: another attempt where that is safe, else an answer.
extension Exchange {
    // MARK: Answers of our own

    /// Answers for the proxy, or breaks the connection off when a response is already under way.
    func reply(_ failure: Failure) {
        guard phase.isLive, let downstream else { return }
        leaveUpstream()
        flags.insert(failure.flags)
        detail = failure.detail
        if case .accessDenied(let policy, _) = failure { denialDetail = Admission.detail(ofDenialBy: policy) }
        failureReason = failure.text
        if responseHasBegun, downstream.retractHead() {
            // The response broke off before any of it was sent.
            responseHasBegun = false
            writesChunks = false
            responseHasNoBody = false
        }
        if responseHasBegun, isGRPC, webBridge == nil, downstream.wireVersion == .http2 {
            return endCall(failure)
        }
        if responseHasBegun {
            if isConnect { connection.listener.stats.upstreamFailed() }
            phase = .ended
            record()
            downstream.abort()
            return
        }
        prepareReply(status: failure.status)
        appendProxyStatus(failure)
        if failure.endsConnection { closesDownstream = true }
        appendAttemptCount()
        if case .redirectToNormalized(let path) = failure {
            let query = request.hasQuery ? "?" + request.block.string(request.query) : ""
            response.block.append(name: "location", value: "\(String(decoding: path, as: UTF8.self))\(query)")
        }
        mutateResponse()
        sendReply(body: Array(failure.body(attempts: attempts).utf8), isText: true, failure)
    }

    /// The head was not a request. Envoy answers these from its codec, shorter than other refusals.
    func refuse(_ error: HTTP1Error) {
        startTime = .now()
        runtime.stats.requestBegan()
        runtime.stats.protocolError(error)
        closesDownstream = true
        request.method = .get
        request.authority = 0..<0
        request.version10 = false
        reply(.malformed(error))
    }

    /// The body stopped making sense.
    func refuseBody(_ error: HTTP1Error) {
        runtime.stats.protocolError(error)
        closesDownstream = true
        reply(.malformed(error))
    }

    func headTimedOut() {
        startTime = .now()
        runtime.stats.requestBegan()
        closesDownstream = true
        request.method = .get
        reply(.headTimeout)
    }

    func redirected(_ redirect: RedirectRule, _ route: RouteEntry) {
        prepareReply(status: redirect.status)
        appendLocation(redirect, matchedLength: route.matchedLength)
        detail = "direct_response"
        mutateResponse()
        sendReply(body: [], isText: false)
    }

    func respond(_ direct: ResponseRule) {
        prepareReply(status: direct.status)
        if direct.hasLocation { appendLocation(.unchanged, matchedLength: nil) }
        detail = "direct_response"
        mutateResponse()
        sendReply(body: direct.body, isText: !direct.body.isEmpty)
    }

    private func appendLocation(_ redirect: RedirectRule, matchedLength: Int?) {
        let (subject, request) = (subject, request)
        response.block.append(name: "location") {
            redirect.writeLocation(subject, request.block, matchedLength: matchedLength, to: &$0)
        }
    }

    private func prepareReply(status: Int) {
        response.reset()
        response.status = status
    }

    private func appendProxyStatus(_ failure: Failure) {
        let text = failure.text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let printable = String(
            String.UnicodeScalarView(text.unicodeScalars.filter { (0x20..<0x7F).contains($0.value) }))
        response.block.append(
            name: "proxy-status",
            value: "\(worker.settings.name); error=\(failure.proxyStatusError); details=\"\(printable)\"")
    }

    private func sendReply(body: [UInt8], isText: Bool, _ failure: Failure? = nil) {
        guard let downstream else { return }
        if isGRPC {
            makeReplyGRPC(failure, body: body)
            return sendReply(on: downstream, body: [], isText: false)
        }
        sendReply(on: downstream, body: body, isText: isText)
    }

    private func sendReply(on downstream: any DownstreamSide, body: [UInt8], isText: Bool) {
        responseHasBegun = true
        // A client that waits to be told to go on will not send what it was not asked for.
        closesDownstream =
            closesDownstream || !request.keepAlive || downstream.isLastRequest
            || (!requestIsComplete && request.expectContinue)
        // A stream can be ended in the middle of its request; a connection must be read on to serve another.
        let endsAtOnce = requestIsComplete || closesDownstream || downstream.wireVersion == .http2
        phase = endsAtOnce ? .responding : .discarding
        let hasNoBody = response.status == 204 || response.status == 304 || response.status < 200
        // A gRPC answer of a head alone says by its end that there is no more, where the protocol has such an end.
        if !hasNoBody, !isGRPC || downstream.wireVersion == .http1 {
            response.block.append(name: "content-length", value: UInt64(body.count))
        }
        if isText, !body.isEmpty, !response.block.contains(.contentType) {
            response.block.append(name: "content-type", value: "text/plain")
        }
        worker.appendDate(to: &response.block)
        if runtime.manager.serverHeader != .passThrough, !runtime.serverName.isEmpty {
            response.block.append(name: "server", value: runtime.serverName)
        }
        responseHasNoBody = hasNoBody || request.method == .head || body.isEmpty
        response.framing = responseHasNoBody ? .none : .length(UInt64(body.count))
        downstream.writeHead(of: self)
        if !responseHasNoBody {
            responseBytes = UInt64(body.count)
            downstream.writeBody(ByteBuffer(bytes: body), of: self)
        }
        downstream.writeEnd(of: self, trailers: nil)
        flushDownstream()
        if case .discarding = phase { return downstream.resumeReading() }
        finish()
    }

    // MARK: Attempts that fail

    /// The current attempt has failed and its connection is gone.
    func upstreamFailed(_ failure: Failure) {
        guard phase.isLive else { return }
        upstream = nil
        if let host {
            if host.index >= 0 { tried.insert(host.index) }
            host.cluster.stats.attemptFailed(failure)
        }
        attemptOver()
        if !responseHasBegun, mayTryAgain(after: failure) { return retry() }
        reply(failure)
    }

    private func mayTryAgain(after failure: Failure) -> Bool {
        if isUpgrade || isConnect { return false }
        guard canReplay else { return false }
        // Never sent, so never acted on: another endpoint is tried whatever the policy says, where there is one.
        if failure.wasNeverSent, attempts <= Self.maxUnsentAttempts, hasUntriedHost { return true }
        // A server that is going away refuses what it has not begun; the same one may take it on a new connection.
        if case .refused = failure, attempts <= Self.maxUnsentAttempts { return true }
        // An idle connection that closed as the request went out: nothing came back on it, and repeating an
        // idempotent request does no harm (RFC 9112, 9.3.1).
        if case .closed(wasReused: true) = failure, request.isIdempotent, attempts <= Self.maxUnsentAttempts {
            return true
        }
        guard retriesLeft > 0, let policy = route?.forward?.retryPolicy else { return false }
        let conditions = policy.conditions
        let fits: Bool
        switch failure {
        case .connectFailed, .connectTimeout, .handshakeFailed:
            fits = !conditions.isDisjoint(with: [.connectFailure, .reset, .serverError, .gatewayError])
        case .closed, .remoteReset, .invalidResponse:
            fits = !conditions.isDisjoint(with: [.reset, .serverError, .gatewayError])
        case .refused:
            fits = !conditions.isDisjoint(with: [.refusedStream, .reset, .serverError, .gatewayError])
        case .attemptTimeout:
            fits = !conditions.isDisjoint(with: [.serverError, .gatewayError, .reset])
        default:
            fits = false
        }
        if fits { retriesLeft -= 1 }
        return fits
    }

    /// How often a request that no endpoint has seen may be offered to another, whatever the policy.
    private static let maxUnsentAttempts = 3

    private var hasUntriedHost: Bool {
        guard let cluster else { return false }
        return cluster.hosts.indices.contains { cluster.hosts[$0] != nil && !tried.contains($0) }
    }

    /// Whether a response's status asks for another attempt, by the route's policy.
    func shouldRetry(status: Int) -> Bool {
        guard retriesLeft > 0, canReplay, !isUpgrade, !isConnect, let policy = route?.forward?.retryPolicy else {
            return false
        }
        let conditions = policy.conditions
        let fits =
            (status >= 500 && conditions.contains(.serverError))
            || ((502...504).contains(status) && conditions.contains(.gatewayError))
            || (status == 409 && conditions.contains(.retriable4xx))
            || (conditions.contains(.retriableStatusCodes) && policy.retriableStatusCodes.contains(status))
            || isRetriable(grpc: conditions)
        if fits { retriesLeft -= 1 }
        return fits
    }

    /// Whether the endpoint's own sidecar says that its app does not listen (it crashed a moment ago, or is still
    /// starting) while others are there to ask. The request never reached an app then; but since any app may pass such a
    /// field on from further upstream, only idempotent requests are taken at that word, and calls of gRPC, whose servers
    /// answer with nothing but their own.
    func endpointLostItsApp() -> Bool {
        let wasRefused =
            isGRPC
            ? response.block.grpcStatus == GRPCCode.unavailable.rawValue
            : response.status == 503 && request.isIdempotent
        guard wasRefused, canReplay, !isUpgrade, !isConnect,
            attempts <= Self.maxUnsentAttempts, let host, host.index >= 0,
            let range = response.block.value(.proxyStatus),
            let said = response.block.bytes.getString(at: range.lowerBound, length: range.count),
            said.hasPrefix("tulle-"), said.contains("; error=connection_refused")
        else { return false }
        tried.insert(host.index)
        guard hasUntriedHost else { return false }
        host.cluster.refused(host)
        return true
    }

    /// Makes another attempt, at once where nothing was sent, else after a jittered pause.
    func retry() {
        upstream = nil
        bodyPartsSent = 0
        cluster?.stats.retried()
        if let policy = route?.forward?.retryPolicy, attempts > 0, lastFailureNeedsPause {
            phase = .backingOff
            let base = policy.backOffBase.clampedNanoseconds
            let ceiling = min(policy.backOffMax.clampedNanoseconds, base &<< UInt64(min(attempts - 1, 10)))
            let pause = ceiling > 0 ? worker.random.next() % ceiling : 0
            worker.wheel.arm(waitTimer, for: self, after: .nanoseconds(Int64(pause)))
        } else {
            phase = .receiving
            pickHost()
        }
    }

    private var lastFailureNeedsPause: Bool { requestIsSent }

    // MARK: Timeouts

    /// Takes the exchange off its upstream, whose connection is in the middle of a message.
    private func leaveUpstream() {
        worker.wheel.cancel(waitTimer)
        switch phase {
        case .demanding(let demand): worker.abandon(demand, self)
        case .connecting: host?.abandon(self)
        default: break
        }
        opener?.cancel()
        opener = nil
        let connection = upstream
        upstream = nil
        attemptOver()
        connection?.abandon()
    }

    /// The client has gone: whatever is under way upstream is of no use to anybody.
    func downstreamClosed() {
        guard phase.isLive else { return }
        leaveUpstream()
        flags.insert(.downstreamConnectionTermination)
        detail = "downstream_remote_disconnect"
        phase = .ended
        record()
        worker.recycle(self)
    }
}

extension Exchange: TimerOwner {
    func timerFired(_ timer: Timer) {
        switch timer.kind {
        case .request:
            reply(requestIsComplete ? .requestTimeout : .bodyTimeout)
        case .duration:
            reply(.durationExceeded(byRoute: durationIsRoutes))
        case .attempt:
            let connection = upstream
            if case .connecting = phase { host?.abandon(self) }
            upstream = nil
            connection?.abandon()
            upstreamFailed(.attemptTimeout)
            flushUpstream()
        case .stream:
            if wasActive {
                wasActive = false
                armStreamTimer()
            } else {
                reply(.streamTimeout(requestIsComplete: requestIsComplete))
            }
        case .demand:
            switch phase {
            case .demanding(let demand):
                worker.abandon(demand, self)
                reply(.demandTimeout(demand))
            case .backingOff:
                phase = .receiving
                pickHost()
            case .detecting:
                connection.listener.stats.detectionTimedOut()
                tunnelIsSilent()
            default:
                break
            }
        default:
            break
        }
    }
}

extension Exchange.Phase {
    /// Whether an answer is still owed.
    var isLive: Bool {
        switch self {
        case .unused, .ended: false
        default: true
        }
    }
}

extension RequestHead {
    /// Methods that may be repeated (RFC 9110, 9.2.2).
    var isIdempotent: Bool {
        switch method {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .connect, .patch, .other: false
        }
    }
}
