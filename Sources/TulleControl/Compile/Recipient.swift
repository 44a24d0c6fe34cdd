import TulleModel
import TulleXDS
import TulleXDSServer

/// Who a resource is compiled for, so far as it makes a difference.
struct Recipient {
    enum Dialect: String, Hashable {
        /// Tulle's own proxy, and Envoy.
        case proxy
        /// A gRPC client with an `xds:///` target, which knows a part of the API only and refuses the rest.
        case grpc
    }

    var dialect: Dialect
    var onDemand: Bool
    var namespace: String
    /// The workload beside the proxy; nil for mere clients.
    var workload: Workload?

    /// Whether it has a certificate to show.
    var hasIdentity: Bool { dialect == .proxy && workload?.hasIdentity ?? false }

    init(_ node: ConnectedNode, in world: World) {
        // The registry has read the metadata already, unless the node is not registered yet or no more.
        let workload = world.workload(node.id) ?? (try? WorkloadMetadata.workload(of: node.node))
        dialect = node.userAgent.lowercased().hasPrefix("grpc") ? .grpc : .proxy
        onDemand = node.isOnDemand
        self.workload = workload
        namespace = workload?.namespace ?? Self.namespace(of: node)
    }

    static func namespace(of node: ConnectedNode) -> String {
        node.node.metadata["TULLE"]?["namespace"]?.string ?? node.node.metadata["NAMESPACE"]?.string ?? "default"
    }
}
