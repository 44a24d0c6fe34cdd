import Foundation
import TulleControl
import TulleModel

/// What of the control plane and the mesh is not well.
enum MeshCheck {
    /// More than this, and time limits, logs and (later) certificates of two machines disagree.
    static let clockTolerance = 5.0

    static func findings(_ client: ControlPlaneClient, xds: HostPort) async throws -> [Finding] {
        let status = try await client.status()
        var findings = [Finding.ok("control plane", "tulle \(status.version) at \(client.base)")]
        if status.version != VersionCommand.version {
            findings.append(
                .warning(
                    "control plane", "it is version \(status.version), this program \(VersionCommand.version)",
                    mend: "restart it with this version's `tulle control`; restarts fail no request"))
        }
        if !status.ready {
            findings.append(
                .warning(
                    "control plane", "it is not ready yet", mend: "curl \(client.base)/readyz says what is missing"))
        }
        if let error = status.store.error {
            findings.append(
                .problem(
                    "control plane", "its store: \(error)", mend: "free space or mend rights at \(status.store.path)"))
        }
        findings += await clock(client)
        findings.append(await reach(xds))
        findings += configuration(status, try await client.resources(kind: nil, namespace: nil))
        findings += mesh(
            try await client.services(), try await client.workloads(), try await client.proxies(),
            try await client.stats(window: 1))
        return findings
    }

    private static func reach(_ xds: HostPort) async -> Finding {
        let said = await Reachability.describe(xds)
        guard said.hasPrefix("it accepts") else {
            return .problem(
                "control plane", "its xDS port \(xds) cannot be reached: \(said)",
                mend: "name the right one with TULLE_XDS, or start `tulle control --xds \(xds)`")
        }
        return .ok("control plane", "xDS at \(xds)")
    }

    private static func clock(_ client: ControlPlaneClient) async -> [Finding] {
        guard let answer = try? await HTTPExchange.send("GET", "\(client.base)/healthz"), let text = answer.date,
            let offset = clockOffset(text, now: Date())
        else { return [] }
        guard abs(offset) > clockTolerance else { return [.ok("control plane", "clocks agree")] }
        return [
            .warning(
                "control plane", "its clock and this machine's are \(Int(abs(offset))) s apart",
                mend: "run an NTP client (chrony, systemd-timesyncd) on both")
        ]
    }

    /// Seconds by which an HTTP date (RFC 9110 §5.6.7) is ahead of `now`.
    static func clockOffset(_ text: String, now: Date) -> Double? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text)?.timeIntervalSince(now)
    }

    static func configuration(_ status: StatusView, _ resources: [JSON]) -> [Finding] {
        let area = "configuration"
        var findings: [Finding] = []
        for error in (status.watch?.errors ?? []) + (status.watch?.files.flatMap(\.errors) ?? []) {
            let place = [error.file, error.line.map(String.init)].compactMap { $0 }.joined(separator: ":")
            let path = error.path.map { $0.isEmpty ? "" : "\($0): " } ?? ""
            findings.append(
                .problem(
                    area, "\(place): \(path)\(error.message)",
                    mend: "mend the file; until then its last good state holds"))
        }
        for resource in resources {
            guard let fault = MeshTables.fault(resource) else { continue }
            let name = resource["metadata"]?["name"]?.string ?? "?"
            findings.append(
                .problem(
                    area, "\(resource["kind"]?.string ?? "resource") \(name): \(fault)",
                    mend: "change it and `tulle apply` it; `tulle status` shows when it is taken"))
        }
        for refusal in status.refusals {
            findings.append(
                .problem(
                    area,
                    "\(MeshTables.shortName(refusal.proxy)) refused \(refusal.type) \(refusal.name): \(refusal.reason)",
                    mend: refusal.resources.isEmpty
                        ? "look at that proxy's log" : "change \(refusal.resources.joined(separator: ", "))"))
        }
        if findings.isEmpty { findings.append(.ok(area, "\(resources.count) resources, all accepted")) }
        return findings
    }

    static func mesh(
        _ services: [ServiceView], _ workloads: [WorkloadView], _ proxies: [ProxyView], _ stats: StatsView
    ) -> [Finding] {
        let area = "mesh"
        var findings: [Finding] = []
        // Of an instance that is starting, its own line says more.
        for service in services
        where !service.endpoints.contains(where: { $0.health == .healthy || $0.health == .starting }) {
            let routes = service.routes.isEmpty ? "" : ", and \(service.routes.joined(separator: ", ")) names it"
            findings.append(
                .warning(
                    area, "service \(service.name).\(service.namespace) has no endpoint\(routes)",
                    mend: "start one: tulle run --service \(service.name) --port PORT -- COMMAND; or mend its selector")
            )
        }
        for workload in workloads where workload.state == .starting {
            let ports = workload.ports.map { String($0.app) }.joined(separator: ", ")
            findings.append(
                .warning(
                    area, "workload \(MeshTables.shortName(workload.id)) does not listen on port \(ports) yet",
                    mend: "see why its app does not listen on 127.0.0.1 there, or give `tulle run` the port that it has"
                ))
        }
        for workload in workloads where workload.state == .lost {
            findings.append(
                .warning(
                    area, "workload \(MeshTables.shortName(workload.id)) has lost its control plane",
                    mend: "see whether its machine is up and reaches the xDS port; it is forgotten after a while"))
        }
        for proxy in proxies {
            let pending = proxy.resources.count { $0.answer == .pending }
            if pending > 0 {
                findings.append(
                    .warning(
                        area, "\(MeshTables.shortName(proxy.id)) has not answered for \(pending) resources yet",
                        mend: "look again in a moment; if it stays, look at that proxy's log"))
            }
        }
        for silent in stats.unreachable {
            findings.append(
                .warning(
                    area, "the sidecar of \(MeshTables.shortName(silent.workload)) does not answer: \(silent.reason)",
                    mend: "see whether it runs; `tulle run` restarts one that died"))
        }
        if findings.isEmpty {
            findings.append(
                .ok(area, "\(services.count) services, \(workloads.count) workloads, \(proxies.count) proxies in sync"))
        }
        return findings
    }
}
