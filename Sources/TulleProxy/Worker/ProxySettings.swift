/// What the same proxy does the same way on every worker.
struct ProxySettings: Sendable {
    /// The name that `proxy-status` and `via` give to this proxy.
    var name = "tulle"
    /// How long a request waits for a resource that has to be asked for first.
    var demandTimeout: Duration = .seconds(5)
    /// Bytes of a request body that are kept so that it can be sent again. Envoy's default is 64 KiB for its
    /// retry buffer's smallest use; more would let a slow upstream hold memory for every request.
    var replayLimitBytes = 64 << 10
    /// Downstream connections a worker takes before it closes new ones at once.
    var maxConnections = 15_000
    /// How long a client may take over a request head where the configuration sets nothing (slowloris).
    var defaultHeadersTimeout: Duration = .seconds(60)
    /// Tells the control plane's client that a resource is needed. Called from any loop.
    var demand: @Sendable (Demand) -> Void = { _ in }
}
