/// What holds for the workloads of the mesh, of a namespace or of a selector (`tulle.dev/v1alpha1 MeshPolicy`).
public struct MeshPolicy: Hashable, Sendable {
    /// Who may connect to a workload's ports, in Istio's words.
    public enum MTLSMode: String, Hashable, Sendable, CaseIterable {
        /// Who has a certificate of the mesh, over TLS, and anybody in plain text.
        case permissive = "PERMISSIVE"
        /// Nobody without such a certificate.
        case strict = "STRICT"
    }

    /// A policy of this namespace that selects no workloads is for the whole mesh.
    public static let meshNamespace = "tulle-system"

    public var metadata: ResourceMetadata
    /// The labels of workloads in the policy's own namespace; empty for all of them.
    public var selector: [String: String]
    /// Nil where the policy does not say.
    public var mtls: MTLSMode?
    /// For single ports of the app, in place of `mtls`.
    public var portMTLS: [Int: MTLSMode]

    public init(
        metadata: ResourceMetadata, selector: [String: String] = [:], mtls: MTLSMode? = nil,
        portMTLS: [Int: MTLSMode] = [:]
    ) {
        self.metadata = metadata
        self.selector = selector
        self.mtls = mtls
        self.portMTLS = portMTLS
    }
}
