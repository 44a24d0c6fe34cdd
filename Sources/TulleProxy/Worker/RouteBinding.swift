/// A route table as one worker uses it: with this worker's own clusters at the slots that routes name.
final class RouteBinding {
    /// Nil while the route configuration has not been discovered.
    private(set) var table: RouteTable?
    private unowned let worker: Worker
    private var slots: ContiguousArray<ClusterRuntime?> = []

    init(worker: Worker, table: RouteTable?) {
        self.worker = worker
        use(table)
    }

    /// Takes another table, or the same one after clusters have changed.
    func use(_ table: RouteTable?) {
        self.table = table
        slots = ContiguousArray(repeating: nil, count: table?.clusterNames.count ?? 0)
    }

    /// The cluster at a slot of the table, looked up by name once a snapshot.
    @inline(__always)
    func cluster(at slot: Int) -> ClusterRuntime? {
        if let known = slots[slot] { return known }
        guard let table, let found = worker.cluster(named: table.clusterNames[slot]) else { return nil }
        slots[slot] = found
        return found
    }
}
