import Testing
import TulleModel
import TulleXDS

@testable import TulleXDSServer

@Suite struct SubscriberStateTests {
    private func ask(
        _ state: inout SubscriberState, _ type: TypeURL, _ subscribe: [String] = [], _ unsubscribe: [String] = [],
        versions: [String: String] = [:], nonce: String = "", error: String? = nil
    ) throws -> SubscriberState.Reception {
        try state.requestReceived(
            DiscoveryRequest(
                type: type, body: .delta(subscribe: subscribe, unsubscribe: unsubscribe, initialVersions: versions),
                nonce: nonce, error: error))
    }

    private func askWhole(
        _ state: inout SubscriberState, _ type: TypeURL, _ names: [String] = [], version: String = "",
        nonce: String = "", error: String? = nil
    ) throws -> SubscriberState.Reception {
        try state.requestReceived(
            DiscoveryRequest(
                type: type, body: .stateOfTheWorld(names: names, version: version), nonce: nonce, error: error))
    }

    private func respond(
        _ state: inout SubscriberState, _ type: TypeURL, _ resources: [(String, String)]
    ) -> (names: [String], removed: [String], nonce: String)? {
        let responses = state.respond(type, with: resources.map { Sample.resource(type, $0.0, $0.1) })
        #expect(responses.count <= 1)
        return responses.first.map { ($0.resources.map(\.name), $0.removed, $0.nonce) }
    }

    // MARK: - Delta

    @Test("delta: a wildcard gets everything once, then only what changed and what is gone")
    func wildcard() throws {
        var state = SubscriberState(flavour: .delta)
        #expect(try ask(&state, .cluster).needsAnswer)
        #expect(state.subscription(of: .cluster) == Subscription(wildcard: true))
        var sent = try #require(respond(&state, .cluster, [("a", "1"), ("b", "1"), ("c", "1")]))
        #expect(sent.names == ["a", "b", "c"])
        let ack = try ask(&state, .cluster, nonce: sent.nonce)
        #expect(ack == .init(verdict: .accepted(["a": "1", "b": "1", "c": "1"]), needsAnswer: false))
        #expect(respond(&state, .cluster, [("a", "1"), ("b", "1"), ("c", "1")]) == nil)
        sent = try #require(respond(&state, .cluster, [("a", "2"), ("b", "1"), ("d", "1")]))
        #expect(sent.names == ["a", "d"] && sent.removed == ["c"])
    }

    @Test("delta: an empty first answer is sent, so that nobody waits")
    func emptyFirst() throws {
        var state = SubscriberState(flavour: .delta)
        _ = try ask(&state, .listener)
        let sent = try #require(respond(&state, .listener, []))
        #expect(sent.names.isEmpty && sent.removed.isEmpty)
        #expect(respond(&state, .listener, []) == nil)
    }

    @Test("delta: a name that does not exist is answered at once, and sent when it appears")
    func onDemand() throws {
        var state = SubscriberState(flavour: .delta)
        #expect(try ask(&state, .virtualHost, ["r/a", "r/b"]).needsAnswer)
        var sent = try #require(respond(&state, .virtualHost, [("r/a", "1")]))
        #expect(sent.names == ["r/a"] && sent.removed == ["r/b"])
        #expect(respond(&state, .virtualHost, [("r/a", "1")]) == nil)
        sent = try #require(respond(&state, .virtualHost, [("r/a", "1"), ("r/b", "1")]))
        #expect(sent.names == ["r/b"] && sent.removed == [])
        sent = try #require(respond(&state, .virtualHost, [("r/b", "1")]))
        #expect(sent.removed == ["r/a"])
        #expect(respond(&state, .virtualHost, [("r/b", "1")]) == nil)
    }

    @Test("delta: who comes back with versions gets only the difference")
    func reconnect() throws {
        var state = SubscriberState(flavour: .delta)
        let versions = ["a": "1", "b": "1", "gone": "1"]
        _ = try ask(&state, .cluster, ["a", "b", "gone", "new"], versions: versions)
        let sent = try #require(respond(&state, .cluster, [("a", "1"), ("b", "2"), ("new", "1")]))
        #expect(sent.names == ["b", "new"] && sent.removed == ["gone"])
    }

    @Test("delta: versions of names that are not subscribed to are left alone")
    func strangeVersions() throws {
        var state = SubscriberState(flavour: .delta)
        _ = try ask(&state, .endpoints, ["a"], versions: ["a": "1", "z": "1"])
        let sent = try #require(respond(&state, .endpoints, [("a", "1")]))
        #expect(sent.names.isEmpty && sent.removed.isEmpty)
    }

    @Test("delta: a repeated subscription is answered again, a new one alone")
    func resubscribed() throws {
        var state = SubscriberState(flavour: .delta)
        _ = try ask(&state, .endpoints, ["a", "b"])
        _ = respond(&state, .endpoints, [("a", "1"), ("b", "1")])
        #expect(try ask(&state, .endpoints, ["a"]).needsAnswer)
        let sent = try #require(respond(&state, .endpoints, [("a", "1"), ("b", "1")]))
        #expect(sent.names == ["a"])
    }

