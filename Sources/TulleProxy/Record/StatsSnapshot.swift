/// Statistics copied from their workers, which may be added up and sent about.
struct StatsSnapshot: Sendable {
    /// By the cluster's name.
    var clusters: [String: ClusterStatsSnapshot] = [:]
    /// By the listener's stat prefix, or its address as Envoy writes it there.
    var listeners: [String: Counters<ListenerCounter>] = [:]
    /// By the connection manager's stat prefix.
    var managers: [String: HTTPConnectionManagerStatsSnapshot] = [:]
    var admissions: [AdmissionStats.Key: Counters<AdmissionCounter>] = [:]

    /// Adds another worker's.
    mutating func merge(_ other: StatsSnapshot) {
        clusters.merge(other.clusters) { first, second in
            var sum = first
            sum.merge(second)
            return sum
        }
        listeners.merge(other.listeners) { first, second in
            var sum = first
            sum.merge(second)
            return sum
        }
        managers.merge(other.managers) { first, second in
            var sum = first
            sum.merge(second)
            return sum
        }
        admissions.merge(other.admissions) { first, second in
            var sum = first
            sum.merge(second)
            return sum
        }
    }
}

struct ClusterStatsSnapshot: Sendable {
    /// The service of the mesh that the cluster stands for; empty where it stands for none.
    struct Service: Hashable, Sendable {
        var host = ""
        var name = ""
        var namespace = ""
    }

    /// A series' labels, with the workload's name instead of its number, which differs from worker to worker.
    struct Key: Hashable, Sendable {
        var status: Int32
        var flags: UInt32
        var isInbound: Bool
        var isGRPC: Bool
        var grpcStatus: Int16
        var workload: WorkloadName
        var principals: ConnectionPrincipals

        init(_ key: RequestSeries.Key, _ workload: WorkloadName, _ principals: ConnectionPrincipals) {
            status = key.status
            flags = key.flags
            isInbound = key.isInbound
            isGRPC = key.isGRPC
            grpcStatus = key.grpcStatus
            self.workload = workload
            self.principals = principals
        }
    }

    var service: Service
    var isInbound: Bool
    var endpointCount: Int
    var counters: Counters<ClusterCounter>
    var tcp: [ConnectionPrincipals: TCPTotals]
    var series: [Key: RequestSeries]

    mutating func merge(_ other: ClusterStatsSnapshot) {
        counters.merge(other.counters)
        tcp.merge(other.tcp) { first, second in
            var sum = first
            sum.merge(second)
            return sum
        }
        endpointCount = max(endpointCount, other.endpointCount)
        if service.host.isEmpty { service = other.service }
        series.merge(other.series) { first, second in
            var sum = first
            sum.merge(second)
            return sum
        }
    }
}

struct HTTPConnectionManagerStatsSnapshot: Sendable {
    var counters: Counters<HTTPConnectionManagerCounter>
    /// By `HTTP1Error`'s raw value; empty when there was none.
    var errors: [UInt64]

    mutating func merge(_ other: HTTPConnectionManagerStatsSnapshot) {
        counters.merge(other.counters)
        if errors.isEmpty {
            errors = other.errors
        } else {
            for (index, count) in other.errors.enumerated() { errors[index] &+= count }
        }
    }
}
