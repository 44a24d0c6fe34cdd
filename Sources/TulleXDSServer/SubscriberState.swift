public import TulleModel
public import TulleXDS

/// What one stream's subscriber has asked for, what it was sent, and what it said of that.
///
/// A machine without I/O. A request goes in by `requestReceived`, which says whether the type is to be answered; the
/// present resources of a type go in by `respond`, which gives the responses to write, if any. Which resources have
/// changed is told by their versions.
public struct SubscriberState: Sendable {
    /// What a request said of an earlier response.
    public enum Verdict: Hashable, Sendable {
        /// The resources of the response, by name with the version.
        case accepted([String: String])
        /// `reasons` are those of the refused names, the rest was accepted.
        case rejected([String: String], reasons: [String: String])
    }

    /// What a request leads to.
    public struct Reception: Hashable, Sendable {
        public var verdict: Verdict?
        /// Whether the type's resources are to be looked up and handed to `respond`.
        public var needsAnswer: Bool
    }

    fileprivate struct Outstanding {
        var nonce: String
        var versions: [String: String]
    }

    fileprivate struct TypeState {
        var subscription = Subscription()
        /// The wildcard came of an empty list, and ends with the first name.
        var wildcardBySilence = false
        var namesEver = false
        /// The versions that the subscriber holds or is being sent.
        var sent: [String: String] = [:]
        /// Names that get an answer whatever their version: a resource, or that there is none.
        var unanswered: Set<String> = []
        /// The subscriber waits for a response, be it empty.
        var mustRespond = false
        /// State of the world: the next request is answered though nothing in it is new.
        var answerNext = false
        var outstanding: [Outstanding] = []
        var lastNonce = ""
        var lastVersion = ""
    }

    // A subscriber that never acks must not make us remember everything that it was ever sent.
    private static let maxOutstanding = 16

    private let flavour: StreamFlavour
    private let limits: SubscriberLimits
    private var types: [TypeURL: TypeState] = [:]
    private var responses: UInt64 = 0

    public init(flavour: StreamFlavour, limits: SubscriberLimits = SubscriberLimits()) {
        self.flavour = flavour
        self.limits = limits
    }

    /// The types with a subscription, in the order of a push.
    public var subscribedTypes: [TypeURL] {
        types.filter { !$0.value.subscription.isEmpty }.keys.sorted {
            ($0.pushRank, $0.rawValue) < ($1.pushRank, $1.rawValue)
        }
    }

    public func subscription(of type: TypeURL) -> Subscription { types[type]?.subscription ?? Subscription() }

    // MARK: - Requests

    /// - Throws: a refusal that ends the stream, when the request is over a limit or of the wrong flavour.
    public mutating func requestReceived(_ request: DiscoveryRequest) throws(StreamRefusal) -> Reception {
        if types[request.type] == nil, types.count >= limits.maxTypes {
            throw StreamRefusal(.resourceExhausted, "over \(limits.maxTypes) resource types on one stream")
        }
        let isFirst = types[request.type] == nil
        var state = types[request.type] ?? TypeState()
        let reception: Reception
        switch (flavour, request.body) {
        case (.delta, .delta(let subscribe, let unsubscribe, let initialVersions)):
            try check(subscribe, of: request.type)
            try check(unsubscribe, of: request.type)
            if isFirst { try check(Array(initialVersions.keys), of: request.type) }
            reception = Reception(
                verdict: state.judge(request),
                needsAnswer: state.deltaRequest(
                    type: request.type, subscribe: subscribe, unsubscribe: unsubscribe,
                    initialVersions: isFirst ? initialVersions : [:], isFirst: isFirst))
        case (.stateOfTheWorld, .stateOfTheWorld(let names, _)):
            try check(names, of: request.type)
            if !isFirst, !request.nonce.isEmpty, request.nonce != state.lastNonce {
                // Crossed with a response on its way: the answer to that one will say the same.
                return Reception(verdict: nil, needsAnswer: false)
            }
            reception = Reception(
                verdict: state.judge(request),
                needsAnswer: state.wholeRequest(type: request.type, names: names, isFirst: isFirst))
        default:
            throw StreamRefusal(.invalidArgument, "a request of the other flavour than its stream's")
        }
        if state.subscription.names.count > limits.maxNamesPerType {
            throw StreamRefusal(
                .resourceExhausted, "over \(limits.maxNamesPerType) names of type \(request.type.shortName)")
        }
        types[request.type] = state
        return reception
    }

