import Foundation
import NIOHTTP1
import Testing
import TulleModel

@testable import TulleControl

@Suite("the API's resources")
struct ResourceAPITests {
    @Test("an apply creates, configures and leaves alone, and says which") func applies() async throws {
        try await RunningControlPlane.with { plane in
            let both = Samples.service("web") + "---\n" + Samples.service("web2")
            let first = try await plane.ask(.POST, "/api/v1/apply", both)
            #expect(first.status == 200)
            #expect(try first.decoded(ApplyResult.self).items.map(\.outcome) == [.created, .created])
            let second = try await plane.ask(
                .POST, "/api/v1/apply", Samples.service("web", port: 81) + "---\n" + Samples.service("web2"))
            let result = try second.decoded(ApplyResult.self)
            #expect(result.items.map(\.outcome) == [.configured, .unchanged])
            let list = try await plane.get("/api/v1/resources/svc").decoded(ResourceList.self)
            #expect(list.items.count == 2)
            #expect(list.resourceVersion == result.resourceVersion)
        }
    }

    @Test("an apply with one wrong resource changes nothing and names the place") func allOrNothing() async throws {
        try await RunningControlPlane.with { plane in
            let text = Samples.service("web") + "---\n" + Samples.route("r", parent: "web", backends: [("wbe", 1)])
            let answer = try await plane.ask(.POST, "/api/v1/apply?file=shop.yaml", text)
            #expect(answer.status == 422)
            let error = try answer.decoded(APIError.self)
            #expect(error.reason == .invalid)
            let detail = try #require(error.details.first)
            #expect(detail.file == "shop.yaml")
            #expect(detail.line == 13)
            #expect(detail.path == "spec.rules[0].backendRefs[0].name")
            #expect(detail.message.contains(#"did you mean "web"?"#))
            #expect(try await plane.get("/api/v1/resources").decoded(ResourceList.self).items.isEmpty)
        }
    }

    @Test("a dry run checks everything and changes nothing") func dryRun() async throws {
        try await RunningControlPlane.with { plane in
            let answer = try await plane.ask(.POST, "/api/v1/apply?dryRun=true", Samples.service("web"))
            let result = try answer.decoded(ApplyResult.self)
            #expect(result.dryRun)
            #expect(result.items.map(\.outcome) == [.created])
            #expect(try await plane.get("/api/v1/resources/Service/default/web").status == 404)
        }
    }

    @Test("a change is refused when another came first") func optimisticConcurrency() async throws {
        try await RunningControlPlane.with { plane in
            let path = "/api/v1/resources/Service/default/web"
            let created = try await plane.ask(.PUT, path, Samples.service("web"))
            #expect(created.status == 201)
            let etag = try #require(created.headers.first(name: "etag"))
            let second = try await plane.ask(
                .PUT, path, Samples.service("web", port: 81), headers: [("if-match", etag)])
            #expect(second.status == 200)
            let third = try await plane.ask(
                .PUT, path, Samples.service("web", port: 82), headers: [("if-match", etag)])
            #expect(third.status == 409)
            #expect(try third.decoded(APIError.self).reason == .conflict)
            // The version within the document says the same.
            let stale = Samples.service("web", port: 83).replacingOccurrences(
                of: "{name: web}", with: "{name: web, resourceVersion: \"1\"}")
            #expect(try await plane.ask(.POST, "/api/v1/apply", stale).status == 409)
            #expect(try await plane.ask(.POST, "/api/v1/resources", Samples.service("web")).status == 409)
            #expect(try await plane.ask(.DELETE, path, headers: [("if-match", etag)]).status == 409)
            #expect(try await plane.ask(.DELETE, path, headers: [("if-match", "*")]).status == 200)
            #expect(try await plane.ask(.DELETE, path).status == 404)
        }
    }

    @Test("a resource is shown with its version, owner and status") func shown() async throws {
        try await RunningControlPlane.with { plane in
            _ = try await plane.ask(.POST, "/api/v1/apply", Samples.service("web"))
            let answer = try await plane.get("/api/v1/resources/service/default/web")
            #expect(answer.status == 200)
            let json = try answer.decoded(JSON.self)
            #expect(json["kind"]?.string == "Service")
            #expect(json["metadata"]?["resourceVersion"]?.string == "1")
            #expect(json["metadata"]?["generation"]?.number == 1)
            #expect(json["metadata"]?["annotations"]?["tulle.dev/source"]?.string == "api")
            #expect(json["spec"]?["ports"]?.list?.first?["port"]?.number == 80)
            let conditions = json["status"]?["conditions"]?.list ?? []
            #expect(conditions.compactMap { $0["type"]?.string } == ["Accepted", "ResolvedRefs", "Programmed"])
            #expect(conditions.last?["reason"]?.string == "NotAskedFor")
            // What is shown may be applied again, and is what is there.
            let again = try await plane.ask(.POST, "/api/v1/apply", answer.body, type: "application/json")
            #expect(try again.decoded(ApplyResult.self).items.map(\.outcome) == [.unchanged])
        }
    }

