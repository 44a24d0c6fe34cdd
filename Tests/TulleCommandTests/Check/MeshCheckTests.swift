import Foundation
import Testing
import TulleControl

@testable import TulleCommand

/// What `tulle check` finds in a mesh.
struct MeshCheckTests {
    private let calm = StatsView(window: 1, rows: [], unreachable: [])

    @Test("a mesh in sync is well")
    func well() {
        let findings = MeshCheck.mesh([], [], [], calm)
        #expect(findings.map(\.level) == [.ok])
    }

    @Test("a service without endpoints and a proxy that does not answer are told, with what to do")
    func unwell() {
        let service = ServiceView(
            name: "web", namespace: "default", implicit: false, ports: [], endpoints: [],
            routes: ["HTTPRoute default/web"])
        let proxy = ProxyView(
            id: "p", workload: nil, userAgent: "envoy", flavour: "delta", onDemand: false, peer: "",
            resources: [.init(type: "CDS", name: "c", version: "1", answer: .pending, error: nil)])
        let findings = MeshCheck.mesh([service], [], [proxy], calm)
        #expect(findings.map(\.level) == [.warning, .warning])
        #expect(findings.allSatisfy { !$0.mend.isEmpty })
        #expect(findings[0].text.contains("HTTPRoute default/web"))
    }

    @Test("an app that does not listen is told with its port, and not a second time as a service without endpoints")
    func starting() {
        let workload = WorkloadView(
            id: "sidecar~127.0.0.1~web-abc.default~default.mesh", service: "web", namespace: "default",
            account: "default", name: "web", version: "", labels: [:], address: "127.0.0.1",
            ports: [.init(name: "http", app: 8080, inbound: 20001, protocol: "http")], admin: "", pid: 1, run: "abc",
            locality: "", state: .starting)
        let service = ServiceView(
            name: "web", namespace: "default", implicit: true, ports: [],
            endpoints: [
                .init(
                    port: 8080, address: "127.0.0.1", endpointPort: 20001, health: .starting, workload: workload.id,
                    version: "")
            ], routes: [])
        let findings = MeshCheck.mesh([service], [workload], [], calm)
        #expect(findings.map(\.text) == ["workload web-abc.default does not listen on port 8080 yet"])
    }

    @Test("clocks are compared by the HTTP date")
    func clock() throws {
        let now = Date(timeIntervalSince1970: 784_111_777)
        #expect(MeshCheck.clockOffset("Sun, 06 Nov 1994 08:49:47 GMT", now: now) == 10)
        #expect(MeshCheck.clockOffset("yesterday", now: now) == nil)
    }
}
