import NIOCore
import TulleModel
import TulleTelemetry

/// From the response's head to its last byte downstream.
extension Exchange {
    /// Between connections of HTTP/1.1 that pass trailers on, chunked bodies go as they came.
    var responseBodyMode: HTTP1BodyDecoder.Mode {
        runtime.manager.enableTrailers && !request.version10 && downstream?.wireVersion == .http1
            && upstream?.wireVersion == .http1 ? .relaying : .content
    }

    /// A 1xx head, passed on to whoever can read it.
    func interimResponse() {
        wasActive = true
        guard !request.version10, !responseHasBegun, let downstream else { return }
        response.block.removeHopByHop(nominated: response.nominatesFields)
        downstream.writeBareHead(of: self)
    }

    /// The response's head is read: either it is passed on, or another attempt is made.
    func responseBegan() {
        wasActive = true
        if endpointLostItsApp() || shouldRetry(status: response.status) {
            let connection = upstream
            let framing = response.framing
            attemptOver()
            // A response without a body leaves its connection usable; any other is not worth reading to its end.
            if framing == .none { connection?.discard() } else { connection?.abandon() }
            return retry()
        }
        if isUpgrade || isConnect, upstreamVersion == .http2, !request.version20, response.status / 100 == 2 {
            return tunnelOnConnection()
        }
        worker.wheel.disarm(attemptTimer)
        phase = .responding
        responseHasBegun = true
        if !bodyParts.isEmpty { bodyParts.removeAll() }
        bodyPartBytes = 0
        writeResponseHead()
    }

    private func writeResponseHead() {
        guard let downstream else { return }
        response.block.removeHopByHop(nominated: response.nominatesFields)
        finishResponseFields()

        webBridge?.bridge(&response)
        if response.framing == .none { responseHasNoBody = true }
        closesDownstream = closesDownstream || !request.keepAlive || !requestIsComplete || downstream.isLastRequest
        downstream.writeHead(of: self)
    }

    /// What this proxy itself says in a response: `server`, `date`, `via`, its timing, and the configured mutations.
    func finishResponseFields() {
        let manager = runtime.manager
        switch manager.serverHeader {
        case .overwrite:
            response.block.remove(.server)
            if !runtime.serverName.isEmpty { response.block.append(name: "server", value: runtime.serverName) }
        case .appendIfAbsent:
            if !response.block.contains(.server), !runtime.serverName.isEmpty {
                response.block.append(name: "server", value: runtime.serverName)
            }
        case .passThrough:
            break
        }
        if !response.block.contains(.date) { worker.appendDate(to: &response.block) }
        if !manager.via.isEmpty { response.block.appendToList(.via, manager.via, separator: ", ") }
        if !runtime.suppressesEnvoyHeaders, upstream != nil {
            let elapsed = (NIODeadline.now() - upstreamStart).nanoseconds / 1_000_000
            response.block.remove(named: "x-envoy-upstream-service-time")
            response.block.append(name: "x-envoy-upstream-service-time", value: UInt64(max(0, elapsed)))
        }
        if manager.alwaysSetRequestIDInResponse, let id = request.block.value(.xRequestID) {
            response.block.append(name: "x-request-id", value: request.block.string(id))
        }
        appendAttemptCount()
        mutateResponse()
    }

    func appendAttemptCount() {
        guard attempts > 0, route?.virtualHost.includeAttemptCountInResponse ?? false else { return }
        response.block.append(name: "x-envoy-attempt-count", value: UInt64(attempts))
    }

    /// The configured mutations of the response, with what their values say of this exchange.
    func mutateResponse() {
        guard let route else { return }
        let choice = route.forward == nil ? nil : self.choice
        var values = worker.takeMutationValues()
        route.formatResponseMutations(choice, ExchangeFormat(self), into: &values)
        route.mutateResponse(&response.block, choice, values: values)
        worker.giveBack(values)
    }

    func responseBody(_ bytes: ByteBuffer) {
        wasActive = true
        guard !responseHasNoBody, let downstream else { return }
        responseBytes &+= UInt64(bytes.readableBytes)
        if isGRPC { responseMessages.take(bytes) }
        downstream.writeBody(webBridge?.responseBody(bytes) ?? bytes, of: self)
    }

    /// The response is whole. The upstream connection belongs to this exchange no more.
    func responseEnded() {
        readGRPCStatus()
        if let webBridge, !responseHasNoBody {
            let end = webBridge.end(responseTrailers)
            if end.readableBytes > 0 { downstream?.writeBody(end, of: self) }
            responseTrailers = nil
        }
        downstream?.writeEnd(of: self, trailers: responseTrailers)
        attemptOver()
        upstream = nil
        finish()
    }

    /// Ends the exchange: everything is written, or cannot be written any more.
    func finish() {
        guard let downstream else { return }
        phase = .ended
        record()
        let keepAlive = !closesDownstream && requestIsComplete
        downstream.exchangeEnded(keepAlive: keepAlive)
    }

    /// Counts an attempt as over at its endpoint.
    func attemptOver() {
        guard let host else { return }
        host.cluster.requestEnded(host)
        host.cluster.stats.requestEnded()
        worker.wheel.disarm(attemptTimer)
        lastHost = host
        self.host = nil
    }
}

/// Chunk framing that is written again and again.
enum ChunkFraming {
    static let lineEnd = ByteBuffer(staticString: "\r\n")
    static let lastChunk = ByteBuffer(staticString: "0\r\n\r\n")

    /// The line in front of a chunk of so many bytes.
    static func head(_ count: Int) -> ByteBuffer {
        var line = ByteBuffer()
        line.writeChunkHead(count)
        return line
    }
}
