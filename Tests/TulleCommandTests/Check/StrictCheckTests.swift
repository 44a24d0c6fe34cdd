import Testing
import TulleControl

@testable import TulleCommand

/// Whom `tulle check --strict-ready` names.
struct StrictCheckTests {
    private func workload(_ service: String, identity: String?, ports: [WorkloadView.Port] = []) -> WorkloadView {
        WorkloadView(
            id: "sidecar~127.0.0.1~\(service)-abc.default~default.mesh", service: service, namespace: "default",
            account: service, identity: identity, name: service, version: "", labels: [:], address: "127.0.0.1",
            ports: ports, admin: "", pid: 1, run: "abc", locality: "", state: .connected)
    }

    private func row(_ direction: StatsView.Direction, plaintext: Double) -> StatsView.Row {
        StatsView.Row(
            namespace: "default", service: "web", direction: direction, reporters: 1, requests: 10,
            plaintext: plaintext,
            successRate: 1, rps: 1, p50: nil, p95: nil, p99: nil, tcp: nil)
    }

    @Test("a mesh where all have certificates and nobody came without is ready")
    func ready() {
        let findings = StrictCheck.findings(
            [workload("web", identity: "spiffe://td/ns/default/sa/web")],
            StatsView(window: 0, rows: [row(.inbound, plaintext: 0), row(.outbound, plaintext: 3)], unreachable: []),
            recent: StatsView(window: 9, rows: [], unreachable: []))
        #expect(findings.map(\.level) == [.ok] && findings[0].text.hasSuffix("since the sidecars started"))
    }

    @Test("who has no certificate, what came in plain text, and who could not be asked are told")
    func cutOff() {
        let port = WorkloadView.Port(name: "http", app: 80, inbound: 20_001, protocol: "http")
        let findings = StrictCheck.findings(
            [workload("old", identity: nil, ports: [port]), workload("me", identity: nil)],
            StatsView(
                window: 0, rows: [row(.inbound, plaintext: 7)],
                unreachable: [.init(workload: "sidecar~127.0.0.1~gone-abc.default~default.mesh", reason: "refused")]),
            recent: StatsView(window: 600, rows: [row(.inbound, plaintext: 2)], unreachable: []))
        #expect(findings.map(\.level) == [.problem, .problem, .problem, .warning])
        #expect(findings[0].text.hasSuffix("and nobody could call it") && findings[1].text.hasSuffix("strict workload"))
        #expect(
            findings[2].text
                == "web.default was called in plain text 7 times since its sidecars started, 2 of them in the last 10m")
        #expect(findings.allSatisfy { !$0.mend.isEmpty })
    }
}
