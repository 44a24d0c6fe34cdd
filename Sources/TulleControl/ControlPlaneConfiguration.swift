/// What a control plane needs to know at its start.
public struct ControlPlaneConfiguration: Sendable {
    /// The store's file; its folder is made when missing. One control plane at a time has it.
    public var storePath: String
    /// A directory of YAML and JSON files that are kept in force; nil for none.
    public var watchedDirectory: String?
    public var api: APIConfiguration
    /// An IP address, or `localhost`.
    public var xdsHost: String
    /// 0 takes a free port.
    public var xdsPort: Int
    public var identity: IdentityConfiguration
    /// How long a workload whose stream broke keeps its endpoints. Longer than a proxy takes to reconnect, shorter than
    /// people wait for a dead instance to go; proxies set aside by themselves what refuses them.
    public var grace: Duration
    /// What `GET /api/v1/status` says of this program.
    public var version: String

    public init(
        storePath: String, watchedDirectory: String? = nil, api: APIConfiguration = APIConfiguration(),
        xdsHost: String = "127.0.0.1", xdsPort: Int = 15010, identity: IdentityConfiguration,
        grace: Duration = .seconds(10), version: String = "dev"
    ) {
        self.storePath = storePath
        self.watchedDirectory = watchedDirectory
        self.api = api
        self.xdsHost = xdsHost
        self.xdsPort = xdsPort
        self.identity = identity
        self.grace = grace
        self.version = version
    }

    /// Throws for addresses that others can reach: neither the API nor xDS asks anybody who he is.
    func check() throws {
        try api.check()
        guard api.insecure || APIConfiguration.isLoopback(xdsHost) else {
            throw ControlPlaneError(
                "the xds server would listen on \(xdsHost), which others can reach, and it asks nobody who he is: "
                    + "use 127.0.0.1, or --insecure-api where the network itself is trusted")
        }
    }
}
