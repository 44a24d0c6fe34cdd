import TulleModel

/// What the RBAC filters of one place have decided, on one worker. Touched on the worker's loop alone.
final class AdmissionStats {
    /// Whose counters they are: filters of the same place and prefix share them, as in Envoy.
    struct Key: Hashable, Sendable {
        /// The connection manager's stat prefix, or the network filter's own.
        var owner: String
        var isHTTP: Bool
        var prefix: String
        var isShadow: Bool

        /// Envoy's name up to the counter's.
        var name: String {
            (isHTTP ? "http.\(owner)" : owner) + ".rbac." + (prefix.isEmpty ? "" : "\(prefix).")
                + (isShadow ? "shadow_" : "")
        }
    }

    private(set) var counters = Counters<AdmissionCounter>()

    func count(_ decision: Admission) { counters.add(decision == .allowed ? .allowed : .denied) }

    func reset() { counters.reset() }
}

enum AdmissionCounter: Int, CounterName {
    case allowed, denied

    var name: String {
        switch self {
        case .allowed: "allowed"
        case .denied: "denied"
        }
    }

    var isGauge: Bool { false }
}
