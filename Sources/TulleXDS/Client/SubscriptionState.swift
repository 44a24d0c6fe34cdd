public import TulleModel

/// What a client has asked for of one resource type, what it holds, and what it still has to say.
///
/// A machine without I/O. The caller tells it what happened (`subscribe`, `streamOpened`, `responseReceived`,
/// `responseApplied`) and then takes what there is to send by `nextRequest` until that is nil; subscriptions made in
/// between are sent as one request. It lives as long as the client, across streams.
public struct SubscriptionState: Hashable, Sendable {
    /// What a response changes, after what does not concern us is left out.
    public struct Delivery: Hashable, Sendable {
        public var resources: [NamedResource]
        public var removed: [String]
    }

    private struct Acknowledgement: Hashable, Sendable {
        var nonce: String
        var error: String?
    }

    public let type: TypeURL
    public let flavour: StreamFlavour
    /// What is wanted.
    public private(set) var wanted = Subscription()
    /// The version of each resource that was accepted last and is still in force.
    public private(set) var versions: [String: String] = [:]

    /// What the server was told on this stream; nil before the first request.
    private var announced: Subscription?
    /// Whether the wildcard was asked for by saying nothing, which later names would undo.
    private var announcedBySilence = false
    private var acknowledgements: [Acknowledgement] = []
    /// State of the world: the last nonce seen on this stream, the last version accepted, and what that covered.
    private var nonce = ""
    private var acceptedVersion = ""
    private var acceptedFor = Subscription()

    public init(type: TypeURL, flavour: StreamFlavour) {
        self.type = type
        self.flavour = flavour
    }

    // MARK: - What is wanted

    public mutating func subscribe(to names: some Sequence<String>) {
        wanted.names.formUnion(names)
    }

    public mutating func subscribeToAll() {
        wanted.wildcard = true
    }

    /// Gives names up. What only they held is forgotten at once, so that a later subscription gets it anew; under a
    /// wildcard the server decides whether it stays.
    public mutating func unsubscribe(from names: some Sequence<String>) {
        for name in names {
            wanted.names.remove(name)
            if !wanted.wildcard { versions[name] = nil }
        }
    }

    /// Takes over what a previous run had accepted, so that the server sends only what changed since (delta).
    public mutating func restore(_ resources: [NamedResource]) {
        for resource in resources where wants(resource.name) { versions[resource.name] = resource.version }
    }

    // MARK: - What happens

    /// A new stream begins: everything is announced anew, with the versions held.
    public mutating func streamOpened() {
        announced = nil
        announcedBySilence = false
        acknowledgements = []
        nonce = ""
    }

    /// A response came; what it changes is to be applied, then `responseApplied` is to be called.
    public mutating func responseReceived(_ response: DiscoveryResponse) -> Delivery {
        let resources = response.resources.filter { wants($0.name) }
        switch flavour {
        case .delta:
            // istiod answers a wildcard with `removed_resources: ["*"]` beside the resources: no resource has that name.
            let present = Set(resources.lazy.map(\.name))
            let removed = response.removed.filter { name in
                name != "*" && !present.contains(name) && (wants(name) || versions[name] != nil)
            }
            return Delivery(resources: resources, removed: removed)
        case .stateOfTheWorld:
            nonce = response.nonce
            guard type.isWholeState else { return Delivery(resources: resources, removed: []) }
            let present = Set(resources.lazy.map(\.name))
            return Delivery(resources: resources, removed: versions.keys.filter { !present.contains($0) }.sorted())
        }
    }

    /// The delivery was applied but for `errors`, by resource name; queues the ack, or the nack that names them.
    public mutating func responseApplied(
        _ response: DiscoveryResponse, _ delivery: Delivery, errors: [String: String]
    ) {
        for name in delivery.removed { versions[name] = nil }
        // A subscription may have been given up while the response was being applied.
        for resource in delivery.resources where errors[resource.name] == nil && wants(resource.name) {
            versions[resource.name] = resource.version
        }
        if flavour == .stateOfTheWorld, errors.isEmpty {
            acceptedVersion = response.version
            acceptedFor = announced ?? wanted
        }
        acknowledgements.append(
            Acknowledgement(nonce: response.nonce, error: errors.isEmpty ? nil : Rejection.text(errors)))
    }

    // MARK: - What to say

    /// The next request to send, and notes it as sent; nil when there is nothing to say.
    public mutating func nextRequest() -> DiscoveryRequest? {
        switch flavour {
        case .delta: nextDeltaRequest()
        case .stateOfTheWorld: nextWholeRequest()
        }
    }

    private mutating func nextDeltaRequest() -> DiscoveryRequest? {
        // An ack goes out alone: some servers look at a request's nonce or at its names, not at both.
        if !acknowledgements.isEmpty {
            let ack = acknowledgements.removeFirst()
            return DiscoveryRequest(
                type: type, body: .delta(subscribe: [], unsubscribe: [], initialVersions: [:]), nonce: ack.nonce,
                error: ack.error)
        }
        guard let before = announced else {
            // A first request without names would ask for everything.
            guard !wanted.isEmpty else { return nil }
            announced = wanted
            announcedBySilence = wanted.names.isEmpty
            let star = wanted.wildcard && !announcedBySilence ? ["*"] : []
            return DiscoveryRequest(
                type: type,
                body: .delta(subscribe: star + wanted.names.sorted(), unsubscribe: [], initialVersions: versions))
        }
        var subscribe = wanted.names.subtracting(before.names).sorted()
        var unsubscribe = before.names.subtracting(wanted.names).sorted()
        if wanted.wildcard, !before.wildcard || (announcedBySilence && !subscribe.isEmpty) {
            subscribe.insert("*", at: 0)
            announcedBySilence = false
        }
        if before.wildcard, !wanted.wildcard { unsubscribe.insert("*", at: 0) }
        if subscribe.isEmpty && unsubscribe.isEmpty { return nil }
        announced = wanted
        return DiscoveryRequest(
            type: type, body: .delta(subscribe: subscribe, unsubscribe: unsubscribe, initialVersions: [:]))
    }

    private mutating func nextWholeRequest() -> DiscoveryRequest? {
        if announced == nil && wanted.isEmpty { return nil }
        // Of several responses only the last can be answered: older nonces are stale to the server.
        let ack = acknowledgements.last
        acknowledgements = []
        guard ack != nil || announced != wanted else { return nil }
        let isFirst = announced == nil
        announced = wanted
        announcedBySilence = isFirst ? wanted.names.isEmpty : announcedBySilence && wanted.names.isEmpty
        var names = wanted.names.sorted()
        if wanted.wildcard && !announcedBySilence { names.insert("*", at: 0) }
        // On a new stream a version would tell the server that it need not answer, which is wrong if we have since
        // subscribed to more than that version covered.
        let version = isFirst && acceptedFor != wanted ? "" : acceptedVersion
        return DiscoveryRequest(
            type: type, body: .stateOfTheWorld(names: names, version: version), nonce: ack?.nonce ?? nonce,
            error: ack?.error)
    }

    private func wants(_ name: String) -> Bool { wanted.wildcard || wanted.names.contains(name) }
}
