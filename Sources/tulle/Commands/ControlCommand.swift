import ArgumentParser
import Foundation
import Logging
import TulleCommand
import TulleControl
import UnixSignals

/// `tulle control`: the control plane.
struct ControlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control",
        abstract: "Run the control plane.",
        discussion: """
            It keeps resources in SQLite, learns of workloads from their sidecars, serves both as xDS, and signs \
            workloads' certificates. It may be killed and restarted at any time: no request fails for it.
            """)

    @Option(
        name: [.customLong("watch"), .customLong("dir")],
        help: ArgumentHelp(
            "Keep the resources of this directory's YAML files in force (env TULLE_WATCH, default: none).",
            valueName: "directory"))
    var watch: String?

    @Option(
        help: ArgumentHelp(
            "Where the store is (env TULLE_DATA, default $XDG_STATE_HOME/tulle or ~/.local/state/tulle).",
            valueName: "directory"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The store's file, in place of --data's mesh.db (env TULLE_DB).", valueName: "file"))
    var db: String?

    @Option(
        help: ArgumentHelp("Where the API listens (env TULLE_API, default 127.0.0.1:15080).", valueName: "host:port"))
    var api: String?

    @Option(help: ArgumentHelp("Where xDS listens (env TULLE_XDS, default 127.0.0.1:15010).", valueName: "host:port"))
    var xds: String?

    @OptionGroup(title: "Identity")
    var identity: IdentityOptions

    @Option(
        help: ArgumentHelp(
            "How long a workload whose stream broke is kept (env TULLE_GRACE_PERIOD, default 10s).", valueName: "span"))
    var gracePeriod: String?

    @Flag(
        help: """
            Allow addresses that other machines reach, where the network itself is trusted: nobody is asked who he is \
            (env TULLE_INSECURE_API).
            """)
    var insecureApi = false

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical (env TULLE_LOG_LEVEL, default info).",
            valueName: "level"))
    var logLevel: String?

    func run() async throws {
        let settings = try ControlSettings(
            watch: watch, data: data, db: db, api: api, xds: xds, gracePeriod: gracePeriod, insecure: insecureApi,
            logLevel: logLevel)
        guard let level = Logger.Level(rawValue: settings.logLevel) else {
            let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--log-level \"\(settings.logLevel)\": one of \(known) would be right")
        }
        var logger = Logger(label: "tulle-control", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = level
        let configuration = ControlPlaneConfiguration(
            storePath: settings.storePath, watchedDirectory: settings.watchedDirectory,
            api: APIConfiguration(host: settings.apiHost, port: settings.apiPort, insecure: settings.insecure),
            xdsHost: settings.xdsHost, xdsPort: settings.xdsPort, identity: try identity.configuration(),
            grace: settings.gracePeriod,
            version: settings.version)
        do {
            try await ControlPlane(configuration, logger: logger).run(until: [.sigterm, .sigint])
        } catch {
            throw settings.failure(error)
        }
    }
}
