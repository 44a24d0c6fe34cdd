import Foundation
import TulleControl
import TulleModel

/// The tables of what the control plane knows.
enum MeshTables {
    static func workloads(_ workloads: [WorkloadView]) -> Table {
        var table = Table([
            "NAMESPACE", "SERVICE", "WORKLOAD", "VERSION", "ADDRESS", "PORTS", "PID", "IDENTITY", "STATE",
        ])
        for workload in workloads {
            let ports = workload.ports.map { "\($0.app)\($0.protocol.isEmpty ? "" : "/\($0.protocol)")" }
            table.rows.append([
                .init(workload.namespace), .init(workload.service.isEmpty ? "-" : workload.service),
                .init(shortName(workload.id)), .init(workload.version.isEmpty ? "-" : workload.version),
                .init(workload.address), .init(ports.isEmpty ? "-" : ports.joined(separator: ",")),
                .init(String(workload.pid)),
                identity(workload.identity),
                .init(workload.state.rawValue, workload.state == .connected ? .green : .yellow),
            ])
        }
        return table
    }

    private static func identity(_ identity: String?) -> Table.Cell {
        identity.map { .init($0) } ?? .init("none: plain text", .yellow)
    }

    static func endpoints(_ services: [ServiceView]) -> Table {
        var table = Table(["NAMESPACE", "SERVICE", "PORT", "ENDPOINT", "VERSION", "HEALTH", "WORKLOAD"])
        for service in services {
            for endpoint in service.endpoints {
                table.rows.append([
                    .init(service.namespace), .init(service.name), .init(String(endpoint.port)),
                    .init("\(endpoint.address):\(endpoint.endpointPort)"),
                    .init(endpoint.version.isEmpty ? "-" : endpoint.version),
                    .init(endpoint.health.rawValue, endpoint.health == .healthy ? .green : .yellow),
                    .init(endpoint.workload.map(shortName) ?? "-"),
                ])
            }
            if service.endpoints.isEmpty {
                let ports = service.ports.map { String($0.port) }.joined(separator: ",")
                table.rows.append([
                    .init(service.namespace), .init(service.name), .init(ports), .init("none", .yellow),
                ])
            }
        }
        return table
    }

    static func proxies(_ proxies: [ProxyView], of workloads: [WorkloadView]) -> Table {
        var table = Table(["PROXY", "AGENT", "IDENTITY", "PROTOCOL", "ACCEPTED", "PENDING", "REFUSED"])
        let identities = Dictionary(workloads.map { ($0.id, $0.identity) }, uniquingKeysWith: { first, _ in first })
        for proxy in proxies {
            let count = { (answer: ProxyView.Answer) in proxy.resources.count { $0.answer == answer } }
            let refused = count(.refused)
            table.rows.append([
                .init(shortName(proxy.id)), .init(proxy.userAgent.isEmpty ? "-" : proxy.userAgent),
                identity(identities[proxy.id] ?? nil),
                .init((proxy.flavour == "delta" ? "delta" : "sotw") + (proxy.onDemand ? ", on demand" : "")),
                .init(String(count(.accepted))), .init(String(count(.pending))),
                .init(String(refused), refused > 0 ? .red : nil),
            ])
        }
        return table
    }

    static func resources(_ resources: [JSON], now: Date) -> Table {
        var table = Table(["NAMESPACE", "KIND", "NAME", "AGE", "SOURCE", "STATUS"])
        for resource in resources {
            let metadata = resource["metadata"]
            let made = metadata?["creationTimestamp"]?.string.flatMap { try? Date($0, strategy: .iso8601) }
            let fault = fault(resource)
            table.rows.append([
                .init(metadata?["namespace"]?.string ?? "default"), .init(resource["kind"]?.string ?? "-"),
                .init(metadata?["name"]?.string ?? "-"), .init(made.map { age(now.timeIntervalSince($0)) } ?? "-"),
                .init(metadata?["annotations"]?["tulle.dev/source"]?.string ?? "-"),
                fault.map { .init($0, .red) } ?? .init("accepted", .green),
            ])
        }
        return table
    }

    /// What is wrong with a resource by its status; nil when nothing is.
    static func fault(_ resource: JSON) -> String? {
        let conditions = resource["status"]?["conditions"]?.list ?? []
        guard let wrong = conditions.first(where: { $0["status"]?.string == "False" }) else { return nil }
        let message = wrong["message"]?.string ?? ""
        return "\(wrong["type"]?.string ?? "status"): \(message.isEmpty ? wrong["reason"]?.string ?? "no" : message)"
    }

    /// The speaking part of a node id: `web-abc.default` of `sidecar~127.0.0.1~web-abc.default~default.mesh`.
    static func shortName(_ node: String) -> String {
        let parts = node.split(separator: "~")
        return parts.count == 4 ? String(parts[2]) : node
    }

    /// A span in its largest unit: 5s, 12m, 3h, 9d.
    static func age(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: "\(max(0, Int(seconds)))s"
        case ..<7200: "\(Int(seconds / 60))m"
        case ..<172_800: "\(Int(seconds / 3600))h"
        default: "\(Int(seconds / 86_400))d"
        }
    }
}
