import ArgumentParser
import TulleConfig
import TulleModel
import TulleXDS

/// The sidecar's command line: Envoy's everyday flags, so that it can be put where Envoy stood.
@main
struct TulleProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tulle-proxy",
        abstract: "Tulle's data plane. Takes an Envoy v3 bootstrap, in YAML or JSON.",
        discussion: """
            Exit codes: 0 after an orderly end, 1 when the configuration is refused or a listener cannot be opened, \
            64 for a wrong command line.

            SIGTERM and SIGINT drain and end; a second one ends at once. SIGUSR1 opens the access logs anew.
            """,
        version: ProxyVersion.text)

    @Option(name: [.customShort("c"), .long], help: "The bootstrap file.")
    var configPath: String?

    @Option(help: "Bootstrap YAML on the command line; merged over the file's.")
    var configYaml: String?

    @Option(help: "Event loops. 0 is one for each core.")
    var concurrency: Int = 0

    @Option(help: "serve, or validate: read the configuration, say what is wrong, and end.")
    var mode: Mode = .serve

    @Option(name: [.customShort("l"), .long], help: "trace, debug, info, warning, error, critical or off.")
    var logLevel: LogLevel = .info

    @Option(help: "The log file; standard error when not given.")
    var logPath: String?

    @Option(help: "Wins over node.id of the bootstrap.")
    var serviceNode: String?

    @Option(help: "Wins over node.cluster of the bootstrap.")
    var serviceCluster: String?

    @Option(help: "How long connections may go on after SIGTERM, in seconds.")
    var drainTimeS: Int = 15

    @Flag(help: "Unknown fields of the bootstrap are warned of, not refused.")
    var allowUnknownStaticFields = false

    @Flag(help: "Unknown fields of dynamic resources refuse the resource, instead of being counted.")
    var rejectUnknownDynamicFields = false

    @Option(help: "Where the last good dynamic configuration is kept, to start from when the control plane is away.")
    var cacheDir: String?

    @Option(help: "A file that gets the admin's address once it is open.")
    var adminAddressPath: String?

    @Option(help: "Seconds after which a service that nobody calls is given up (on-demand discovery).")
    var unusedTimeS: Int = 600

    @OptionGroup(title: "Identity") var identity: IdentityFlags

    // Taken and without effect: hot restart is Envoy's way to replace a running process; Tulle has none to disable.
    @Option(help: .hidden) var baseId: Int?
    @Flag(help: .hidden) var useDynamicBaseId = false
    @Flag(help: .hidden) var disableHotRestart = false
    @Option(help: .hidden) var restartEpoch: Int?
    @Option(help: .hidden) var parentShutdownTimeS: Int?
    @Option(help: .hidden) var drainStrategy: String?
    @Option(help: .hidden) var componentLogLevel: String?
    @Option(help: .hidden) var logFormat: String?

    enum Mode: String, ExpressibleByArgument, CaseIterable { case serve, validate }

    func validate() throws {
        guard configPath != nil || configYaml != nil else {
            throw ValidationError("give a bootstrap: -c FILE or --config-yaml TEXT")
        }
        guard (0...256).contains(concurrency) else {
            throw ValidationError("--concurrency \(concurrency): 0 to 256")
        }
        guard drainTimeS >= 0 else { throw ValidationError("--drain-time-s \(drainTimeS): 0 or more") }
        try identity.validate()
        guard unusedTimeS > 0 else { throw ValidationError("--unused-time-s \(unusedTimeS): 1 or more") }
    }

    func run() async throws {
        let loaded = try load()
        if mode == .validate {
            Output.line("configuration '\(configPath ?? "--config-yaml")' OK")
            return
        }
        try await ProxyProcess(command: self, loaded: loaded).run()
    }

    /// The flags by name, for `/server_info`.
    var asValues: [String: Value] {
        var values: [String: Value] = [
            "concurrency": .number(Double(concurrency)), "mode": .string(mode == .serve ? "Serve" : "Validate"),
            "log_level": .string(logLevel.rawValue), "drain_time": .string("\(drainTimeS)s"),
        ]
        values["config_path"] = configPath.map { .string($0) }
        values["config_yaml"] = configYaml.map { .string($0) }
        values["service_node"] = serviceNode.map { .string($0) }
        values["service_cluster"] = serviceCluster.map { .string($0) }
        return values
    }

    /// Reads the bootstrap; what is wrong with it goes to standard error, and the process ends.
    private func load() throws -> BootstrapFile.Loaded {
        var sources: [BootstrapFile.Source] = []
        if let configPath {
            do {
                sources.append(BootstrapFile.Source(name: configPath, text: try FileText.read(configPath)))
            } catch {
                Output.error("\(error)")
                throw ExitCode(1)
            }
        }
        if let configYaml { sources.append(BootstrapFile.Source(name: "--config-yaml", text: configYaml)) }
        var options = BootstrapFile.Options()
        options.allowsUnknownFields = allowUnknownStaticFields
        options.serviceNode = serviceNode
        options.serviceCluster = serviceCluster
        options.ownSecrets = identity.secretNames
        do {
            let loaded = try BootstrapFile.load(sources, options: options)
            for warning in loaded.warnings { Output.error("warning: \(warning)") }
            return loaded
        } catch {
            for problem in error.errors { Output.error("\(problem)") }
            throw ExitCode(1)
        }
    }
}
