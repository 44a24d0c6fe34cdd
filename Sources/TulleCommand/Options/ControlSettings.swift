import Foundation
import TulleIdentity

/// What `tulle control` was told, by flags or by the environment, checked.
public struct ControlSettings: Sendable {
    public var storePath: String
    public var watchedDirectory: String?
    public var apiHost: String
    public var apiPort: Int
    public var xdsHost: String
    public var xdsPort: Int
    public var gracePeriod: Duration
    public var insecure: Bool
    public var logLevel: String
    /// This program's.
    public var version: String { VersionCommand.version }

    /// - Parameters: the flags as they were given; nil for those that were not.
    public init(
        watch: String?, data: String?, db: String?, api: String?, xds: String?, gracePeriod: String?, insecure: Bool,
        logLevel: String?
    ) throws {
        try self.init(
            watch: watch, data: data, db: db, api: api, xds: xds, gracePeriod: gracePeriod, insecure: insecure,
            logLevel: logLevel, in: Setting.environment)
    }

    init(
        watch: String?, data: String?, db: String?, api: String?, xds: String?, gracePeriod: String?, insecure: Bool,
        logLevel: String?, in environment: [String: String]
    ) throws {
        let home = Setting.text(nil, "HOME", default: "/tmp", in: environment)
        let state = Setting.text(nil, "XDG_STATE_HOME", default: "\(home)/.local/state", in: environment)
        let folder = Setting.text(data, "TULLE_DATA", default: "\(state)/tulle", in: environment)
        storePath = Setting.text(db, "TULLE_DB", default: "\(folder)/mesh.db", in: environment)
        watchedDirectory = Setting.optional(watch, "TULLE_WATCH", in: environment)
        let api = try HostPort(
            Setting.text(api, "TULLE_API", default: ControlPlaneOptions.defaultAPI, in: environment), flag: "--api")
        let xds = try HostPort(
            Setting.text(xds, "TULLE_XDS", default: RunCommand.defaultXDS, in: environment), flag: "--xds")
        (apiHost, apiPort) = (api.host, Int(api.port))
        (xdsHost, xdsPort) = (xds.host, Int(xds.port))
        self.gracePeriod = try Setting.span(
            gracePeriod, "TULLE_GRACE_PERIOD", default: .seconds(10), in: environment)
        self.insecure = try Setting.flag(insecure, "TULLE_INSECURE_API", in: environment)
        self.logLevel = Setting.text(logLevel, "TULLE_LOG_LEVEL", default: "info", in: environment)
    }

    /// What kept the control plane from starting, as the CLI tells it.
    public func failure(_ error: any Error) -> any Error {
        // Which says by itself what to do.
        if error is AuthorityError { return Failure(.failed, "the control plane does not start: \(error)") }
        return Failure(
            .failed, "the control plane ended: \(error)",
            next: "see who listens on \(apiHost):\(apiPort) and \(xdsHost):\(xdsPort) (ss -tlnp), "
                + "and that \(storePath) can be written")
    }
}
