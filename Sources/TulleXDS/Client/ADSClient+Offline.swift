internal import Logging
internal import Synchronization

extension ADSClient {
    /// Waits for the control plane for a moment, and if it is away hands out what a previous run was sent: what is
    /// subscribed to at once, the rest when it is asked for, until the control plane answers.
    func serveFromCache() async {
        guard let cache else { return }
        try? await Task.sleep(for: configuration.cacheDelay)
        if Task.isCancelled || state.withLock({ $0.hasAnswered }) { return }
        let cached = await cache.load()
        if cached.isEmpty { return }
        let isUsed = state.withLock { state in
            if state.hasAnswered { return false }
            for (type, resources) in cached {
                state.offline[type] = Dictionary(
                    resources.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            }
            state.status.isFromCache = true
            return true
        }
        if !isUsed { return }
        logger.warning(
            "the control plane is away: starting from the resources of the last run",
            metadata: ["resources": "\(cached.values.reduce(0) { $0 + $1.count })"])
        offlineWake.yield()
        for await _ in offlineWakes {
            // Applying a cluster makes the handler subscribe to its endpoints, and so on until nothing new is asked.
            while let (type, resources) = nextOffline() {
                let errors = await handing.take { () -> [String: String] in
                    // The control plane may have answered while we waited for our turn.
                    if state.withLock({ $0.hasAnswered }) { return [:] }
                    return await handler.apply(type, resources: resources, removed: [], from: .cache)
                }
                state.withLock { state in
                    if state.hasAnswered { return }
                    state.subscriptions[type]?.restore(resources.filter { errors[$0.name] == nil })
                }
                if !errors.isEmpty {
                    logger.warning(
                        "cached resources refused",
                        metadata: ["type": "\(type)", "reasons": "\(Rejection.text(errors))"])
                }
            }
            if state.withLock({ $0.hasAnswered }) { return }
        }
    }

    /// Cached resources that are asked for and were not handed out yet.
    private func nextOffline() -> (TypeURL, [NamedResource])? {
        state.withLock { state in
            for type in state.offline.keys.sorted(by: { $0.pushRank < $1.pushRank }) {
                guard let wanted = state.subscriptions[type]?.wanted, let cached = state.offline[type] else { continue }
                let taken = wanted.wildcard ? Array(cached.values) : wanted.names.compactMap { cached[$0] }
                if taken.isEmpty { continue }
                for resource in taken { state.offline[type]?[resource.name] = nil }
                return (type, taken.sorted { $0.name < $1.name })
            }
            return nil
        }
    }
}
