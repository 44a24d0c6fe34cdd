/// What the OpenAPI description says of each operation.
extension APIOperation {
    struct Parameter {
        var name: String
        var place: Place
        var summary: String
        var schema: String
        enum Place: String { case path, query, header }
    }

    struct Answer {
        var status: Int
        var summary: String
        var mediaType = "application/json"
        /// A name among `OpenAPISchemas`; nil for text.
        var schema: String?
    }

    var summary: String {
        switch self {
        case .health: "Whether the control plane runs"
        case .readiness: "Whether the control plane serves proxies"
        case .metrics: "The control plane's own metrics, for Prometheus"
        case .openAPI: "This description"
        case .listResources: "All resources, or those of a kind or namespace"
        case .createResource: "Create a resource that does not exist"
        case .listResourcesOfKind: "All resources of a kind"
        case .listResourcesOfNamespace: "The resources of a kind in a namespace"
        case .getResource: "One resource, with its status"
        case .putResource: "Create or replace one resource"
        case .deleteResource: "Delete one resource"
        case .apply: "Create or replace many resources, all or none"
        case .watchResources: "Changes of resources as they happen, one JSON object a line"
        case .listWorkloads: "The running instances of apps"
        case .getWorkload: "One running instance"
        case .removeWorkload: "Take an instance out of the mesh at once, as its sidecar does on a clean exit"
        case .workloadReady: "Say that an instance's app listens, so that it gets requests"
        case .listServices: "The services of the mesh with their endpoints"
        case .listProxies: "Connected proxies and how they took what they were sent"
        case .status: "The control plane in one answer"
        case .stats: "Traffic of each service, counted by the sidecars"
        case .listTokens: "Join tokens, without their secrets"
        case .createToken: "Make a join token; no other answer has its secret"
        case .revokeToken: "Revoke a join token"
        case .authority: "The certificate authority, what it issued and whom it refuses"
        case .trustBundle: "The roots that prove this mesh's certificates"
        case .deny: "Give no certificate any more to an identity, or to the holder of a certificate"
        case .allow: "Take a denial back"
        case .whyAccess: "Whether a call would be let in, and which policy decides that; nothing is sent"
        }
    }

    var tag: String {
        switch self {
        case .health, .readiness, .metrics, .openAPI, .status: "control plane"
        case .listResources, .createResource, .listResourcesOfKind, .listResourcesOfNamespace, .getResource,
            .putResource, .deleteResource, .apply, .watchResources:
            "resources"
        case .listWorkloads, .getWorkload, .removeWorkload, .workloadReady, .listServices, .listProxies, .stats,
            .whyAccess:
            "mesh"
        case .listTokens, .createToken, .revokeToken, .authority, .trustBundle, .deny, .allow: "identity"
        }
    }

