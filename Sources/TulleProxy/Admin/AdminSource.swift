import Logging
import TulleModel

/// What the admin endpoints ask of the proxy. The proxy implements it; the admin server calls it from its own tasks, never
/// on a worker's loop.
protocol AdminSource: Sendable {
    /// Who this proxy is; fixed for its life.
    var identity: AdminIdentity { get }

    /// Where the proxy stands between its start and its end.
    func state() async -> ServerState

    /// The statistics of all workers, copied on their loops and added up.
    func statistics() async -> StatsSnapshot

    /// Sets all counters to zero, as Envoy does; what is active now stays.
    func resetCounters() async

    /// The listeners that are bound, with the addresses that the kernel gave.
    func listeners() async -> [AdminListener]

    /// The clusters of the current snapshot with their endpoints.
    func clusters() async -> [AdminCluster]

    /// All that the proxy runs on.
    func configuration() async -> AdminConfiguration

    /// Stops accepting. With `gracefully`, connections are also asked to close as they finish.
    func drainListeners(gracefully: Bool, inboundOnly: Bool) async

    /// Starts the proxy's orderly end. Returns at once.
    func quit() async

    var logLevel: Logger.Level { get async }
    func setLogLevel(_ level: Logger.Level) async
}

/// Envoy's server states (`envoy.admin.v3.ServerInfo.State`).
enum ServerState: String, Sendable {
    case live = "LIVE"
    case draining = "DRAINING"
    /// Waits for its first configuration.
    case preInitializing = "PRE_INITIALIZING"
    case initializing = "INITIALIZING"
}

/// Who a proxy is, for `/server_info` and metric labels.
struct AdminIdentity: Sendable {
    var version: String
    var node: Node
    var concurrency: Int
    /// As given on the command line, by name without dashes (`config_path`), for `/server_info`.
    var commandLineOptions: [String: Value]
    /// When the process began, on the monotonic clock.
    var started: ContinuousClock.Instant
    var drainTime: Duration

    init(
        version: String, node: Node, concurrency: Int = 1, commandLineOptions: [String: Value] = [:],
        started: ContinuousClock.Instant = .now, drainTime: Duration = .seconds(600)
    ) {
        self.version = version
        self.node = node
        self.concurrency = concurrency
        self.commandLineOptions = commandLineOptions
        self.started = started
        self.drainTime = drainTime
    }
}

/// A bound listener.
struct AdminListener: Sendable {
    var name: String
    var address: ConfiguredAddress
}

/// A cluster and how its endpoints do.
struct AdminCluster: Sendable {
    var cluster: Cluster
    /// Whether it came from ADS.
    var isDynamic: Bool
    var endpoints: [AdminEndpoint]
}

/// An endpoint and what the workers think of it.
struct AdminEndpoint: Sendable {
    var endpoint: Endpoint
    var locality: Locality
    var priority: Int
    /// Whether any worker has set it aside because it refused.
    var isSetAside: Bool
}

/// The current configuration, for `/config_dump`.
struct AdminConfiguration: Sendable {
    /// One resource with where it came from.
    struct Entry<Resource: Sendable>: Sendable {
        var name: String
        var resource: Resource
        /// From the bootstrap, not from ADS.
        var isStatic: Bool
        /// The version that the control plane gave it.
        var version: String
        /// Why its last update was refused, where it was.
        var rejection: String?

        init(
            name: String, resource: Resource, isStatic: Bool, version: String = "", rejection: String? = nil
        ) {
            self.name = name
            self.resource = resource
            self.isStatic = isStatic
            self.version = version
            self.rejection = rejection
        }
    }

    var bootstrap: Bootstrap
    var listeners: [Entry<Listener>] = []
    var clusters: [Entry<Cluster>] = []
    var routes: [Entry<RouteConfiguration>] = []
    var endpoints: [Entry<LoadAssignment>] = []

    init(bootstrap: Bootstrap) {
        self.bootstrap = bootstrap
    }
}
