import Foundation
import NIOHTTP1
import Testing

@testable import TulleControl

@Suite("the watched directory")
struct DirectoryWatcherTests {
    @Test("what files say is in force, and goes with them") func follows() async throws {
        try await RunningControlPlane.with(watching: true, files: ["web.yaml": Samples.service("web")]) { plane in
            // Before the first request is answered: nothing is waited for here.
            #expect(try await plane.get("/api/v1/resources/Service/default/web").status == 200)
            try plane.write(Samples.service("web", port: 81) + "---\n" + Samples.service("more"), to: "web.yaml")
            try await plane.eventually("the second service is there") {
                try await plane.get("/api/v1/resources/Service/default/more").status == 200
            }
            try FileManager.default.removeItem(atPath: plane.watched + "/web.yaml")
            try await plane.eventually("all is gone") {
                try await plane.get("/api/v1/resources").decoded(ResourceList.self).items.isEmpty
            }
        }
    }

    @Test("a file with errors keeps its last good version and tells its errors") func lastGood() async throws {
        try await RunningControlPlane.with(watching: true, files: ["web.yaml": Samples.service("web")]) { plane in
            let wrong = Samples.service("web").replacingOccurrences(of: "port: 80,", with: "prot: 80,")
            try plane.write(wrong, to: "web.yaml")
            try plane.write(Samples.service("other"), to: "other.yaml")
            try await plane.eventually("the error is in the status") {
                try await plane.get("/api/v1/status").decoded(StatusView.self).watch?.files
                    .contains { $0.path.hasSuffix("/web.yaml") && !$0.errors.isEmpty } ?? false
            }
            let status = try await plane.get("/api/v1/status").decoded(StatusView.self)
            let file = try #require(status.watch?.files.first { $0.path.hasSuffix("/web.yaml") })
            #expect(file.resources == ["Service default/web"])
            #expect(file.errors.first?.line == 6)
            #expect(try await plane.get("/api/v1/resources/Service/default/web").status == 200)
            try await plane.eventually("the good file is in force") {
                try await plane.get("/api/v1/resources/Service/default/other").status == 200
            }
        }
    }

    @Test("neither the API changes what a file owns, nor a file what the API owns") func owners() async throws {
        try await RunningControlPlane.with(watching: true, files: ["web.yaml": Samples.service("web")]) { plane in
            let refused = try await plane.ask(.POST, "/api/v1/apply", Samples.service("web", port: 81))
            #expect(refused.status == 409)
            #expect(try refused.decoded(APIError.self).reason == .ownedElsewhere)
            #expect(try await plane.ask(.DELETE, "/api/v1/resources/Service/default/web").status == 409)
            #expect(try await plane.ask(.POST, "/api/v1/apply", Samples.service("mine")).status == 200)
            try plane.write(Samples.service("mine", port: 81), to: "mine.yaml")
            try await plane.eventually("the conflict is in the status") {
                let status = try await plane.get("/api/v1/status").decoded(StatusView.self)
                let file = status.watch?.files.first { $0.path.hasSuffix("/mine.yaml") }
                return file?.errors.first?.message.contains("belongs to the api") ?? false
            }
        }
    }

    @Test("a route and the services that it names may lie in different files") func crossReferences() async throws {
        let route = Samples.route("split", parent: "web", backends: [("web", 9), ("web2", 1)])
        try await RunningControlPlane.with(
            watching: true, files: ["a-route.yaml": route, "b.yaml": Samples.service("web")]
        ) { plane in
            #expect(try await plane.get("/api/v1/resources/HTTPRoute/default/split").status == 404)
            try plane.write(Samples.service("web2"), to: "c.yaml")
            try await plane.eventually("the route is in force") {
                try await plane.get("/api/v1/resources/HTTPRoute/default/split").status == 200
            }
        }
    }

    @Test("a directory that cannot be read takes nothing away") func vanished() async throws {
        try await RunningControlPlane.with(watching: true, files: ["web.yaml": Samples.service("web")]) { plane in
            try FileManager.default.moveItem(atPath: plane.watched, toPath: plane.watched + ".away")
            try await plane.eventually("the status says so") {
                try await plane.get("/api/v1/status").decoded(StatusView.self).watch?.errors.isEmpty == false
            }
            #expect(try await plane.get("/api/v1/resources/Service/default/web").status == 200)
        }
    }
}
