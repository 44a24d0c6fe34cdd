import Logging
import Synchronization
import TulleModel
import TulleXDS

@testable import TulleXDSServer

/// A source of resources that a test changes as it goes.
final class ChangingSource: DiscoverySource {
    private let resources = Mutex<[TypeURL: [String: NamedResource]]>([:])

    func set(_ type: TypeURL, _ name: String, text: String) {
        resources.withLock { $0[type, default: [:]][name] = Sample.hashed(type, name, text: text) }
    }

    func remove(_ type: TypeURL, _ name: String) {
        resources.withLock { $0[type]?[name] = nil }
    }

    func resources(for node: ConnectedNode, type: TypeURL, subscription: Subscription) async -> [NamedResource] {
        resources.withLock { resources in
            (resources[type] ?? [:]).values.filter {
                subscription.wildcard || subscription.names.contains($0.name)
            }
        }
    }
}

/// A handler that keeps what it was given, and refuses resources whose text says so.
final class KeepingHandler: ResourceHandler {
    struct State {
        var resources: [TypeURL: [String: NamedResource]] = [:]
        var removed: [TypeURL: [String]] = [:]
        var calls: [(type: TypeURL, origin: ResourceOrigin)] = []
    }

    let state = Mutex(State())

    func apply(
        _ type: TypeURL, resources: [NamedResource], removed: [String], from origin: ResourceOrigin
    ) async -> [String: String] {
        state.withLock { state in
            state.calls.append((type, origin))
            var errors: [String: String] = [:]
            for resource in resources {
                if String(decoding: resource.body, as: UTF8.self).contains("refuse me") {
                    errors[resource.name] = "asked to be refused"
                } else {
                    state.resources[type, default: [:]][resource.name] = resource
                }
            }
            for name in removed { state.resources[type]?[name] = nil }
            state.removed[type, default: []] += removed
            return errors
        }
    }

    func names(_ type: TypeURL) -> [String] {
        state.withLock { ($0.resources[type] ?? [:]).keys.sorted() }
    }

    func text(_ type: TypeURL, _ name: String) -> String? {
        state.withLock { state in
            state.resources[type]?[name].map {
                String(decoding: $0.body.suffix(from: name.utf8.count + 4), as: UTF8.self)
            }
        }
    }

    func removed(_ type: TypeURL) -> [String] { state.withLock { $0.removed[type] ?? [] } }
}

/// An observer that writes down what it was told.
final class KeepingObserver: SubscriberObserver {
    let lines = Mutex<[String]>([])
    let refusal: StreamRefusal?

    init(refusal: StreamRefusal? = nil) {
        self.refusal = refusal
    }

    func subscriberConnected(_ node: ConnectedNode) throws(StreamRefusal) {
        if let refusal { throw refusal }
        note("connected \(node.id) \(node.userAgent) \(node.isOnDemand)")
        if node.resumes { note("resumes \(node.id)") }
    }

    func subscriberDisconnected(_ node: ConnectedNode, clean: Bool) { note("left \(node.id) clean=\(clean)") }

    func responseSent(to node: ConnectedNode, type: TypeURL, versions: [String: String], removed: [String]) {
        note("sent \(type) \(versions.keys.sorted()) \(removed)")
    }

    func responseJudged(by node: ConnectedNode, type: TypeURL, _ verdict: SubscriberState.Verdict) {
        switch verdict {
        case .accepted(let versions): note("accepted \(type) \(versions.keys.sorted())")
        case .rejected(_, let reasons): note("rejected \(type) \(reasons)")
        }
    }

    func pushDelivered(to node: ConnectedNode, since: ContinuousClock.Instant) { note("delivered \(node.id)") }

    func has(_ line: String) -> Bool { lines.withLock { $0.contains(line) } }

    private func note(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A server on a loopback port, with what a test needs of it.
struct LoopbackServer {
    let server: ADSServer
    let address: SocketAddress
    let running: Task<Void, any Error>

    static func start(
        _ source: any DiscoverySource, observers: [any SubscriberObserver] = [], port: Int = 0,
        change: (inout ADSServer.Configuration) -> Void = { _ in }
    ) async throws -> LoopbackServer {
        var configuration = ADSServer.Configuration(address: SocketAddress(host: "127.0.0.1", port: port))
        change(&configuration)
        let server = ADSServer(configuration, source: source, observers: observers, logger: quiet)
        let running = Task { try await server.run() }
        return LoopbackServer(server: server, address: try await server.boundAddress, running: running)
    }

    func stop() async {
        server.stop()
        _ = await running.result
    }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
