import NIOCore
import TulleBalancing
import TulleModel

/// A cluster as a snapshot holds it: its configuration and the endpoints known so far.
final class ClusterDefinition: Sendable {
    let cluster: Cluster
    /// What `endpoints` was made of, with its localities.
    let assignment: LoadAssignment?
    /// Nil while the endpoints have not been discovered yet: requests wait for them, bounded.
    let endpoints: EndpointSet?
    /// The socket address of each endpoint in `endpoints`, in the same order; nil for one that is not an IP.
    let addresses: ContiguousArray<PeerAddress?>

    /// How connections to its endpoints are encrypted.
    let security: ClusterSecurity

    init(cluster: Cluster, assignment: LoadAssignment?, security: ClusterSecurity = ClusterSecurity()) {
        self.cluster = cluster
        self.assignment = assignment
        self.security = security
        let set = assignment.map { EndpointSet($0) }
        endpoints = set
        addresses = ContiguousArray(
            (set?.endpoints ?? []).lazy.map {
                try? PeerAddress(ipAddress: $0.address.host, port: $0.address.port)
            })
    }

    /// The service of the mesh that this cluster stands for, as istiod and Tulle's control plane name it.
    var service: (host: String, name: String, namespace: String)? {
        guard let service = cluster.metadata["istio"]?["services"]?.list?.first,
            let host = service["host"]?.string
        else { return nil }
        return (host, service["name"]?.string ?? "", service["namespace"]?.string ?? "")
    }
}
