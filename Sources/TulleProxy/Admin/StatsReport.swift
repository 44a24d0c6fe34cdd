import TulleModel
import TulleTelemetry

/// The statistics of all workers as they are shown: by Envoy's names, and as Istio's and Tulle's metrics.
struct StatsReport: Sendable {
    var snapshot: StatsSnapshot
    var identity: AdminIdentity
    var state: ServerState
    /// Resident memory of the process.
    var memoryBytes: Int64
    var uptime: Duration
    var activeListeners: Int
    var activeClusters: Int

    /// One value by Envoy's full name.
    struct Stat: Sendable {
        var name: String
        var value: Int64
    }

    // MARK: Envoy's names

    /// All values, sorted by name.
    var stats: [Stat] {
        var stats = server.map { Stat(name: "server.\($0.name)", value: $0.value) }
        stats.append(Stat(name: "cluster_manager.active_clusters", value: Int64(activeClusters)))
        stats.append(Stat(name: "listener_manager.total_listeners_active", value: Int64(activeListeners)))
        for (name, cluster) in snapshot.clusters {
            for counter in ClusterCounter.allCases {
                stats.append(Stat(name: "cluster.\(name).\(counter.name)", value: cluster.counters[counter]))
            }
            stats.append(Stat(name: "cluster.\(name).membership_total", value: Int64(cluster.endpointCount)))
            for (status, count) in statuses(of: cluster) {
                stats.append(Stat(name: "cluster.\(name).upstream_rq_\(status)", value: Int64(clamping: count)))
            }
        }
        for (name, counters) in snapshot.listeners {
            for counter in ListenerCounter.allCases {
                stats.append(Stat(name: "listener.\(name).\(counter.name)", value: counters[counter]))
            }
        }
        for (name, manager) in snapshot.managers {
            for counter in HTTPConnectionManagerCounter.allCases {
                stats.append(Stat(name: "http.\(name).\(counter.name)", value: manager.counters[counter]))
            }
        }
        for (key, counters) in snapshot.admissions {
            for counter in AdmissionCounter.allCases {
                stats.append(Stat(name: key.name + counter.name, value: counters[counter]))
            }
        }
        return stats.sorted { $0.name < $1.name }
    }

    private var server: [Stat] {
        let states: [ServerState] = [.live, .draining, .preInitializing, .initializing]
        return [
            Stat(name: "concurrency", value: Int64(identity.concurrency)),
            Stat(name: "live", value: state == .live ? 1 : 0),
            Stat(name: "memory_physical_size", value: memoryBytes),
            Stat(name: "state", value: Int64(states.firstIndex(of: state) ?? 0)),
            Stat(name: "uptime", value: uptime.components.seconds),
        ]
    }

    private func statuses(of cluster: ClusterStatsSnapshot) -> [Int32: UInt64] {
        var counts: [Int32: UInt64] = [:]
        for (key, series) in cluster.series where key.status >= 100 { counts[key.status, default: 0] += series.count }
        return counts
    }

    // MARK: Prometheus

    /// All values as Prometheus metrics.
    func prometheus() -> PrometheusWriter {
        var writer = PrometheusWriter()
        writeRequests(to: &writer)
        writeMessages(to: &writer)
        writeTCP(to: &writer)
        writeDurations(to: &writer)
        writeEnvoy(to: &writer)
        return writer
    }

    private struct LabelledSeries {
        var labels: IstioMetrics.Labels
        var series: RequestSeries
    }

    /// Every series with its labels, in a steady order.
    private var requests: [LabelledSeries] {
        snapshot.clusters.sorted { $0.key < $1.key }.flatMap { name, cluster in
            cluster.series.map { key, series in
                var labels = self.labels(
                    of: cluster, named: name, isInbound: key.isInbound, workload: key.workload, key.principals)
                labels.responseCode = "\(key.status)"
                if key.isGRPC {
                    labels.requestProtocol = "grpc"
                    labels.grpcStatus = key.grpcStatus < 0 ? "" : "\(key.grpcStatus)"
                }
                var flags: [UInt8] = []
                if ResponseFlags(rawValue: key.flags).append(to: &flags) {
                    labels.responseFlags = String(decoding: flags, as: UTF8.self)
                }
                return LabelledSeries(labels: labels, series: series)
            }
            .sorted {
                ($0.labels.responseCode, $0.labels.grpcStatus, $0.labels.responseFlags, $0.labels.source.principal)
                    < (
                        $1.labels.responseCode, $1.labels.grpcStatus, $1.labels.responseFlags,
                        $1.labels.source.principal
                    )
            }
        }
    }

