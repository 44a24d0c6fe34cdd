public import TulleXDS
public import TulleXDSServer

/// Turns the users' nouns into the xDS resources of one subscriber. Compile conforms to it; Push calls it.
///
/// A compiler is a pure function of its arguments: no I/O, no clock, no state but what it is made with, so that two
/// calls with the same world give the same bytes. Push calls it from several tasks at once, and remembers answers
/// for as long as the change that came since does not touch them.
public protocol ResourceCompiler: Sendable {
    /// An immutable snapshot of everything that a compilation may look at: all resources and all registered workloads
    /// at one revision. Cheap to copy (copy-on-write or a class with `let`s).
    associatedtype World: Sendable

    /// Compiles what the node is to have of one type.
    ///
    /// - Parameters:
    ///   - type: `.cluster`, `.endpoints`, `.listener`, `.routes`, `.virtualHost`; answer [] for a type not known.
    ///   - subscription: with `wildcard` the node wants all that is meant for it; `names` are wanted besides. Names
    ///     arrive as the subscriber wrote them (a VirtualHost as `ROUTES/HOST`), hostile ones too. The `name` of an
    ///     answer must be the very name that was asked for, or the subscriber waits in vain.
    ///   - node: who asks. `node.isOnDemand` says that it wants VHDS; a node without `TULLE` metadata is an Envoy or a
    ///     gRPC client.
    /// - Returns: the resources that exist; a name without one does not exist. Make them by
    ///   `NamedResource(type:name:message:)`, which derives the version from the content.
    func compile(
        _ type: TypeURL, _ subscription: Subscription, for node: ConnectedNode, in world: World
    ) -> [NamedResource]

    /// Nodes of one audience get the same bytes for the same name of this type; nil for bytes that are the node's own.
    ///
    /// For example the caller's namespace and kind for clusters and virtual hosts; nil for its inbound listeners. This
    /// is what makes a push to 1,000 proxies compile once. The default is nil, which is right but slow.
    func audience(of node: ConnectedNode, type: TypeURL) -> String?

    /// Whether a change may alter this resource, for nodes of some audience. To say yes needlessly costs time; to say
    /// no wrongly leaves proxies with old configuration. Asked only of resources that have an audience. The default
    /// says no where no service changed and the type is not EDS.
    func affects(_ change: Change, type: TypeURL, name: String) -> Bool

    /// The types that a change may alter for a node, be it by adding or removing resources.
    /// The default: every type where a service changed, every type of a node that changed, and EDS where endpoints did.
    func types(affectedBy change: Change, for node: ConnectedNode) -> PushScope
}

extension ResourceCompiler {
    public func audience(of node: ConnectedNode, type: TypeURL) -> String? { nil }

    public func affects(_ change: Change, type: TypeURL, name: String) -> Bool {
        change.everything || !change.services.isEmpty || (type == .endpoints && !change.endpoints.isEmpty)
    }

    public func types(affectedBy change: Change, for node: ConnectedNode) -> PushScope {
        if change.everything || !change.services.isEmpty || change.nodes.contains(node.id) { return .everything }
        return change.endpoints.isEmpty ? .nothing : PushScope(types: [.endpoints])
    }
}