    @Test(
        "wrong requests are told what is wrong, never 500",
        arguments: [
            ("GET", "/api/v1/nothing", "", "", 404),
            ("GET", "/api/v1/resources/HTTPRout", "", "", 404),
            ("PATCH", "/api/v1/resources", "", "", 405),
            ("POST", "/api/v1/apply", "{", "application/json", 422),
            ("POST", "/api/v1/apply", "", "application/yaml", 400),
            ("POST", "/api/v1/apply", "a: 1", "application/yaml", 422),
            ("POST", "/api/v1/apply", "a: 1", "text/plain", 415),
            ("POST", "/api/v1/apply?dryRun=perhaps", "a: 1", "application/yaml", 400),
            ("POST", "/api/v1/apply", "kind: Secret\napiVersion: v1\nmetadata: {name: x}", "application/yaml", 422),
            ("PUT", "/api/v1/resources/Service/default/other", Samples.service("web"), "application/yaml", 400),
            ("GET", "/api/v1/watch?resourceVersion=x", "", "", 400),
            ("GET", "/api/v1/stats?window=-1", "", "", 400),
            ("DELETE", "/api/v1/workloads/none", "", "", 404),
            ("GET", "/api/v1/resources/Service/default/No%20Name", "", "", 400),
            ("GET", "/api/v1/resources?namespace=No%20Name", "", "", 400),
        ]) func wrong(_ method: String, _ path: String, _ body: String, _ type: String, _ status: Int) async throws
    {
        try await RunningControlPlane.with { plane in
            let answer = try await plane.ask(
                HTTPMethod(rawValue: method), path, type.isEmpty ? nil : body, type: type)
            #expect(answer.status == status)
            let error = try answer.decoded(APIError.self)
            #expect(error.code == status)
            #expect(!error.message.isEmpty)
        }
    }

    @Test("a body over the limit is refused") func bounded() async throws {
        try await RunningControlPlane.with { plane in
            let big = "# " + String(repeating: "x", count: 9 << 20)
            let answer = try await plane.ask(.POST, "/api/v1/apply", big)
            #expect(answer.status == 413)
        }
    }

    @Test("a foreign host name in Host is refused") func rebinding() async throws {
        try await RunningControlPlane.with { plane in
            let answer = try await plane.ask(.GET, "/healthz", headers: [("host", "attacker.example")])
            #expect(answer.status == 403)
        }
    }

    @Test("an address that others can reach is refused unless asked for") func loopbackOnly() throws {
        #expect(throws: ControlPlaneError.self) { try APIConfiguration(host: "0.0.0.0").check() }
        #expect(throws: ControlPlaneError.self) { try APIConfiguration(host: "127.evil.example").check() }
        try APIConfiguration(host: "0.0.0.0", insecure: true).check()
        try APIConfiguration(host: "::1").check()
    }

    @Test("a watch tells each change after a revision, or all that is there first") func watch() async throws {
        try await RunningControlPlane.with { plane in
            _ = try await plane.ask(.POST, "/api/v1/apply", Samples.service("web"))
            async let watched = plane.get("/api/v1/watch?kind=Service&resourceVersion=0&timeoutSeconds=2")
            _ = try await plane.ask(.POST, "/api/v1/apply", Samples.service("web", port: 81))
            _ = try await plane.ask(.DELETE, "/api/v1/resources/Service/default/web")
            let lines = try await watched.body.split(separator: "\n")
            let events = try lines.map { try APIJSON.decoder().decode(WatchEvent.self, from: Data($0.utf8)) }
            #expect(events.map(\.type) == [.added, .modified, .deleted])
            #expect(events.map(\.resourceVersion) == ["1", "2", "3"])
            let all = try await plane.get("/api/v1/watch?timeoutSeconds=0")
            #expect(all.body.contains("BOOKMARK"))
        }
    }
}