    var parameters: [Parameter] {
        let kind = Parameter(
            name: "kind", place: .path, summary: "The kind, its plural or its short name, in any case",
            schema: #"{"type":"string","minLength":1}"#)
        let namespace = Parameter(name: "namespace", place: .path, summary: "The namespace", schema: Self.nameSchema)
        let name = Parameter(name: "name", place: .path, summary: "The resource's name", schema: Self.nameSchema)
        let id = Parameter(
            name: "id", place: .path, summary: "The workload's id", schema: #"{"type":"string","minLength":1}"#)
        let dryRun = Parameter(
            name: "dryRun", place: .query, summary: "Check everything and change nothing",
            schema: #"{"type":"boolean","default":false}"#)
        let ifMatch = Parameter(
            name: "If-Match", place: .header, summary: "Only if this is still the resource's version (its ETag)",
            schema: #"{"type":"string"}"#)
        let selection = [
            Parameter(
                name: "kind", place: .query, summary: "Only this kind", schema: #"{"type":"string","minLength":1}"#),
            Parameter(name: "namespace", place: .query, summary: "Only this namespace", schema: Self.nameSchema),
        ]
        switch self {
        case .health, .readiness, .metrics, .openAPI, .listWorkloads, .listServices, .listProxies, .status,
            .listTokens, .createToken, .authority, .trustBundle, .deny, .whyAccess:
            return []
        case .listResources: return selection
        case .createResource: return [dryRun]
        case .listResourcesOfKind: return [kind]
        case .listResourcesOfNamespace: return [kind, namespace]
        case .getResource: return [kind, namespace, name]
        case .putResource:
            let ifNoneMatch = Parameter(
                name: "If-None-Match", place: .header, summary: "`*`: only if there is none yet",
                schema: #"{"type":"string","enum":["*"]}"#)
            return [kind, namespace, name, dryRun, ifMatch, ifNoneMatch]
        case .deleteResource: return [kind, namespace, name, dryRun, ifMatch]
        case .apply:
            let file = Parameter(
                name: "file", place: .query, summary: "The name that errors give the document",
                schema: #"{"type":"string","maxLength":4096}"#)
            return [dryRun, file]
        case .watchResources:
            return selection + [
                Parameter(
                    name: "resourceVersion", place: .query,
                    summary: "Changes after this revision; without it, all that is there first, then changes",
                    schema: #"{"type":"integer","format":"int64","minimum":0}"#),
                Parameter(
                    name: "timeoutSeconds", place: .query, summary: "End after this many seconds; without it, never",
                    schema: #"{"type":"integer","minimum":0,"maximum":86400}"#),
            ]
        case .getWorkload, .removeWorkload, .workloadReady: return [id]
        case .revokeToken:
            return [
                Parameter(
                    name: "id", place: .path, summary: "The token's id", schema: #"{"type":"string","minLength":1}"#)
            ]
        case .allow:
            return [
                Parameter(
                    name: "subject", place: .path, summary: "The SPIFFE ID or the certificate's serial",
                    schema: #"{"type":"string","minLength":1}"#)
            ]
        case .stats:
            return [
                Parameter(
                    name: "window", place: .query,
                    summary:
                        "Seconds to look back over; 0 for all since the sidecars started. Without it, since the last "
                        + "question",
                    schema: #"{"type":"number","minimum":0,"maximum":3600}"#)
            ]
        }
    }

    /// Whether it takes resources as its body.
    var takesResources: Bool {
        switch self {
        case .createResource, .putResource, .apply: true
        default: false
        }
    }

    /// The schema of its body, of those that take JSON and no resources.
    var bodySchema: String? {
        switch self {
        case .createToken: "JoinTokenRequest"
        case .deny: "DenialRequest"
        case .whyAccess: "AccessQuestion"
        default: nil
        }
    }

    /// What it answers when all is well; whatever else happens is an `Error`.
    var answers: [Answer] {
        switch self {
        case .health: [Answer(status: 200, summary: "It runs", schema: "Health")]
        case .readiness:
            [
                Answer(status: 200, summary: "It serves", schema: "Health"),
                Answer(status: 503, summary: "Not yet; `status` says what is missing", schema: "Health"),
            ]
        case .metrics: [Answer(status: 200, summary: "Prometheus text", mediaType: "text/plain")]
        case .openAPI: [Answer(status: 200, summary: "OpenAPI 3.1", schema: "Object")]
        case .listResources, .listResourcesOfKind, .listResourcesOfNamespace:
            [Answer(status: 200, summary: "The resources", schema: "ResourceList")]
        case .getResource: [Answer(status: 200, summary: "The resource", schema: "Resource")]
        case .createResource:
            [
                Answer(status: 201, summary: "Created", schema: "Resource"),
                Answer(status: 200, summary: "Would be created (`dryRun`)", schema: "Resource"),
            ]
        case .putResource:
            [
                Answer(status: 200, summary: "Replaced, unchanged, or a dry run", schema: "Resource"),
                Answer(status: 201, summary: "Created", schema: "Resource"),
            ]
        case .deleteResource: [Answer(status: 200, summary: "Deleted", schema: "ApplyResult")]
        case .apply: [Answer(status: 200, summary: "What became of each", schema: "ApplyResult")]
        case .watchResources:
            [
                Answer(
                    status: 200, summary: "One `WatchEvent` a line", mediaType: "application/x-ndjson", schema: nil)
            ]
        case .listWorkloads: [Answer(status: 200, summary: "The workloads", schema: "WorkloadList")]
        case .getWorkload: [Answer(status: 200, summary: "The workload", schema: "Workload")]
        case .removeWorkload: [Answer(status: 200, summary: "It is out of the mesh", schema: "Health")]
        case .workloadReady: [Answer(status: 200, summary: "It gets requests", schema: "Health")]
        case .listServices: [Answer(status: 200, summary: "The services", schema: "ServiceList")]
        case .listProxies: [Answer(status: 200, summary: "The proxies", schema: "ProxyList")]
        case .status: [Answer(status: 200, summary: "The status", schema: "Status")]
        case .stats: [Answer(status: 200, summary: "The figures", schema: "Stats")]
        case .listTokens: [Answer(status: 200, summary: "The tokens", schema: "JoinTokenList")]
        case .createToken: [Answer(status: 201, summary: "The token", schema: "NewJoinToken")]
        case .revokeToken: [Answer(status: 200, summary: "It is revoked", schema: "JoinToken")]
        case .authority: [Answer(status: 200, summary: "The authority", schema: "Authority")]
        case .trustBundle:
            [Answer(status: 200, summary: "PEM certificates", mediaType: "application/pem-certificate-chain")]
        case .deny: [Answer(status: 200, summary: "It is on the deny list", schema: "Denial")]
        case .allow: [Answer(status: 200, summary: "It is off the deny list", schema: "Health")]
        case .whyAccess: [Answer(status: 200, summary: "What would become of it", schema: "AccessAnswer")]
        }
    }

    /// Names of resources and namespaces (RFC 1123).
    private static let nameSchema =
        #"{"type":"string","minLength":1,"maxLength":253,"pattern":"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"}"#
}
