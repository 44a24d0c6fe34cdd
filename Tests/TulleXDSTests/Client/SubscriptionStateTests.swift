import Testing
import TulleModel

@testable import TulleXDS

@Suite struct SubscriptionStateTests {
    private func delta(
        _ type: TypeURL = .cluster, _ subscribe: [String] = [], _ unsubscribe: [String] = [],
        versions: [String: String] = [:], nonce: String = "", error: String? = nil
    ) -> DiscoveryRequest {
        DiscoveryRequest(
            type: type, body: .delta(subscribe: subscribe, unsubscribe: unsubscribe, initialVersions: versions),
            nonce: nonce, error: error)
    }

    private func whole(
        _ type: TypeURL = .cluster, _ names: [String] = [], version: String = "", nonce: String = "",
        error: String? = nil
    ) -> DiscoveryRequest {
        DiscoveryRequest(
            type: type, body: .stateOfTheWorld(names: names, version: version), nonce: nonce, error: error)
    }

    private func response(
        _ type: TypeURL = .cluster, _ resources: [(String, String)] = [], removed: [String] = [],
        version: String = "", nonce: String
    ) -> DiscoveryResponse {
        DiscoveryResponse(
            type: type, resources: resources.map { Sample.resource(type, $0.0, $0.1) }, removed: removed,
            version: version, nonce: nonce)
    }

    @discardableResult
    private func receive(
        _ state: inout SubscriptionState, _ response: DiscoveryResponse, errors: [String: String] = [:]
    ) -> (names: [String], removed: [String]) {
        let delivery = state.responseReceived(response)
        state.responseApplied(response, delivery, errors: errors)
        return (delivery.resources.map(\.name), delivery.removed)
    }

    // MARK: - Delta

    @Test("a type without a subscription says nothing, since an empty first request would ask for everything")
    func silent() {
        for flavour in [StreamFlavour.delta, .stateOfTheWorld] {
            var state = SubscriptionState(type: .endpoints, flavour: flavour)
            state.streamOpened()
            #expect(state.nextRequest() == nil)
        }
    }

    @Test("delta: subscriptions made together go out as one request, and only once")
    func coalesced() {
        var state = SubscriptionState(type: .cluster, flavour: .delta)
        state.streamOpened()
        state.subscribe(to: ["b"])
        state.subscribe(to: ["a", "b"])
        #expect(state.nextRequest() == delta(.cluster, ["a", "b"]))
        #expect(state.nextRequest() == nil)
        state.subscribe(to: ["c"])
        state.unsubscribe(from: ["a"])
        #expect(state.nextRequest() == delta(.cluster, ["c"], ["a"]))
        state.subscribe(to: ["d"])
        state.unsubscribe(from: ["d"])
        #expect(state.nextRequest() == nil)
    }

    @Test("delta: an accepted response is acked by its nonce, ahead of new subscriptions")
    func acked() {
        var state = SubscriptionState(type: .cluster, flavour: .delta)
        state.streamOpened()
        state.subscribe(to: ["a"])
        _ = state.nextRequest()
        let seen = receive(&state, response(.cluster, [("a", "1")], nonce: "n1"))
        state.subscribe(to: ["b"])
        #expect(seen.names == ["a"])
        #expect(state.nextRequest() == delta(nonce: "n1"))
        #expect(state.nextRequest() == delta(.cluster, ["b"]))
        #expect(state.versions == ["a": "1"])
    }

    @Test("delta: a nack names each refused resource, and the others count as accepted")
    func nacked() {
        var state = SubscriptionState(type: .cluster, flavour: .delta)
        state.streamOpened()
        state.subscribe(to: ["a", "b", "c"])
        _ = state.nextRequest()
        receive(&state, response(.cluster, [("a", "1"), ("b", "1"), ("c", "1")], nonce: "n1"))
        _ = state.nextRequest()
        receive(
            &state, response(.cluster, [("a", "2"), ("b", "2"), ("c", "2")], nonce: "n2"),
            errors: ["b": "no endpoints\nat all", "a": "bad port"])
        #expect(state.nextRequest() == delta(nonce: "n2", error: "a: bad port\nb: no endpoints at all"))
        #expect(state.versions == ["a": "1", "b": "1", "c": "2"])
    }

    @Test("delta: a new stream announces everything with the versions held, and drops unsent acks")
    func reconnects() {
        var state = SubscriptionState(type: .cluster, flavour: .delta)
        state.streamOpened()
        state.subscribe(to: ["a", "b"])
        _ = state.nextRequest()
        receive(&state, response(.cluster, [("a", "1")], nonce: "n1"))
        state.streamOpened()
        #expect(state.nextRequest() == delta(.cluster, ["a", "b"], versions: ["a": "1"]))
        #expect(state.nextRequest() == nil)
    }

    @Test("delta: the wildcard alone is asked for by silence, and by name once there are names too")
    func wildcard() {
        var state = SubscriptionState(type: .cluster, flavour: .delta)
        state.streamOpened()
        state.subscribeToAll()
        #expect(state.nextRequest() == delta())
        state.subscribe(to: ["a"])
        #expect(state.nextRequest() == delta(.cluster, ["*", "a"]))
        state.subscribe(to: ["b"])
        #expect(state.nextRequest() == delta(.cluster, ["b"]))
        state.streamOpened()
        #expect(state.nextRequest() == delta(.cluster, ["*", "a", "b"]))
    }

