import TulleModel

/// All statistics of one worker. Touched on the worker's loop alone; a scrape hops there and copies it.
final class WorkerStats {
    /// Whom this worker has met on connections from downstream.
    let principals = PrincipalTable()
    private var clusters: [String: ClusterStats] = [:]
    private var listeners: [String: ListenerStats] = [:]
    private var managers: [String: HTTPConnectionManagerStats] = [:]
    private var admissions: [AdmissionStats.Key: AdmissionStats] = [:]

    /// The statistics of a cluster, which outlive changes of its configuration. Made at the first call, so that a cluster
    /// that nobody uses costs nothing; keep the result instead of asking a request.
    func cluster(_ definition: ClusterDefinition) -> ClusterStats {
        let name = definition.cluster.altStatName.isEmpty ? definition.cluster.name : definition.cluster.altStatName
        if let known = clusters[name] { return known }
        let stats = ClusterStats(definition, principals)
        clusters[name] = stats
        return stats
    }

    func listener(_ listener: Listener) -> ListenerStats {
        let name = Self.statName(of: listener)
        if let known = listeners[name] { return known }
        let stats = ListenerStats()
        listeners[name] = stats
        return stats
    }

    func connectionManager(_ manager: HTTPConnectionManager, listener: Listener) -> HTTPConnectionManagerStats {
        let key = manager.statPrefix
        if let known = managers[key] { return known }
        let stats = HTTPConnectionManagerStats()
        managers[key] = stats
        return stats
    }

    func admission(_ key: AdmissionStats.Key) -> AdmissionStats {
        if let known = admissions[key] { return known }
        let stats = AdmissionStats()
        admissions[key] = stats
        return stats
    }

    /// A copy of all there is.
    func snapshot() -> StatsSnapshot {
        StatsSnapshot(
            clusters: clusters.mapValues { $0.snapshot() }, listeners: listeners.mapValues(\.counters),
            managers: managers.mapValues { $0.snapshot() }, admissions: admissions.mapValues(\.counters))
    }

    /// Sets the counts to zero. What is active stays.
    func reset() {
        for cluster in clusters.values { cluster.reset() }
        for listener in listeners.values { listener.reset() }
        for manager in managers.values { manager.reset() }
        for admission in admissions.values { admission.reset() }
    }

    /// Envoy's name for a listener: its stat prefix, or its address with an underscore before the port.
    private static func statName(of listener: Listener) -> String {
        if !listener.statPrefix.isEmpty { return listener.statPrefix }
        let host = listener.address.host
        return (host.contains(":") ? "[\(host)]" : host) + "_\(listener.address.port)"
    }
}
