import TulleModel

/// The compiled configuration that a proxy runs on: built off the event loops, never changed, shared by all workers.
final class Snapshot: Sendable {
    let generation: UInt64
    /// Listeners that have all they need to serve.
    let listeners: [String: ListenerDefinition]
    let clusters: [String: ClusterDefinition]
    /// Route tables that came over ADS, by name.
    let routeTables: [String: RouteTable]
    /// What the control plane said does not exist, so that nobody waits for it.
    let absentClusters: Set<String>
    let absentVirtualHosts: Set<String>
    /// Whether clusters are asked for as requests need them, so that an unknown one is worth waiting for.
    let asksForClusters: Bool

    init(
        generation: UInt64, listeners: [String: ListenerDefinition], clusters: [String: ClusterDefinition],
        routeTables: [String: RouteTable], absentClusters: Set<String>, absentVirtualHosts: Set<String>,
        asksForClusters: Bool
    ) {
        self.generation = generation
        self.listeners = listeners
        self.clusters = clusters
        self.routeTables = routeTables
        self.absentClusters = absentClusters
        self.absentVirtualHosts = absentVirtualHosts
        self.asksForClusters = asksForClusters
    }

    static let empty = Snapshot(
        generation: 0, listeners: [:], clusters: [:], routeTables: [:], absentClusters: [], absentVirtualHosts: [],
        asksForClusters: false)
}