    @Test("delta: what was given up is no longer sent, and sent anew after another subscription")
    func givenUp() throws {
        var state = SubscriberState(flavour: .delta)
        _ = try ask(&state, .endpoints, ["a", "b"])
        _ = respond(&state, .endpoints, [("a", "1"), ("b", "1")])
        #expect(try !ask(&state, .endpoints, [], ["a"]).needsAnswer)
        #expect(respond(&state, .endpoints, [("a", "2"), ("b", "1")]) == nil)
        _ = try ask(&state, .endpoints, ["a"])
        #expect(try #require(respond(&state, .endpoints, [("a", "2"), ("b", "1")])).names == ["a"])
        _ = try ask(&state, .endpoints, [], ["a", "b"])
        #expect(state.subscribedTypes.isEmpty)
    }

    @Test("delta: endpoints and routes have no wildcard by silence")
    func noSilence() throws {
        var state = SubscriberState(flavour: .delta)
        #expect(try !ask(&state, .endpoints).needsAnswer)
        #expect(state.subscribedTypes.isEmpty)
    }

    @Test("delta: the wildcard of silence ends with the first name, the spoken one stays")
    func silenceEnds() throws {
        var state = SubscriberState(flavour: .delta)
        _ = try ask(&state, .cluster)
        _ = try ask(&state, .cluster, ["a"])
        #expect(state.subscription(of: .cluster) == Subscription(names: ["a"]))
        _ = try ask(&state, .listener, ["*"])
        _ = try ask(&state, .listener, ["a"])
        #expect(state.subscription(of: .listener) == Subscription(wildcard: true, names: ["a"]))
        _ = try ask(&state, .listener, [], ["*"])
        #expect(state.subscription(of: .listener) == Subscription(names: ["a"]))
    }

    @Test("a nack tells which resources were refused, and they are not sent again until they change")
    func nack() throws {
        var state = SubscriberState(flavour: .delta)
        _ = try ask(&state, .cluster)
        let sent = try #require(respond(&state, .cluster, [("a", "1"), ("b", "1")]))
        let reception = try ask(&state, .cluster, nonce: sent.nonce, error: "b: bad port")
        #expect(reception.verdict == .rejected(["a": "1", "b": "1"], reasons: ["b": "bad port"]))
        #expect(!reception.needsAnswer)
        #expect(respond(&state, .cluster, [("a", "1"), ("b", "1")]) == nil)
        #expect(respond(&state, .cluster, [("a", "1"), ("b", "2")])?.names == ["b"])
    }

    @Test("an unknown nonce is no verdict")
    func unknownNonce() throws {
        var state = SubscriberState(flavour: .delta)
        _ = try ask(&state, .cluster)
        _ = respond(&state, .cluster, [("a", "1")])
        #expect(try ask(&state, .cluster, nonce: "made up").verdict == nil)
    }

    @Test("an updated cluster's endpoints are sent again, in both flavours, since Envoy waits for them")
    func warming() throws {
        for flavour in [StreamFlavour.delta, .stateOfTheWorld] {
            var state = SubscriberState(flavour: flavour)
            if flavour == .delta {
                _ = try ask(&state, .cluster)
                _ = try ask(&state, .endpoints, ["a", "b"])
            } else {
                _ = try askWhole(&state, .cluster)
                _ = try askWhole(&state, .endpoints, ["a", "b"])
            }
            _ = respond(&state, .cluster, [("a", "1"), ("b", "1")])
            let first = respond(&state, .endpoints, [("a", "1"), ("b", "1")])
            #expect(first?.names == ["a", "b"])
            _ = respond(&state, .cluster, [("a", "2"), ("b", "1")])
            #expect(respond(&state, .endpoints, [("a", "1"), ("b", "1")])?.names == ["a"])
        }
    }

    @Test("delta: a large answer is split")
    func split() throws {
        var limits = SubscriberLimits()
        limits.maxResponseBytes = 1_000
        var state = SubscriberState(flavour: .delta, limits: limits)
        _ = try ask(&state, .cluster)
        let text = String(repeating: "x", count: 300)
        let resources = (0..<5).map { Sample.resource(.cluster, "c\($0)", "1", text: text) }
        let responses = state.respond(.cluster, with: resources)
        #expect(responses.count == 3)
        #expect(responses.flatMap { $0.resources.map(\.name) } == ["c0", "c1", "c2", "c3", "c4"])
        #expect(Set(responses.map(\.nonce)).count == 3)
        let second = try ask(&state, .cluster, nonce: responses[1].nonce)
        #expect(second.verdict == .accepted(["c2": "1", "c3": "1"]))
    }

    // MARK: - State of the world

    @Test("state of the world: clusters come whole when any changed, and not when none did")
    func wholeClusters() throws {
        var state = SubscriberState(flavour: .stateOfTheWorld)
        #expect(try askWhole(&state, .cluster).needsAnswer)
        var sent = try #require(respond(&state, .cluster, [("a", "1"), ("b", "1")]))
        #expect(sent.names == ["a", "b"])
        #expect(try !askWhole(&state, .cluster, version: "x", nonce: sent.nonce).needsAnswer)
        #expect(respond(&state, .cluster, [("b", "1"), ("a", "1")]) == nil)
        sent = try #require(respond(&state, .cluster, [("a", "1")]))
        #expect(sent.names == ["a"])
    }

