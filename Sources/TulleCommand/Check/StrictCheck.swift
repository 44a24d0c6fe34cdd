import TulleControl
import TulleModel

/// Whom a strict mesh would cut off (`tulle check --strict-ready`).
enum StrictCheck {
    private static let area = "strict mode"

    /// - Parameters:
    ///   - stats: all since the sidecars started, so that who calls once a day is seen too.
    ///   - recent: the last of it, which tells whether what was seen has been mended.
    static func findings(_ workloads: [WorkloadView], _ stats: StatsView, recent: StatsView) -> [Finding] {
        var findings: [Finding] = []
        for workload in workloads where workload.identity == nil {
            let ports = workload.ports.isEmpty ? "" : ", and nobody could call it"
            findings.append(
                .problem(
                    area,
                    "\(MeshTables.shortName(workload.id)) has no certificate: it could call no strict workload\(ports)",
                    mend: "start it on the control plane's machine, or with --join-token-file (`tulle token create`)"))
        }
        for row in stats.rows where row.direction == .inbound && row.plaintext > 0 {
            findings.append(
                .problem(
                    area,
                    "\(row.service).\(row.namespace) was called in plain text \(Int(row.plaintext)) times since its sidecars "
                        + "started, \(count(row, in: recent)) of them in the last \(MeshTables.age(recent.window))",
                    mend:
                        "bring its callers into the mesh: `tulle run` their commands; those above, and programs outside"
                ))
        }
        for silent in stats.unreachable {
            findings.append(
                .warning(
                    area, "the sidecar of \(MeshTables.shortName(silent.workload)) cannot be asked: \(silent.reason)",
                    mend: "look again when it answers"))
        }
        if findings.isEmpty {
            findings.append(.ok(area, "nobody would be cut off: no plain text since the sidecars started"))
        }
        return findings
    }

    private static func count(_ row: StatsView.Row, in recent: StatsView) -> Int {
        let same = recent.rows.first {
            $0.service == row.service && $0.namespace == row.namespace && $0.direction == row.direction
        }
        return Int(same?.plaintext ?? 0)
    }
}
