import Foundation
import TulleControl

/// The traffic of each service as a table.
enum StatTable {
    static func text(_ view: StatsView, _ palette: Palette) -> String {
        var table = Table([
            ("SERVICE", .left), ("DIR", .left), ("SUCCESS", .right), ("RPS", .right), ("P50", .right), ("P95", .right),
            ("P99", .right), ("CONNS", .right), ("RECEIVED", .right), ("SENT", .right),
        ])
        for row in view.rows {
            let hasRequests = row.requests > 0
            table.rows.append([
                .init(row.namespace == "default" ? row.service : "\(row.service).\(row.namespace)"),
                .init(row.direction == .inbound ? "in" : "out"),
                row.successRate.map { .init(percent($0), ink($0)) } ?? "-",
                .init(hasRequests ? String(format: "%.1f", row.rps) : "-"),
                .init(latency(row.p50)), .init(latency(row.p95)), .init(latency(row.p99)),
                .init(row.tcp.map { String(Int($0.opened)) } ?? "-"),
                .init(row.tcp.map { bytes($0.receivedBytes) } ?? "-"),
                .init(row.tcp.map { bytes($0.sentBytes) } ?? "-"),
            ])
        }
        var text = table.text(palette)
        if view.rows.isEmpty { text += palette.paint("no traffic yet", .faint) + "\n" }
        for silent in view.unreachable {
            text +=
                palette.paint("unreachable: \(MeshTables.shortName(silent.workload)): \(silent.reason)", .yellow) + "\n"
        }
        return text
    }

    /// 100% only when nothing failed: 99.996 must not be rounded up to it.
    static func percent(_ rate: Double) -> String {
        rate >= 1 ? "100%" : String(format: "%.2f%%", min(rate * 100, 99.99))
    }

    private static func ink(_ rate: Double) -> Palette.Ink {
        rate >= 1 ? .green : rate >= 0.99 ? .yellow : .red
    }

    static func latency(_ milliseconds: Double?) -> String {
        guard let milliseconds else { return "-" }
        return switch milliseconds {
        case ..<10: String(format: "%.1fms", milliseconds)
        case ..<1000: String(format: "%.0fms", milliseconds)
        default: String(format: "%.1fs", milliseconds / 1000)
        }
    }

    static func bytes(_ count: Double) -> String {
        switch count {
        case ..<1000: String(format: "%.0fB", count)
        case ..<1e6: String(format: "%.1fkB", count / 1e3)
        case ..<1e9: String(format: "%.1fMB", count / 1e6)
        default: String(format: "%.1fGB", count / 1e9)
        }
    }
}