    private func labels(
        of cluster: ClusterStatsSnapshot, named name: String, isInbound: Bool, workload: WorkloadName,
        _ principals: ConnectionPrincipals
    ) -> IstioMetrics.Labels {
        var labels = IstioMetrics.Labels(reporter: isInbound ? .destination : .source)
        if isInbound {
            labels.destination = ownWorkload
            labels.isMutual = !principals.peer.isEmpty
            if labels.isMutual {
                labels.source.principal = principals.peer
                labels.destination.principal = principals.own.isEmpty ? IstioMetrics.unknown : principals.own
            }
        } else {
            labels.source = ownWorkload
            labels.destination = Self.workload(workload)
        }
        if !cluster.service.host.isEmpty {
            labels.destinationService = cluster.service.host
            labels.destinationServiceName = cluster.service.name
            labels.destinationServiceNamespace = cluster.service.namespace
        } else {
            // As Istio does for what is not in its registry.
            labels.destinationServiceName = name
        }
        return labels
    }

    /// This proxy's own workload, from its node metadata.
    private var ownWorkload: IstioMetrics.Labels.Workload {
        let metadata = identity.node.metadata
        var workload = IstioMetrics.Labels.Workload()
        func text(_ value: Value?) -> String? { value?.string.flatMap { $0.isEmpty ? nil : $0 } }
        let labels = metadata["LABELS"] ?? metadata["TULLE"]?["labels"]
        workload.name = text(metadata["WORKLOAD_NAME"]) ?? text(metadata["TULLE"]?["service"]) ?? workload.name
        workload.namespace =
            text(metadata["NAMESPACE"]) ?? text(metadata["TULLE"]?["namespace"]) ?? workload.namespace
        workload.app = text(labels?["app"]) ?? workload.app
        workload.version = text(labels?["version"]) ?? workload.version
        workload.canonicalService =
            text(labels?["service.istio.io/canonical-name"]) ?? text(labels?["app.kubernetes.io/name"])
            ?? text(labels?["app"]) ?? workload.name
        workload.canonicalRevision =
            text(labels?["service.istio.io/canonical-revision"]) ?? text(labels?["app.kubernetes.io/version"])
            ?? text(labels?["version"]) ?? workload.canonicalRevision
        workload.cluster = text(metadata["CLUSTER_ID"]) ?? workload.cluster
        return workload
    }

    private static func workload(_ name: WorkloadName) -> IstioMetrics.Labels.Workload {
        var workload = IstioMetrics.Labels.Workload()
        if !name.name.isEmpty { workload.name = name.name }
        if !name.namespace.isEmpty { workload.namespace = name.namespace }
        if !name.canonicalService.isEmpty {
            workload.canonicalService = name.canonicalService
            workload.app = name.canonicalService
        }
        if !name.canonicalRevision.isEmpty {
            workload.canonicalRevision = name.canonicalRevision
            workload.version = name.canonicalRevision
        }
        if !name.cluster.isEmpty { workload.cluster = name.cluster }
        return workload
    }

    private func writeRequests(to writer: inout PrometheusWriter) {
        let requests = requests
        guard !requests.isEmpty else { return }
        writer.family(IstioMetrics.requests, .counter, help: "Requests, by their labels.")
        for entry in requests { writer.sample(entry.labels.pairs, entry.series.count) }
        writer.family(IstioMetrics.requestDuration, .histogram, help: "How long requests took, in milliseconds.")
        for entry in requests {
            writer.histogram(
                entry.labels.pairs, bounds: IstioMetrics.bounds, counts: DurationBuckets.coarse(entry.series.durations),
                sum: Double(entry.series.durationNanoseconds) / 1_000_000)
        }
        writer.family(IstioMetrics.requestBytes, .histogram, help: "Sizes of request bodies.")
        for entry in requests {
            writer.histogram(
                entry.labels.pairs, bounds: IstioMetrics.bounds, counts: entry.series.requestSizes,
                sum: Double(entry.series.requestBytes))
        }
        writer.family(IstioMetrics.responseBytes, .histogram, help: "Sizes of response bodies.")
        for entry in requests {
            writer.histogram(
                entry.labels.pairs, bounds: IstioMetrics.bounds, counts: entry.series.responseSizes,
                sum: Double(entry.series.responseBytes))
        }
    }

    private func writeMessages(to writer: inout PrometheusWriter) {
        let calls = requests.filter { $0.labels.requestProtocol == "grpc" }
        guard !calls.isEmpty else { return }
        writer.family(IstioMetrics.requestMessages, .counter, help: "Messages of gRPC in requests.")
        for entry in calls { writer.sample(entry.labels.pairs, entry.series.requestMessages) }
        writer.family(IstioMetrics.responseMessages, .counter, help: "Messages of gRPC in responses.")
        for entry in calls { writer.sample(entry.labels.pairs, entry.series.responseMessages) }
    }

