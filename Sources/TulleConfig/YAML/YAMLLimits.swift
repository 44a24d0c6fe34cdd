/// Bounds on what one file may hold, so that no file, however hostile, costs more than a moment.
public struct YAMLLimits: Hashable, Sendable {
    /// 10,000 Services with their routes take about 8 MiB.
    public var maxBytes = 32 << 20
    /// Values after aliases are expanded; stops "billion laughs". 32 MiB of honest YAML holds fewer.
    public var maxNodes = 4_000_000
    /// Mappings and lists in each other. The deepest Envoy configuration known to us has about 30.
    public var maxDepth = 100

    public init() {}
}