    @Test("delta: removals reach the caller, a `*` beside resources does not (istiod)")
    func removals() {
        var state = SubscriptionState(type: .cluster, flavour: .delta)
        state.streamOpened()
        state.subscribeToAll()
        _ = state.nextRequest()
        var seen = receive(&state, response(.cluster, [("a", ""), ("b", "")], removed: ["*"], nonce: "n1"))
        #expect(seen.names == ["a", "b"] && seen.removed == [])
        seen = receive(&state, response(.cluster, removed: ["a", "*"], nonce: "n2"))
        #expect(seen.removed == ["a"])
        #expect(state.versions == ["b": ""])
        state.streamOpened()
        #expect(state.nextRequest() == delta(versions: ["b": ""]))
    }

    @Test("delta: a name that does not exist is told as removed, and may appear later")
    func onDemand() {
        var state = SubscriptionState(type: .virtualHost, flavour: .delta)
        state.streamOpened()
        state.subscribe(to: ["r/nobody"])
        _ = state.nextRequest()
        var seen = receive(&state, response(.virtualHost, removed: ["r/nobody"], nonce: "n1"))
        #expect(seen.removed == ["r/nobody"])
        seen = receive(&state, response(.virtualHost, [("r/nobody", "1")], nonce: "n2"))
        #expect(seen.names == ["r/nobody"])
    }

    @Test("delta: what was given up is neither delivered nor remembered")
    func givenUp() {
        var state = SubscriptionState(type: .endpoints, flavour: .delta)
        state.streamOpened()
        state.subscribe(to: ["a", "b"])
        _ = state.nextRequest()
        let late = response(.endpoints, [("a", "1"), ("b", "1")], nonce: "n1")
        state.unsubscribe(from: ["a"])
        let delivery = state.responseReceived(late)
        #expect(delivery.resources.map(\.name) == ["b"])
        state.unsubscribe(from: ["b"])
        state.responseApplied(late, delivery, errors: [:])
        #expect(state.versions.isEmpty)
        #expect(state.nextRequest() == delta(.endpoints, nonce: "n1"))
        #expect(state.nextRequest() == delta(.endpoints, [], ["a", "b"]))
    }

    @Test("delta: what a previous run held counts as known")
    func restored() {
        var state = SubscriptionState(type: .listener, flavour: .delta)
        state.subscribeToAll()
        state.restore([Sample.resource(.listener, "l", "7")])
        state.streamOpened()
        #expect(state.nextRequest() == delta(.listener, versions: ["l": "7"]))
    }

    // MARK: - State of the world

    @Test("state of the world: every request holds all names, an ack the version and nonce")
    func wholeAck() {
        var state = SubscriptionState(type: .endpoints, flavour: .stateOfTheWorld)
        state.streamOpened()
        state.subscribe(to: ["b"])
        #expect(state.nextRequest() == whole(.endpoints, ["b"]))
        receive(&state, response(.endpoints, [("b", "")], version: "1", nonce: "n1"))
        state.subscribe(to: ["a"])
        #expect(state.nextRequest() == whole(.endpoints, ["a", "b"], version: "1", nonce: "n1"))
        #expect(state.nextRequest() == nil)
        state.unsubscribe(from: ["a"])
        #expect(state.nextRequest() == whole(.endpoints, ["b"], version: "1", nonce: "n1"))
    }

    @Test("state of the world: a nack keeps the version accepted before")
    func wholeNack() {
        var state = SubscriptionState(type: .cluster, flavour: .stateOfTheWorld)
        state.streamOpened()
        state.subscribeToAll()
        #expect(state.nextRequest() == whole())
        receive(&state, response(.cluster, [("a", "")], version: "1", nonce: "n1"))
        _ = state.nextRequest()
        receive(&state, response(.cluster, [("a", ""), ("b", "")], version: "2", nonce: "n2"), errors: ["a": "bad"])
        #expect(state.nextRequest() == whole(version: "1", nonce: "n2", error: "a: bad"))
    }

    @Test("state of the world: absence removes listeners and clusters, never endpoints or routes")
    func absence() {
        for (type, gone) in [(TypeURL.cluster, ["a"]), (.listener, ["a"]), (.endpoints, []), (.routes, [])] {
            var state = SubscriptionState(type: type, flavour: .stateOfTheWorld)
            state.streamOpened()
            if type.isWholeState { state.subscribeToAll() } else { state.subscribe(to: ["a", "b"]) }
            _ = state.nextRequest()
            receive(&state, response(type, [("a", ""), ("b", "")], version: "1", nonce: "n1"))
            let seen = receive(&state, response(type, [("b", "")], version: "2", nonce: "n2"))
            #expect(seen.removed == gone, "\(type)")
        }
    }

    @Test("state of the world: of two responses that came before an answer, the last is answered")
    func staleNonces() {
        var state = SubscriptionState(type: .cluster, flavour: .stateOfTheWorld)
        state.streamOpened()
        state.subscribeToAll()
        _ = state.nextRequest()
        receive(&state, response(.cluster, [("a", "")], version: "1", nonce: "n1"))
        receive(&state, response(.cluster, [("a", "")], version: "2", nonce: "n2"))
        #expect(state.nextRequest() == whole(version: "2", nonce: "n2"))
        #expect(state.nextRequest() == nil)
    }

    @Test("state of the world: a new stream gives the version only for what that version covered")
    func wholeReconnect() {
        var state = SubscriptionState(type: .endpoints, flavour: .stateOfTheWorld)
        state.streamOpened()
        state.subscribe(to: ["a"])
        _ = state.nextRequest()
        receive(&state, response(.endpoints, [("a", "")], version: "1", nonce: "n1"))
        _ = state.nextRequest()
        state.streamOpened()
        #expect(state.nextRequest() == whole(.endpoints, ["a"], version: "1"))
        state.streamOpened()
        state.subscribe(to: ["b"])
        #expect(state.nextRequest() == whole(.endpoints, ["a", "b"]))
    }
}
