import TulleTelemetry

extension StatsReport {
    /// What RBAC filters decided, under the names and labels that Envoy gives it in Prometheus.
    func writeAdmissions(to writer: inout PrometheusWriter) {
        typealias Sample = (labels: [(name: String, value: String)], value: Int64)
        var families: [String: [Sample]] = [:]
        for (key, counters) in snapshot.admissions.sorted(by: { $0.key.name < $1.key.name }) {
            for counter in AdmissionCounter.allCases {
                let name = (key.isShadow ? "shadow_" : "") + counter.name
                let sample = (key.labels, counters[counter])
                families["\(key.metricPrefix)_\(name)", default: []].append(sample)
            }
        }
        for (family, samples) in families.sorted(by: { $0.key < $1.key }) {
            writer.family(family, .counter, help: "Decisions of RBAC filters.")
            for sample in samples { writer.sample(sample.labels, sample.value) }
        }
    }
}

extension AdmissionStats.Key {
    /// Envoy makes a label of the prefix of an HTTP filter, and leaves a network filter's in the name.
    fileprivate var metricPrefix: String {
        guard !isHTTP else { return "envoy_http_rbac" }
        let plain = String(prefix.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return plain.isEmpty ? "envoy_rbac" : "envoy_rbac_\(plain)"
    }

    fileprivate var labels: [(name: String, value: String)] {
        guard isHTTP else { return [("envoy_rbac_prefix", owner)] }
        let manager = (name: "envoy_http_conn_manager_prefix", value: owner)
        return prefix.isEmpty ? [manager] : [("envoy_rbac_http_prefix", prefix), manager]
    }
}
