import Foundation
import TulleControl
import TulleModel

/// The shop in a mesh of its own: a control plane in a temporary folder, the services each under its own `tulle run`,
/// and the customers.
struct Demo: Sendable {
    let files: ShopFiles
    let folder: String
    let api: HostPort
    let xds: HostPort
    let client: ControlPlaneClient
    let processes: DemoProcesses
    let instances: [ShopInstance]
    /// The service that has a real Envoy for its sidecar, and that Envoy.
    let envoy: (service: String, path: String)?
    let rps: Int
    let console: Console

    var loadReport: String { "\(folder)/load.json" }
    func mesh(_ name: String) -> String { "\(files.folder)/mesh/\(name).yaml" }

    init(envoyService: String?, rps: Int, claim: PortClaim, console: Console) throws {
        files = try ShopFiles.find()
        instances = try ShopInstance.shop(files) { try claim.take(on: "127.0.0.1") }
        if let envoyService {
            guard instances.contains(where: { $0.service == envoyService }) else {
                let known = Set(instances.map(\.service)).sorted().joined(separator: ", ")
                throw Failure(.usage, "--envoy \"\(envoyService)\": one of \(known) would be right")
            }
            envoy = (envoyService, try files.envoy())
        } else {
            envoy = nil
        }
        self.rps = rps
        self.console = console
        var template = Array("/tmp/tulle-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(.failed, "cannot make a folder in /tmp") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        // The usual ports where they are free, so that the commands of another terminal need no flags.
        api = HostPort(host: "127.0.0.1", port: try Self.port(15_080, claim))
        xds = HostPort(host: "127.0.0.1", port: try Self.port(15_010, claim))
        let signing = HostPort(host: "127.0.0.1", port: try Self.port(15_012, claim))
        client = try ControlPlaneClient(api: api.description)
        var environment = ProcessInfo.processInfo.environment
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"] { environment[name] = nil }
        environment["TULLE_API"] = api.description
        environment["TULLE_XDS"] = xds.description
        environment["TULLE_SIGNING"] = signing.description
        processes = DemoProcesses(folder: folder, environment: environment) { console.remark($0) }
    }

    private static func port(_ usual: UInt16, _ claim: PortClaim) throws -> UInt16 {
        PortClaim.isFree(usual, on: "127.0.0.1") ? usual : try claim.take(on: "127.0.0.1")
    }

    /// Starts everything and returns when the shop's page is served.
    func start() async throws {
        try await processes.startControl([
            "control", "--db", "\(folder)/mesh.db", "--api", api.description, "--xds", xds.description,
        ])
        try await wait(.seconds(20), "the control plane is not ready: see \(folder)/control.log") {
            guard await processes.controlIsRunning else {
                throw Failure(.failed, "the control plane did not start: see \(folder)/control.log")
            }
            let answer = try? await HTTPExchange.send("GET", "http://\(api)/readyz", timeout: .seconds(1))
            return answer?.status == 200
        }
        try await apply(["services", "reviews-mostly-v1"])
        for instance in instances { try await processes.start(instance, proxy: proxy(for: instance)) }
        let web = instances.first { $0.service == "web" }?.port ?? 0
        let began = "the shop's page is not served: see the logs in \(folder)"
        try await wait(.seconds(60), began) {
            try await processes.checkRuns()
            let answer = try? await HTTPExchange.send(
                "GET", "http://127.0.0.1:\(web)/items/1.json", timeout: .seconds(5))
            return answer?.status == 200
        }
        // Both catalogs and both reviews, or the first figures would be of half a shop.
        try await wait(.seconds(30), "not every instance joined the mesh: `tulle get workloads` and \(folder)") {
            let workloads = try? await client.workloads()
            return (workloads?.count { !$0.ports.isEmpty } ?? 0) >= instances.count
        }
        try await processes.start(ShopInstance.load(files, report: loadReport, rps: rps), proxy: nil)
        try await wait(.seconds(20), "the customers get no page: see \(folder)/load.log") {
            LoadReport.read(loadReport).requests > 0
        }
    }

    private func proxy(for instance: ShopInstance) -> String? {
        envoy.flatMap { $0.service == instance.service ? $0.path : nil }
    }

    /// Applies files of the shop's mesh folder.
    func apply(_ names: [String]) async throws {
        do {
            _ = try await client.apply(ResourceFiles(names.map(mesh)).stream, dryRun: false)
        } catch let error as APIError {
            throw Failure(error)
        }
    }

    /// How often the page says that it was looked at; nil when it does not say.
    func views() async throws -> Double? {
        let port = instances.first { $0.service == "web" }?.port ?? 0
        let page = try await HTTPExchange.send("GET", "http://127.0.0.1:\(port)/items/1.json")
        return try Document(json: page.body)["item", "views"]?.number
    }

    /// Asks until the answer is yes; after `span` throws a failure that says what was waited for.
    func wait(_ span: Duration, _ failure: String, _ isDone: () async throws -> Bool) async throws {
        let clock = ContinuousClock()
        let end = clock.now + span
        while try await !isDone() {
            guard clock.now < end else { throw Failure(.failed, failure) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// What to look at, and where.
    func guide() async -> String {
        // As it was called: the reader has just typed it.
        let own = CommandLine.arguments[0]
        let tulle =
            (api.port == 15_080 ? "" : "TULLE_API=\(api) ") + (xds.port == 15_010 ? "" : "TULLE_XDS=\(xds) ") + own
        let web = (try? await client.workloads())?.first { $0.service == "web" }?.ports.first?.inbound ?? 0
        let victim = await processes.app(of: "catalog-2")
        let lines = [
            ("curl http://127.0.0.1:\(web)/", "the page: Node asks Python and Swift, through the mesh"),
            ("\(tulle) run --service me -- curl -s http://web/", "a program of yours in the mesh, by name"),
            ("\(tulle) apply \(Self.shown(mesh("reviews-all-v2")))", "all reviews from v2: stars on the page, at once"),
            (victim.map { "kill -9 \($0)" } ?? "(catalog-2 is coming back)", "kill a catalog: no page fails"),
            ("\(tulle) status", "what each proxy accepted"),
        ]
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { command, meaning in
            "  " + console.output.paint(command.padding(toLength: width, withPad: " ", startingAt: 0), .bold)
                + "  " + meaning
        }.joined(separator: "\n")
    }

    /// A path as short as it can be typed from here.
    private static func shown(_ path: String) -> String {
        let here = FileManager.default.currentDirectoryPath + "/"
        return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
    }
}
