import Testing
import TulleModel

@testable import TulleControl

/// What `tulle authz why` says; that it agrees with the proxies, `Tests/EndToEnd/test_authorization.py` shows.
@Suite struct AccessExplainerTests {
    private func verdict(
        _ policies: String, from principal: String = "spiffe://cluster.local/ns/shop/sa/front", method: String = "GET",
        path: String = "/", address: String? = nil, headers: [String: String] = [:]
    ) throws -> AccessVerdict {
        let resources = try CompileFixture(resources: policies).world.resources
        let web = Workload(
            id: "web-1", service: "web", namespace: "shop", labels: ["app": "web"],
            ports: [.init(name: "http", app: 80, inbound: 20_001, protocolName: "http")], hasIdentity: true)
        return AccessExplainer(world: World(resources: resources, workloads: [web])).explain(
            .init(principal: principal, address: address, method: method, host: "web", path: path, headers: headers),
            to: web, web.ports[0])
    }

    private func policy(_ name: String, _ spec: String, kind: String = "AuthorizationPolicy") -> String {
        "---\napiVersion: tulle.dev/v1alpha1\nkind: \(kind)\nmetadata: {name: \(name), namespace: shop}\nspec: \(spec)\n"
    }

    @Test func `without a policy all are let in`() throws {
        let verdict = try verdict("")
        #expect(verdict.allowed && verdict.policies.isEmpty && verdict.reason.contains("no ALLOW policy"))
    }

    @Test func `what decides is named, and of the others what did not fit`() throws {
        let policies =
            policy(
                "readers", "{rules: [{to: [{operation: {methods: [HEAD]}}]}, {from: [{source: {namespaces: [shop]}}]}]}"
            )
            + policy(
                "no-admin",
                "{action: DENY, rules: [{to: [{operation: {paths: [/admin*]}}], when: [{key: 'request.headers[x-a]', values: [b]}]}]}"
            )
        let allowed = try verdict(policies)
        #expect(allowed.allowed && allowed.reason == "shop/readers allows it, rule 1")
        #expect(allowed.policies.map(\.matched) == [nil, "rule 1"])
        #expect(allowed.policies[0].misses == ["rule 0: to and when"])
        let denied = try verdict(policies, path: "/admin/x", headers: ["x-a": "b"])
        #expect(!denied.allowed && denied.reason == "shop/no-admin denies it, rule 0")
        let stranger = try verdict(policies, from: "")
        #expect(!stranger.allowed && stranger.reason == "none of its 1 ALLOW policies matches")
        #expect(stranger.policies[1].misses == ["rule 0: to", "rule 1: from"])
    }

    @Test func `a dry run is told and decides nothing`() throws {
        let verdict = try verdict(policy("tried", "{action: DENY, dryRun: true, rules: [{}]}"))
        #expect(verdict.allowed && verdict.policies.map(\.matched) == ["rule 0"] && verdict.policies[0].dryRun)
    }

    @Test func `a strict mesh comes before all policies`() throws {
        let strict = policy("strict", "{mtls: {mode: STRICT}}", kind: "MeshPolicy")
        #expect(try verdict(strict).allowed)
        let verdict = try verdict(strict, from: "")
        #expect(!verdict.allowed && verdict.reason.contains("STRICT"))
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.200.3.4", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3/32", "10.1.2.3", true),
        ("192.168.128.0/17", "192.168.200.1", true), ("192.168.128.0/17", "192.168.100.1", false),
        ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
        ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "::1", false), ("10.0.0.0/8", "nonsense", false),
    ])
    func `addresses are compared by their bits`(prefix: String, address: String, expected: Bool) throws {
        let parts = prefix.split(separator: "/")
        let wanted = AddressPrefix(address: String(parts[0]), length: Int(parts[1]) ?? 0)
        #expect(ConditionEvaluator.contains(wanted, address) == expected)
    }
}
