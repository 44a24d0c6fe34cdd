/// One instance of one of the shop's services: what `tulle run` is told of it.
struct ShopInstance: Equatable, Sendable {
    /// Told apart from its siblings: `catalog-2`.
    var name: String
    var service: String
    /// Where the app listens; nil for the customers, whom nobody calls.
    var port: UInt16?
    var proto = "http"
    var version: String?
    var upstreams: [String] = []
    var command: [String]
    var environment: [String: String] = [:]

    var runArguments: [String] {
        var arguments = ["run", "--service", service]
        if let port { arguments += ["--port", "\(port):\(proto)"] }
        if let version { arguments += ["--label", "version=\(version)"] }
        for upstream in upstreams { arguments += ["--upstream", upstream] }
        return arguments + ["--"] + command
    }

    /// The whole shop but its customers, those first whom others call.
    static func shop(_ files: ShopFiles, takePort: () throws -> UInt16) rethrows -> [ShopInstance] {
        var instances: [ShopInstance] = []
        if let redis = files.redis {
            let port = try takePort()
            instances.append(
                ShopInstance(
                    name: "redis", service: "redis", port: port, proto: "tcp",
                    command: [redis, "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]))
        }
        let upstreams = files.redis == nil ? [] : ["redis:6379"]
        for number in 1...2 {
            instances.append(
                ShopInstance(
                    name: "catalog-\(number)", service: "catalog", port: try takePort(), upstreams: upstreams,
                    command: [files.python, "\(files.folder)/catalog/catalog.py"]))
        }
        for version in ["v1", "v2"] {
            instances.append(
                ShopInstance(
                    name: "reviews-\(version)", service: "reviews", port: try takePort(), version: version,
                    command: [files.python, "\(files.folder)/reviews/reviews.py"],
                    environment: ["SHOP_VERSION": version]))
        }
        instances.append(
            ShopInstance(name: "checkout", service: "checkout", port: try takePort(), command: [files.checkout]))
        instances.append(
            ShopInstance(
                name: "web", service: "web", port: try takePort(), command: [files.node, "\(files.folder)/web/web.js"]))
        return instances.map { instance in
            var instance = instance
            if let port = instance.port { instance.environment["PORT"] = String(port) }
            return instance
        }
    }

    /// The customers.
    static func load(_ files: ShopFiles, report: String, rps: Int) -> ShopInstance {
        ShopInstance(
            name: "load", service: "load", command: [files.python, "\(files.folder)/load/load.py"],
            environment: ["LOAD_REPORT": report, "LOAD_RPS": String(rps)])
    }
}
