import NIOHTTP1
import Testing
import TulleConfig
import TulleModel
import TulleXDS

@testable import TulleControl

@Suite struct RouteConflictsTests {
    private static let web = ServiceName("web", namespace: "default")
    private static let api = ServiceName("api", namespace: "default")
    private static let services = [web: [80, 81], api: [80]]

    private static func http(_ parents: [ParentReference], namespace: String = "default") -> HTTPRoute {
        HTTPRoute(metadata: ResourceMetadata(name: "h", namespace: namespace), parents: parents, rules: [])
    }

    private static func grpc(_ name: String, _ parents: [ParentReference]) -> Resource {
        .grpcRoute(GRPCRoute(metadata: ResourceMetadata(name: name, namespace: "default"), parents: parents, rules: []))
    }

    @Test("an HTTPRoute loses the ports that a GRPCRoute of its namespace names, and all of them or some")
    func lost() {
        let conflicts = RouteConflicts(
            [
                Self.grpc("b", [ParentReference(service: Self.web, port: 80)]),
                Self.grpc("a", [.init(service: Self.api)]),
            ],
            services: Self.services)
        let winner = ResourceKey(kind: .grpcRoute, namespace: "default", name: "b")
        let loss = RouteConflicts.Loss(service: Self.web, port: 80, winner: winner)
        let some = conflicts.conflict(of: Self.http([ParentReference(service: Self.web)]))
        #expect(some.lost == [loss] && !some.isWhole)
        let whole = conflicts.conflict(of: Self.http([ParentReference(service: Self.web, port: 80)]))
        #expect(whole.lost == [loss] && whole.isWhole)
        let none = conflicts.conflict(of: Self.http([ParentReference(service: Self.web, port: 81)]))
        #expect(none.lost.isEmpty && !none.isWhole)
        let both = conflicts.conflict(
            of: Self.http([ParentReference(service: Self.api), ParentReference(service: Self.web, port: 80)]))
        #expect(both.lost.map(\.winner.name) == ["a", "b"] && both.isWhole)
        let elsewhere = conflicts.conflict(of: Self.http([ParentReference(service: Self.api)], namespace: "shop"))
        #expect(elsewhere.lost.isEmpty)
    }

    @Test("the status of a route that lost says so, and the winner's does not")
    func status() async throws {
        try await RunningControlPlane.with { plane in
            func route(_ kind: String, port: Int) -> String {
                """
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: \(kind)
                metadata: {name: web}
                spec: {parentRefs: [{group: "", kind: Service, name: web, port: \(port)}], rules: [{backendRefs: [{name: web, port: 80}]}]}

                """
            }
            func accepted(_ kind: String) async throws -> [String?] {
                let json = try await plane.get("/api/v1/resources/\(kind)/default/web").decoded(JSON.self)
                let conditions = json["status"]?["conditions"]?.list ?? []
                return ["status", "reason", "message"].map { conditions.first?[$0]?.string }
                    + [conditions.last?["reason"]?.string]
            }
            let answer = try await plane.ask(
                .POST, "/api/v1/apply", Samples.service("web") + "\n" + route("HTTPRoute", port: 80))
            #expect(answer.status == 200)
            #expect(try await accepted("HTTPRoute") == ["True", "Accepted", "in force", "NotAskedFor"])
            _ = try await plane.ask(.POST, "/api/v1/apply", route("GRPCRoute", port: 80))
            #expect(
                try await accepted("httproutes") == [
                    "False", "Conflicted",
                    "port 80 of service default/web belongs to GRPCRoute default/web, for a GRPCRoute goes before an "
                        + "HTTPRoute", "Conflicted",
                ])
            #expect(try await accepted("grpcroutes") == ["True", "Accepted", "in force", "NotAskedFor"])
        }
    }
}