    private func check(_ names: [String], of type: TypeURL) throws(StreamRefusal) {
        if names.count > limits.maxNamesPerType {
            throw StreamRefusal(
                .resourceExhausted,
                "\(names.count) names of type \(type.shortName), at most \(limits.maxNamesPerType) are allowed")
        }
        if let name = names.first(where: { $0.utf8.count > limits.maxNameBytes }) {
            throw StreamRefusal(
                .invalidArgument,
                "a name of \(name.utf8.count) bytes of type \(type.shortName), "
                    + "at most \(limits.maxNameBytes) are allowed")
        }
    }

    // MARK: - Responses

    /// Takes the present resources of a type for its whole subscription, and gives what the subscriber does not have.
    ///
    /// The responses count as sent. More than one comes only in delta, where a large one is split.
    public mutating func respond(_ type: TypeURL, with resources: [NamedResource]) -> [DiscoveryResponse] {
        guard var state = types[type] else { return [] }
        var present: [String: NamedResource] = [:]
        for resource in resources where state.subscription.wildcard || state.subscription.names.contains(resource.name)
        {
            present[resource.name] = resource
        }
        var changed = present.values.filter { $0.version.isEmpty || state.sent[$0.name] != $0.version }
        changed.sort { $0.name < $1.name }
        let updated = changed.filter { state.sent[$0.name] != nil }.map(\.name)

        var responses: [DiscoveryResponse] = []
        switch flavour {
        case .delta:
            let gone = state.sent.keys.filter { present[$0] == nil }
            let removed = Set(gone).union(state.unanswered.filter { present[$0] == nil }).sorted()
            if changed.isEmpty && removed.isEmpty && !state.mustRespond { return [] }
            for name in gone { state.sent[name] = nil }
            for (index, part) in split(changed).enumerated() {
                responses.append(
                    DiscoveryResponse(
                        type: type, resources: part, removed: index == 0 ? removed : [], nonce: nextNonce()))
            }
        case .stateOfTheWorld:
            let version = Self.version(of: present)
            let whole = type.isWholeState || state.mustRespond
            if !state.mustRespond {
                if whole ? version == state.lastVersion : changed.isEmpty { return [] }
            }
            let sending = whole ? present.values.sorted { $0.name < $1.name } : changed
            for name in state.sent.keys where present[name] == nil { state.sent[name] = nil }
            state.lastVersion = version
            responses.append(
                DiscoveryResponse(type: type, resources: sending, version: version, nonce: nextNonce()))
        }
        for response in responses { state.noteSent(response, keep: Self.maxOutstanding) }
        state.mustRespond = false
        state.unanswered = []
        types[type] = state
        warmUp(after: type, updated: updated)
        return responses
    }

    /// Envoy warms a changed cluster by waiting for its endpoints anew, and may not ask for what it has asked for
    /// already; without them the cluster would stay cold until a timeout. Likewise a listener and its routes.
    private mutating func warmUp(after type: TypeURL, updated: [String]) {
        if type == .cluster, types[.endpoints] != nil {
            for name in updated { types[.endpoints]?.sent[name] = nil }
            types[.endpoints]?.answerNext = true
        }
        if type == .listener, types[.routes] != nil { types[.routes]?.answerNext = true }
    }

    private mutating func nextNonce() -> String {
        responses += 1
        return String(responses, radix: 16)
    }

