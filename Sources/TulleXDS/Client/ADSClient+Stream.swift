internal import Logging
internal import SwiftProtobuf
internal import Synchronization
internal import TulleModel

extension ADSClient {
    private static let service = "/envoy.service.discovery.v3.AggregatedDiscoveryService/"

    /// Connects and holds one stream to its end.
    func runStream(to server: SocketAddress) async throws {
        let method =
            switch configuration.flavour {
            case .delta: "DeltaAggregatedResources"
            case .stateOfTheWorld: "StreamAggregatedResources"
            }
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let isStopping = state.withLock { state in
            for type in state.subscriptions.keys { state.subscriptions[type]?.streamOpened() }
            state.wake = wake
            return state.isStopping
        }
        defer {
            wake.finish()
            streamEnded()
        }
        if isStopping { return }
        wake.yield()
        let stream = try await transport.open(
            server: server, path: Self.service + method, metadata: configuration.initialMetadata)
        defer { stream.cancel() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.write(to: stream, at: wakes) }
            try await read(from: stream, server)
            group.cancelAll()
        }
    }

    /// Says what is to be said, at each wake; ends the sending side when there are no more.
    ///
    /// It ends early when the stream breaks, of which the reader learns the reason.
    private func write(to stream: any DiscoveryStream, at wakes: AsyncStream<Void>) async {
        var node: Envoy_Config_Core_V3_Node? = Envoy_Config_Core_V3_Node(
            configuration.node, userAgent: configuration.userAgent, version: configuration.userAgentVersion,
            features: configuration.features)
        do {
            for await _ in wakes {
                while let request = nextRequest() {
                    try await stream.send(Self.encode(request, node))
                    // The node goes with the first request only.
                    node = nil
                }
            }
            if !Task.isCancelled { stream.halfClose() }
        } catch {
            logger.debug("a discovery request was not sent", metadata: ["reason": "\(error)"])
            stream.cancel()
        }
    }

    private func read(from stream: any DiscoveryStream, _ server: SocketAddress) async throws {
        try await stream.accepted()
        streamOpened(server)
        while let bytes = try await stream.next() {
            switch configuration.flavour {
            case .delta:
                let message = try Envoy_Service_Discovery_V3_DeltaDiscoveryResponse(serializedBytes: bytes)
                await handle(DiscoveryResponse(message), unreadable: 0, identifier: message.controlPlane.identifier)
            case .stateOfTheWorld:
                let message = try Envoy_Service_Discovery_V3_DiscoveryResponse(serializedBytes: bytes)
                var unreadable = 0
                let response = DiscoveryResponse(message, unreadable: &unreadable)
                await handle(response, unreadable: unreadable, identifier: message.controlPlane.identifier)
            }
        }
    }

    private static func encode(_ request: DiscoveryRequest, _ node: Envoy_Config_Core_V3_Node?) throws -> [UInt8] {
        switch request.body {
        case .delta(let subscribe, let unsubscribe, let versions):
            try Envoy_Service_Discovery_V3_DeltaDiscoveryRequest(
                request, subscribe: subscribe, unsubscribe: unsubscribe, versions: versions, node: node
            ).serializedBytes()
        case .stateOfTheWorld(let names, let version):
            try Envoy_Service_Discovery_V3_DiscoveryRequest(request, names: names, version: version, node: node)
                .serializedBytes()
        }
    }

    /// The next thing to say on the stream, make before break.
    private func nextRequest() -> DiscoveryRequest? {
        state.withLock { state in
            for type in state.subscriptions.keys.sorted(by: {
                ($0.pushRank, $0.rawValue) < ($1.pushRank, $1.rawValue)
            }) {
                if let request = state.subscriptions[type]?.nextRequest() { return request }
            }
            return nil
        }
    }

    private func streamOpened(_ server: SocketAddress) {
        let connects = state.withLock { state in
            state.status.isConnected = true
            state.status.connects += 1
            state.status.server = server.description
            state.status.lastError = ""
            return state.status.connects
        }
        if connects > 1 { configuration.onReconnect?() }
        logger.info("control plane connected", metadata: ["server": "\(server)"])
    }

    private func streamEnded() {
        state.withLock { state in
            state.wake = nil
            if state.status.isConnected {
                state.status.disconnects += 1
            } else {
                state.status.connectFailures += 1
            }
            state.status.isConnected = false
            for (type, subscription) in state.subscriptions where !subscription.wanted.isEmpty {
                state.status.types[type, default: .init()].updateFailure += 1
            }
        }
    }
}
