/// What the API tells of the running mesh: workloads, services and proxies as they are now.
protocol MeshDirectory: Sendable {
    /// All of it at this moment.
    func world() async -> World
    /// Sorted by namespace, service and id.
    func workloads() async -> [WorkloadView]
    /// False when there is none of that id.
    func removeWorkload(_ id: String) async -> Bool
    /// False when there is none of that id.
    func setWorkloadReady(_ id: String) async -> Bool
    /// Sorted by namespace and name.
    func services() async -> [ServiceView]
    /// Sorted by id.
    func proxies() async -> [ProxyView]
}