    private func split(_ resources: [NamedResource]) -> [[NamedResource]] {
        var parts: [[NamedResource]] = [[]]
        var bytes = 0
        for resource in resources {
            let size = resource.body.count + resource.name.utf8.count + 128
            if bytes + size > limits.maxResponseBytes, bytes > 0 {
                parts.append([])
                bytes = 0
            }
            parts[parts.count - 1].append(resource)
            bytes += size
        }
        return parts
    }

    private static func version(of resources: [String: NamedResource]) -> String {
        var hash = ContentHash()
        for name in resources.keys.sorted() {
            hash.add(name)
            hash.add(resources[name]?.version ?? "")
        }
        return hash.description
    }
}

extension SubscriberState.TypeState {
    /// What a request says of the response whose nonce it carries.
    fileprivate mutating func judge(_ request: DiscoveryRequest) -> SubscriberState.Verdict? {
        guard !request.nonce.isEmpty, let index = outstanding.firstIndex(where: { $0.nonce == request.nonce }) else {
            return nil
        }
        let versions = outstanding[index].versions
        // Responses are answered in order: what is older was passed over in state of the world.
        outstanding.removeFirst(index + 1)
        guard let error = request.error else { return .accepted(versions) }
        return .rejected(versions, reasons: Rejection.reasons(in: error, names: versions.keys))
    }

    fileprivate mutating func deltaRequest(
        type: TypeURL, subscribe: [String], unsubscribe: [String], initialVersions: [String: String], isFirst: Bool
    ) -> Bool {
        if isFirst {
            sent = initialVersions
            mustRespond = true
            // "If a client sends no names in its first request, treat it as `*`." Endpoints and routes have no
            // wildcard: nothing is meant to be a node's for being there.
            if subscribe.isEmpty && unsubscribe.isEmpty && type != .endpoints && type != .routes {
                subscription.wildcard = true
                wildcardBySilence = true
            }
        }
        for name in unsubscribe {
            if name == "*" {
                subscription.wildcard = false
                sent = sent.filter { subscription.names.contains($0.key) }
            } else if subscription.names.remove(name) != nil {
                sent[name] = nil
                // Under a wildcard the subscriber may still have it, and is told which it is.
                if subscription.wildcard { unanswered.insert(name) } else { unanswered.remove(name) }
            }
        }
        for name in subscribe {
            if wildcardBySilence {
                wildcardBySilence = false
                subscription.wildcard = subscribe.contains("*")
            }
            if name == "*" {
                if !subscription.wildcard { mustRespond = true }
                subscription.wildcard = true
            } else {
                subscription.names.insert(name)
                unanswered.insert(name)
                // A repeated subscription says that the subscriber has forgotten what it had.
                if !isFirst { sent[name] = nil }
            }
        }
        if isFirst && !subscription.wildcard {
            sent = sent.filter { subscription.names.contains($0.key) }
        }
        return !subscription.isEmpty && (isFirst || !subscribe.isEmpty || !unanswered.isEmpty)
    }

    fileprivate mutating func wholeRequest(type: TypeURL, names: [String], isFirst: Bool) -> Bool {
        let before = subscription
        let listed = Set(names)
        subscription.names = listed.subtracting(["*"])
        namesEver = namesEver || !listed.isEmpty
        subscription.wildcard = listed.contains("*") || (!namesEver && type.isWholeState)
        sent = sent.filter { subscription.wildcard || subscription.names.contains($0.key) }
        let isNew =
            isFirst || (subscription.wildcard && !before.wildcard)
            || !subscription.names.isSubset(of: before.names)
        let answer = isNew || answerNext
        answerNext = false
        if answer && !subscription.isEmpty { mustRespond = true }
        return answer && !subscription.isEmpty
    }

    fileprivate mutating func noteSent(_ response: DiscoveryResponse, keep limit: Int) {
        var versions: [String: String] = [:]
        for resource in response.resources {
            sent[resource.name] = resource.version
            versions[resource.name] = resource.version
        }
        lastNonce = response.nonce
        outstanding.append(SubscriberState.Outstanding(nonce: response.nonce, versions: versions))
        if outstanding.count > limit { outstanding.removeFirst() }
    }
}
