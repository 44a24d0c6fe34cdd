import Logging
import NIOConcurrencyHelpers
import TulleModel
import TulleProxy
import TulleXDS

/// Stands between the proxy and its control plane's client: passes on what the one wants and the other brings.
final class DiscoveryBridge: ResourceSubscriber, ResourceHandler {
    private struct Ends {
        var proxy: Proxy?
        var client: ADSClient?
        /// What the proxy asked for before there was a client.
        var early: [(DiscoveryKind, String)] = []
    }

    /// Both ends are made after this; set once at the start, read by any thread.
    private let ends = NIOLockedValueBox(Ends())
    private let translator: ResourceTranslator
    private let logger: Logger

    init(translator: ResourceTranslator, logger: Logger) {
        self.translator = translator
        self.logger = logger
    }

    func connect(proxy: Proxy, client: ADSClient) {
        let early = ends.withLockedValue { ends in
            ends.proxy = proxy
            ends.client = client
            defer { ends.early = [] }
            return ends.early
        }
        for (kind, name) in early { client.subscribe(kind.type, names: [name]) }
    }

    // MARK: What the proxy wants

    func subscribe(_ kind: DiscoveryKind, _ name: String) {
        let client = ends.withLockedValue { ends in
            if ends.client == nil { ends.early.append((kind, name)) }
            return ends.client
        }
        client?.subscribe(kind.type, names: [name])
    }

    func unsubscribe(_ kind: DiscoveryKind, _ name: String) {
        ends.withLockedValue { $0.client }?.unsubscribe(kind.type, names: [name])
    }

    // MARK: What the control plane brings

    func apply(
        _ type: TypeURL, resources: [NamedResource], removed: [String], from source: ResourceOrigin
    ) async -> [String: String] {
        guard let proxy = ends.withLockedValue({ $0.proxy }) else { return [:] }
        var updates: [ResourceUpdate] = []
        var errors: [String: String] = [:]
        for resource in resources {
            switch translator.translate(type: type, name: resource.name, body: resource.body) {
            case .success(let translated):
                updates.append(translated.update)
                for warning in translated.warnings {
                    logger.warning("\(type) \(resource.name): \(warning)")
                }
            case .failure(let error):
                errors[resource.name] = error.description
            }
        }
        updates += removed.compactMap { ResourceTranslator.removal(type: type, name: $0) }
        errors.merge(await proxy.apply(updates)) { first, _ in first }
        if type == .listener { await proxy.listenersHaveArrived() }
        return errors
    }
}

extension DiscoveryKind {
    var type: TypeURL {
        switch self {
        case .routes: .routes
        case .clusters: .cluster
        case .endpoints: .endpoints
        case .virtualHosts: .virtualHost
        case .secrets: .secret
        }
    }
}
