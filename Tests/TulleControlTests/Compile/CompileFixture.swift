import Foundation
import SwiftProtobuf
import TulleConfig
import TulleModel
import TulleXDS
import TulleXDSServer

@testable import TulleControl

/// Worlds and nodes from text.
struct CompileFixture {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    var world: World
    var nodes: [String: ConnectedNode] = [:]

    /// - Parameters:
    ///   - resources: YAML, as users write it.
    ///   - nodes: metadata by node id; see `Golden/shop.asks.yaml`.
    init(resources: String, nodes: YAMLNode? = nil, created: [ResourceKey: Int64] = [:]) throws {
        let set = try ResourceSet.decode(Array(resources.utf8), file: "resources.yaml")
        var workloads: [Workload] = []
        for (index, entry) in (nodes?.mapping ?? []).enumerated() {
            var node = Node(id: entry.name)
            if let tulle = entry.value["TULLE"], !tulle.isNull { node.metadata["TULLE"] = tulle.value }
            let onDemand = entry.value["onDemand"]?.scalar?.bool == true
            let connected = ConnectedNode(
                stream: UInt64(index), node: node, flavour: onDemand ? .delta : .stateOfTheWorld,
                userAgent: entry.value["agent"]?.scalar?.text ?? "envoy", features: onDemand ? ["tulle.on_demand"] : [])
            self.nodes[entry.name] = connected
            if let workload = try WorkloadMetadata.workload(of: node) { workloads.append(workload) }
        }
        world = World(resources: set.documents.map(\.resource), created: created, workloads: workloads)
    }

    /// One Tulle sidecar, `me`, as `init(resources:nodes:)` takes it.
    static var me: YAMLNode? {
        let text = "me: {agent: tulle-proxy, onDemand: true, TULLE: {service: ''}}"
        return try? YAMLReader.read(text, file: "nodes").first
    }

    /// A world of text, with one Tulle sidecar, `me`, in the namespace given.
    init(_ resources: String, namespace: String = "default", agent: String = "tulle-proxy") throws {
        let text = """
            me:
              agent: \(agent)
              onDemand: true
              TULLE: {service: "", namespace: \(namespace), outbound: {bind: 127.0.0.1, httpProxy: 1}}
            """
        try self.init(resources: resources, nodes: YAMLReader.read(text, file: "nodes").first)
    }

    func ask(_ type: TypeURL, _ names: Set<String>, wildcard: Bool = false, as node: String = "me") -> [NamedResource] {
        guard let node = nodes[node] else { return [] }
        return MeshCompiler().compile(type, Subscription(wildcard: wildcard, names: names), for: node, in: world)
    }

    /// The virtual host of a host name as a sidecar sees it.
    func virtualHost(_ host: String) throws -> Envoy_Config_Route_V3_VirtualHost? {
        try ask(.virtualHost, ["outbound|http-proxy/\(host)"]).first.map {
            try Envoy_Config_Route_V3_VirtualHost(serializedBytes: $0.body)
        }
    }
}
