import SwiftProtobuf
import TulleModel
public import TulleXDS
public import TulleXDSServer

/// Turns a world into the xDS resources of each node: of Tulle's proxies as their requests need them, of Envoy as whole
/// lists, of gRPC clients by target.
///
/// It has no state. Push remembers what it says by the audiences that it names.
public struct MeshCompiler: ResourceCompiler {
    public init() {}

    public func compile(
        _ type: TypeURL, _ subscription: Subscription, for node: ConnectedNode, in world: World
    ) -> [NamedResource] {
        let recipient = Recipient(node, in: world)
        switch type {
        case .cluster:
            let compiler = ClusterCompiler(world: world, recipient: recipient)
            return resources(type, names(subscription, compiler.allNames)) { compiler.cluster($0) }
        case .endpoints:
            let compiler = EndpointCompiler(world: world)
            let clusters = ClusterCompiler(world: world, recipient: recipient)
            return resources(type, names(subscription, clusters.allNames)) { compiler.assignment($0) }
        case .listener:
            let compiler = ListenerCompiler(world: world, recipient: recipient)
            let own = subscription.wildcard ? compiler.all : []
            let rest = subscription.names.subtracting(own.map(\.name))
            return own.compactMap { resource(type, $0.name, $0) }
                + resources(type, rest.sorted()) { compiler.listener($0) }
        case .routes:
            let compiler = RouteCompiler(world: world, recipient: recipient)
            return resources(type, names(subscription, compiler.allNames)) { compiler.configuration($0) }
        case .virtualHost:
            let compiler = RouteCompiler(world: world, recipient: recipient)
            return resources(type, subscription.names.sorted()) { compiler.virtualHost($0) }
        default: return []
        }
    }

    /// Listeners and wildcard lists hold what is the node's own; the rest is shared by those of one dialect, namespace and
    /// set of inbound ports.
    public func audience(of node: ConnectedNode, type: TypeURL) -> String? {
        switch type {
        case .endpoints where node.isOnDemand: return "endpoints"
        case .virtualHost: return "\(dialect(node))|\(Recipient.namespace(of: node))"
        case .cluster, .endpoints: return "\(dialect(node))|\(hasIdentity(node))|\(inboundSignature(node))"
        case .routes:
            guard let outbound = node.node.metadata["TULLE"]?["outbound"] else {
                return "\(dialect(node))|\(Recipient.namespace(of: node))"
            }
            // The proxy's own address has a virtual host of its own, and a wildcard means the node's own upstreams.
            let own =
                "\(outbound["bind"]?.string ?? "")|\(outbound["httpProxy"]?.number ?? 0)|"
                + "\(outbound["transparent"]?.number ?? 0)|\(upstreamSignature(node))"
            return "\(dialect(node))|\(node.isOnDemand)|\(Recipient.namespace(of: node))|\(own)"
        default: return nil
        }
    }

    /// Routes and virtual hosts depend on the services that they send to as well, so any service's change asks for
    /// them again; their versions tell whether anything came of it.
    public func affects(_ change: Change, type: TypeURL, name: String) -> Bool {
        if change.everything { return true }
        switch type {
        case .cluster, .endpoints:
            guard let (service, _) = XDSNames.parseOutboundCluster(name) else { return !change.services.isEmpty }
            let key = service.description
            // Endpoints that are host names stand in the cluster itself.
            return change.services.contains(key) || change.endpoints.contains(key)
        default: return !change.services.isEmpty
        }
    }

    public func types(affectedBy change: Change, for node: ConnectedNode) -> PushScope {
        if change.everything || !change.services.isEmpty || change.nodes.contains(node.id) { return .everything }
        return change.endpoints.isEmpty ? .nothing : PushScope(types: [.endpoints, .cluster])
    }

    // MARK: - Resources

    private func names(_ subscription: Subscription, _ all: @autoclosure () -> [String]) -> [String] {
        guard subscription.wildcard else { return subscription.names.sorted() }
        let all = all()
        return all + subscription.names.subtracting(all).sorted()
    }

    private func resources<M: Message>(
        _ type: TypeURL, _ names: [String], _ compile: (String) -> M?
    ) -> [NamedResource] {
        names.compactMap { name in
            compile(name).flatMap { resource(type, name, $0) }
        }
    }

    /// Nil for a message that cannot be encoded, which takes 2 GiB.
    private func resource(_ type: TypeURL, _ name: String, _ message: some Message) -> NamedResource? {
        try? NamedResource(type: type, name: name, message: message)
    }

    // MARK: - Audiences

    private func dialect(_ node: ConnectedNode) -> String {
        node.userAgent.lowercased().hasPrefix("grpc") ? "grpc" : "proxy"
    }

    private func hasIdentity(_ node: ConnectedNode) -> Bool { node.node.metadata["TULLE"]?["identity"] == .bool(true) }

    /// What inbound clusters are made of: the workload's ports, and what services select it by.
    private func inboundSignature(_ node: ConnectedNode) -> String {
        guard let tulle = node.node.metadata["TULLE"] else { return "" }
        let labels: [String] =
            if case .object(let labels)? = tulle["labels"] {
                labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.string ?? "")" }
            } else {
                []
            }
        let ports = (tulle["ports"]?.list ?? []).map { port in
            "\(port["name"]?.string ?? "")/\(port["app"]?.number ?? 0)/\(port["protocol"]?.string ?? "")"
        }
        return [
            tulle["namespace"]?.string ?? "", tulle["service"]?.string ?? "", labels.joined(separator: ","),
            ports.joined(separator: ","),
        ].joined(separator: "|")
    }

    private func upstreamSignature(_ node: ConnectedNode) -> String {
        (node.node.metadata["TULLE"]?["upstreams"]?.list ?? []).map { upstream in
            let namespace = upstream["namespace"]?.string ?? ""
            return "\(upstream["service"]?.string ?? "").\(namespace):\(upstream["port"]?.number ?? 0)"
        }.joined(separator: ",")
    }
}
