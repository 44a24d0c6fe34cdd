internal import Logging
internal import TulleModel
internal import TulleXDS

/// One stream's task: takes its events one by one, asks the source, and writes.
///
/// A subscriber that reads slowly suspends its own task in `write` and no other; pushes that come meanwhile melt into
/// one.
struct SubscriberSession {
    let flavour: StreamFlavour
    let peer: String
    let service: DiscoveryService
    let wake: AsyncStream<StreamEvent>.Continuation
    let write: @Sendable (DiscoveryResponse) async throws -> Void

    private var state: SubscriberState
    private var node: ConnectedNode?
    /// How many of the observers were told of the connection, and are to be told of its end.
    private var observersTold = 0

    init(
        flavour: StreamFlavour, peer: String, service: DiscoveryService,
        wake: AsyncStream<StreamEvent>.Continuation,
        write: @escaping @Sendable (DiscoveryResponse) async throws -> Void
    ) {
        self.flavour = flavour
        self.peer = peer
        self.service = service
        self.wake = wake
        self.write = write
        state = SubscriberState(flavour: flavour, limits: service.configuration.limits)
    }

    /// Runs until the subscriber leaves.
    /// - Throws: a refusal to tell the subscriber, or what writing threw.
    mutating func run(_ events: AsyncStream<StreamEvent>) async throws {
        var clean = false
        defer { end(clean: clean) }
        for await event in events {
            switch event {
            case .request(let request, let presentation):
                try present(presentation, request)
                try await handle(request)
            case .pushed: break
            case .ended(let isClean):
                clean = isClean
                return
            case .late:
                if node == nil { throw StreamRefusal(.aborted, "no request came in time") }
            }
            try await pushPending()
        }
        if service.table.isStopping { throw StreamRefusal.stopping }
        throw StreamRefusal(.resourceExhausted, "requests come faster than they can be answered")
    }

    /// The first request tells who is there; later ones may tell that it changed.
    private mutating func present(
        _ presentation: StreamEvent.Presentation?, _ request: DiscoveryRequest
    ) throws(StreamRefusal) {
        guard let presentation else {
            if node == nil { throw StreamRefusal(.invalidArgument, "node: is missing in the stream's first request") }
            return
        }
        if var known = node {
            guard known.node != presentation.node else { return }
            guard known.id == presentation.node.id else {
                throw StreamRefusal(.invalidArgument, "node.id: changed within a stream")
            }
            try check(presentation)
            known.node = presentation.node
            for observer in service.observers { try observer.subscriberChanged(known) }
            service.table.update(known)
            node = known
            return
        }
        try check(presentation)
        let opened = try service.table.open(
            ConnectedNode(
                stream: 0, node: presentation.node, flavour: flavour, userAgent: presentation.userAgent,
                features: presentation.features, peer: peer, resumes: request.namesWhatIsHeld),
            wake: wake)
        node = opened
        for observer in service.observers {
            try observer.subscriberConnected(opened)
            observersTold += 1
        }
        service.logger.debug(
            "subscriber connected",
            metadata: ["node": "\(opened.id)", "peer": "\(peer)", "user-agent": "\(opened.userAgent)"])
    }

    private func check(_ presentation: StreamEvent.Presentation) throws(StreamRefusal) {
        let limits = service.configuration.limits
        let node = presentation.node
        if node.id.isEmpty {
            throw StreamRefusal(.invalidArgument, "node.id: is empty, expected a name of its own for each node")
        }
        if node.id.utf8.count > limits.maxNameBytes || node.cluster.utf8.count > limits.maxNameBytes {
            throw StreamRefusal(.invalidArgument, "node.id: is over \(limits.maxNameBytes) bytes")
        }
        if Value.object(node.metadata).weight(limit: limits.maxNodeBytes) > limits.maxNodeBytes {
            throw StreamRefusal(.invalidArgument, "node.metadata: is over \(limits.maxNodeBytes) bytes")
        }
    }

    private mutating func handle(_ request: DiscoveryRequest) async throws {
        guard let node else { return }
        if request.type.rawValue.isEmpty || request.type.rawValue.utf8.count > 512 {
            throw StreamRefusal(.invalidArgument, "type_url: is empty or too long, expected a resource type")
        }
        let reception = try state.requestReceived(request)
        if let verdict = reception.verdict {
            if case .rejected(_, let reasons) = verdict {
                service.logger.warning(
                    "subscriber refused resources",
                    metadata: [
                        "node": "\(node.id)", "type": "\(request.type)",
                        "resources": "\(reasons.keys.sorted().prefix(8).joined(separator: ", "))",
                        "reason": "\(reasons.values.sorted().first ?? "")",
                    ])
            }
            for observer in service.observers {
                observer.responseJudged(by: node, type: request.type, verdict)
            }
        }
        if reception.needsAnswer { _ = try await answer(request.type, node) }
    }

    /// What came to be pushed since the last look.
    private mutating func pushPending() async throws {
        while let node, let (scope, since) = service.table.takePush(node) {
            var scope = scope
            for type in state.subscribedTypes where scope.contains(type) {
                let wrote = try await answer(type, node)
                // A changed cluster waits for its endpoints, though these did not change.
                if wrote, type == .cluster { scope.formUnion(PushScope(types: [.endpoints])) }
            }
            for observer in service.observers { observer.pushDelivered(to: node, since: since) }
        }
    }

    /// Sends what the subscriber does not have of a type.
    /// - Returns: whether anything was sent.
    private mutating func answer(_ type: TypeURL, _ node: ConnectedNode) async throws -> Bool {
        let resources = await service.source.resources(
            for: node, type: type, subscription: state.subscription(of: type))
        let responses = state.respond(type, with: resources)
        for response in responses {
            try await write(response)
            let versions = Dictionary(
                response.resources.map { ($0.name, $0.version) }, uniquingKeysWith: { first, _ in first })
            for observer in service.observers {
                observer.responseSent(to: node, type: type, versions: versions, removed: response.removed)
            }
        }
        return !responses.isEmpty
    }

    private func end(clean: Bool) {
        guard let node else { return }
        service.table.close(node)
        for observer in service.observers.prefix(observersTold) {
            observer.subscriberDisconnected(node, clean: clean)
        }
        service.logger.debug("subscriber left", metadata: ["node": "\(node.id)", "clean": "\(clean)"])
    }
}