    private func writeTCP(to writer: inout PrometheusWriter) {
        let relayed = snapshot.clusters.sorted { $0.key < $1.key }.flatMap { name, cluster in
            cluster.tcp.sorted { $0.key.peer < $1.key.peer }.map { (name, cluster, $0.key, $0.value) }
        }
        guard !relayed.isEmpty else { return }
        let families: [(name: String, help: String, value: (TCPTotals) -> UInt64)] = [
            (IstioMetrics.tcpConnectionsOpened, "TCP connections opened.", { $0.opened }),
            (IstioMetrics.tcpConnectionsClosed, "TCP connections closed.", { $0.closed }),
            (IstioMetrics.tcpSentBytes, "Bytes sent in answer over TCP connections.", { $0.sent }),
            (IstioMetrics.tcpReceivedBytes, "Bytes received in requests over TCP connections.", { $0.received }),
        ]
        for family in families {
            writer.family(family.name, .counter, help: family.help)
            for (name, cluster, principals, totals) in relayed {
                var labels = labels(
                    of: cluster, named: name, isInbound: cluster.isInbound, workload: .unknown, principals)
                labels.requestProtocol = "tcp"
                writer.sample(labels.pairs, family.value(totals))
            }
        }
    }

    /// Durations in finer buckets and by fewer labels than Istio's, for quantiles.
    private func writeDurations(to writer: inout PrometheusWriter) {
        var sums: [(pairs: [(name: String, value: String)], key: String, series: RequestSeries)] = []
        var places: [String: Int] = [:]
        for entry in requests {
            let labels = entry.labels
            let pairs: [(name: String, value: String)] = [
                ("reporter", labels.reporter.rawValue), ("source_workload", labels.source.name),
                ("source_workload_namespace", labels.source.namespace),
                ("destination_workload", labels.destination.name),
                ("destination_workload_namespace", labels.destination.namespace),
                ("destination_version", labels.destination.version),
                ("destination_service", labels.destinationService),
                ("destination_service_name", labels.destinationServiceName),
                ("destination_service_namespace", labels.destinationServiceNamespace),
            ]
            let key = pairs.map(\.value).joined(separator: "\u{0}")
            if let place = places[key] {
                sums[place].series.merge(entry.series)
            } else {
                places[key] = sums.count
                sums.append((pairs, key, entry.series))
            }
        }
        guard !sums.isEmpty else { return }
        writer.family(
            "tulle_request_duration_milliseconds", .histogram, help: "How long requests took, in finer buckets.")
        for sum in sums {
            writer.histogram(
                sum.pairs, bounds: DurationBuckets.milliseconds, counts: sum.series.durations,
                sum: Double(sum.series.durationNanoseconds) / 1_000_000)
        }
    }

    // MARK: Envoy's metrics

    private func writeEnvoy(to writer: inout PrometheusWriter) {
        for stat in server {
            writer.family("envoy_server_\(stat.name)", .gauge, help: "Envoy's server.\(stat.name).")
            writer.sample([], stat.value)
        }
        writer.family("tulle_build_info", .gauge, help: "The version of this proxy.")
        writer.sample([("version", identity.version)], 1 as UInt64)
        writeSets(
            "envoy_cluster", label: "envoy_cluster_name", ClusterCounter.self,
            snapshot.clusters.mapValues(\.counters), to: &writer)
        writeSets(
            "envoy_listener", label: "envoy_listener_address", ListenerCounter.self, snapshot.listeners, to: &writer)
        writeSets(
            "envoy_http", label: "envoy_http_conn_manager_prefix", HTTPConnectionManagerCounter.self,
            snapshot.managers.mapValues(\.counters), to: &writer)
        writeAdmissions(to: &writer)
        let faulty = snapshot.managers.filter { $0.value.errors.contains { $0 > 0 } }.sorted { $0.key < $1.key }
        guard !faulty.isEmpty else { return }
        writer.family(
            "tulle_protocol_errors_total", .counter, help: "Downstream HTTP/1.1 that was refused, by its fault.")
        for (name, manager) in faulty {
            for error in HTTP1Error.allCases where manager.errors[Int(error.rawValue)] > 0 {
                writer.sample(
                    [("envoy_http_conn_manager_prefix", name), ("error", ModelDump.snakeCase("\(error)"))],
                    manager.errors[Int(error.rawValue)])
            }
        }
    }

    private func writeSets<Name: CounterName>(
        _ prefix: String, label: String, _ names: Name.Type, _ sets: [String: Counters<Name>],
        to writer: inout PrometheusWriter
    ) {
        guard !sets.isEmpty else { return }
        let sorted = sets.sorted { $0.key < $1.key }
        var classes: [(family: String, digit: String, name: Name)] = []
        for name in Name.allCases {
            // Envoy makes a label of the class in `upstream_rq_2xx`.
            if name.name.hasSuffix("xx") {
                classes.append((String(name.name.dropLast(3)) + "xx", String(name.name.suffix(3).prefix(1)), name))
                continue
            }
            // A dot has no place in a name of Prometheus.
            let metric = "\(prefix)_\(name.name.replacing(".", with: "_"))"
            writer.family(metric, name.isGauge ? .gauge : .counter, help: "Envoy's \(name.name).")
            for (key, set) in sorted { writer.sample([(label, key)], set[name]) }
        }
        guard let first = classes.first else { return }
        writer.family("\(prefix)_\(first.family)", .counter, help: "Envoy's \(first.family).")
        for (key, set) in sorted {
            for entry in classes {
                writer.sample([("envoy_response_code_class", entry.digit), (label, key)], set[entry.name])
            }
        }
    }
}
