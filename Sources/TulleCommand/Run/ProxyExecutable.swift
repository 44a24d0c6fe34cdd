import Foundation

/// The sidecar's program: `TULLE_PROXY`, else `tulle-proxy` beside this executable, else on the PATH.
struct ProxyExecutable: Sendable {
    var path: String

    static func find(
        _ environment: [String: String] = ProcessInfo.processInfo.environment, beside own: String = Self.own
    ) throws -> ProxyExecutable {
        if let given = environment["TULLE_PROXY"], !given.isEmpty { return ProxyExecutable(path: given) }
        let beside = (own as NSString).deletingLastPathComponent + "/tulle-proxy"
        if FileManager.default.isExecutableFile(atPath: beside) { return ProxyExecutable(path: beside) }
        for folder in (environment["PATH"] ?? "").split(separator: ":") {
            let path = "\(folder)/tulle-proxy"
            if FileManager.default.isExecutableFile(atPath: path) { return ProxyExecutable(path: path) }
        }
        throw Failure(
            .failed, "there is no tulle-proxy beside \(own) and none on the PATH",
            next: "build it with scripts/build, or name it with TULLE_PROXY")
    }

    /// Whether a program can be started: by its path, or by its name from the PATH.
    static func isRunnable(
        _ program: String, _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Bool {
        if program.contains("/") { return FileManager.default.isExecutableFile(atPath: program) }
        return (environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
        }
    }

    /// Where this very program stands.
    static var own: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    /// Envoy may stand in for tulle-proxy: it takes the same flags and files.
    var isEnvoy: Bool { (path as NSString).lastPathComponent.hasPrefix("envoy") }

    /// Envoy wants one flag more, or a second one on a machine would try to take over from the first (hot restart).
    /// - Parameter cache: where tulle-proxy keeps what it knows of the mesh, for when it is restarted while the control
    ///   plane is away.
    func arguments(
        bootstrap: String, cache: String, concurrency: Int, logLevel: String, drain: Duration, identity: [String] = []
    ) -> [String] {
        var arguments = [
            "-c", bootstrap, "--concurrency", String(concurrency), "-l", logLevel,
            "--drain-time-s", String(max(1, drain.components.seconds)),
        ]
        arguments += isEnvoy ? ["--use-dynamic-base-id"] : ["--cache-dir", cache] + identity
        return arguments
    }
}
