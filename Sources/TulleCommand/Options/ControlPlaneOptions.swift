import ArgumentParser

/// Where the control plane's REST API is.
struct ControlPlaneOptions: ParsableArguments {
    static let defaultAPI = "127.0.0.1:15080"

    @Option(
        name: .customLong("api"),
        help: ArgumentHelp(
            "The control plane's API (env TULLE_API, default \(defaultAPI)).", valueName: "host:port"))
    var flag: String?

    var api: String { Setting.text(flag, "TULLE_API", default: Self.defaultAPI) }

    func client() throws -> ControlPlaneClient { try ControlPlaneClient(api: api) }
}