    @Test("state of the world: endpoints come by name, on a push only the changed ones")
    func wholeEndpoints() throws {
        var state = SubscriberState(flavour: .stateOfTheWorld)
        _ = try askWhole(&state, .endpoints, ["a", "b"])
        var sent = try #require(respond(&state, .endpoints, [("a", "1"), ("b", "1"), ("c", "1")]))
        #expect(sent.names == ["a", "b"])
        sent = try #require(respond(&state, .endpoints, [("a", "1"), ("b", "2")]))
        #expect(sent.names == ["b"])
        #expect(try askWhole(&state, .endpoints, ["a", "b", "c"], nonce: sent.nonce).needsAnswer)
        sent = try #require(respond(&state, .endpoints, [("a", "1"), ("b", "2"), ("c", "1")]))
        #expect(sent.names == ["a", "b", "c"])
        #expect(try !askWhole(&state, .endpoints, ["a"], nonce: sent.nonce).needsAnswer)
    }

    @Test("state of the world: a request that crossed with a response is stale")
    func stale() throws {
        var state = SubscriberState(flavour: .stateOfTheWorld)
        _ = try askWhole(&state, .endpoints, ["a"])
        let first = try #require(respond(&state, .endpoints, [("a", "1")]))
        let second = try #require(respond(&state, .endpoints, [("a", "2")]))
        let reception = try askWhole(&state, .endpoints, ["a", "b"], nonce: first.nonce)
        #expect(reception == .init(verdict: nil, needsAnswer: false))
        #expect(state.subscription(of: .endpoints).names == ["a"])
        let next = try askWhole(&state, .endpoints, ["a", "b"], nonce: second.nonce)
        #expect(next == .init(verdict: .accepted(["a": "2"]), needsAnswer: true))
    }

    @Test("state of the world: a name that does not exist is answered by an empty response")
    func wholeAbsent() throws {
        var state = SubscriberState(flavour: .stateOfTheWorld)
        _ = try askWhole(&state, .listener, ["nobody.mesh"])
        #expect(respond(&state, .listener, [])?.names == [])
        #expect(respond(&state, .listener, []) == nil)
        #expect(respond(&state, .listener, [("nobody.mesh", "1")])?.names == ["nobody.mesh"])
    }

    @Test("state of the world: an empty list after names asks for nothing")
    func emptied() throws {
        var state = SubscriberState(flavour: .stateOfTheWorld)
        _ = try askWhole(&state, .listener, ["a"])
        let sent = try #require(respond(&state, .listener, [("a", "1")]))
        #expect(try !askWhole(&state, .listener, [], nonce: sent.nonce).needsAnswer)
        #expect(state.subscribedTypes.isEmpty)
    }

    @Test("state of the world: after clusters, a repeated request for endpoints is answered")
    func answersWarming() throws {
        var state = SubscriberState(flavour: .stateOfTheWorld)
        _ = try askWhole(&state, .cluster)
        _ = try askWhole(&state, .endpoints, ["a"])
        let sent = try #require(respond(&state, .endpoints, [("a", "1")]))
        #expect(try !askWhole(&state, .endpoints, ["a"], nonce: sent.nonce).needsAnswer)
        _ = respond(&state, .cluster, [("a", "2")])
        #expect(try askWhole(&state, .endpoints, ["a"], nonce: sent.nonce).needsAnswer)
        #expect(respond(&state, .endpoints, [("a", "1")])?.names == ["a"])
    }

    // MARK: - Limits

    @Test("too many names, too long names, too many types and the wrong flavour are refused")
    func limits() throws {
        var limits = SubscriberLimits()
        limits.maxNamesPerType = 3
        limits.maxNameBytes = 8
        limits.maxTypes = 2
        var state = SubscriberState(flavour: .delta, limits: limits)
        _ = try ask(&state, .endpoints, ["a", "b", "c"])
        #expect(throws: StreamRefusal(.resourceExhausted, "over 3 names of type EDS")) {
            try ask(&state, .endpoints, ["d"])
        }
        #expect(throws: StreamRefusal.self) { try ask(&state, .endpoints, ["a", "a", "a", "a"]) }
        #expect(throws: StreamRefusal.self) { try ask(&state, .endpoints, ["123456789"]) }
        _ = try ask(&state, .cluster)
        #expect(throws: StreamRefusal.self) { try ask(&state, .listener) }
        #expect(throws: StreamRefusal.self) { try askWhole(&state, .cluster) }
    }

    @Test("types are pushed in the order that makes before it breaks")
    func order() throws {
        var state = SubscriberState(flavour: .delta)
        for type in TypeURL.pushOrder.reversed() { _ = try ask(&state, type, ["a"]) }
        #expect(state.subscribedTypes == TypeURL.pushOrder)
        #expect(
            TypeURL.pushOrder.prefix(5).map(\.shortName) == ["CDS", "EDS", "LDS", "RDS", "VHDS"])
    }
}
