import TulleModel

/// Reads one document as the resource that its `apiVersion` and `kind` say.
enum ResourceDecoder {
    /// The fields that every kind starts with.
    static let head: [FieldTable.Field] = [
        .required("apiVersion", "string", "The group and version of the kind."),
        .required("kind", "string", "What this is."),
        .required("metadata", "metadata", "What it is called."),
        .ignored("status"),
    ]

    /// Kinds of which we know that they come, or why they do not.
    private static let otherKinds: [String: String] = {
        var kinds: [String: String] = [:]
        let later = "is not in this version of Tulle"
        for kind in [
            "Gateway", "GatewayClass", "TLSRoute", "UDPRoute", "ReferenceGrant", "BackendTLSPolicy",
            "ListenerSet", "Authentication", "RateLimit", "Fault", "Telemetry",
        ] {
            kinds[kind] = later
        }
        for kind in [
            "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Job", "CronJob", "Namespace", "ConfigMap",
            "Secret", "ServiceAccount", "Ingress", "NetworkPolicy", "PersistentVolumeClaim", "CustomResourceDefinition",
        ] {
            kinds[kind] = "is a matter of Kubernetes, not of the mesh; leave it out of what Tulle reads"
        }
        kinds["Endpoints"] = "is not read; use EndpointSlice"
        for kind in ["VirtualService", "DestinationRule", "ServiceEntry", "Sidecar", "WorkloadEntry"] {
            kinds[kind] = "is Istio's; Tulle reads HTTPRoute, GRPCRoute, TCPRoute and BackendPolicy"
        }
        return kinds
    }()

    /// Reports what is wrong, and returns nil then.
    static func decode(_ place: LocatedNode, defaultNamespace: String) -> Resource? {
        guard let entries = place.node.mapping else {
            place.fail(
                "expected a resource (a mapping with apiVersion, kind, metadata), found \(place.node.kindForPeople)")
            return nil
        }
        guard let kind = kind(of: place) else { return nil }
        let table: FieldTable =
            switch kind {
            case .service: ServiceDecoder.root
            case .endpointSlice: EndpointSliceDecoder.root
            case .httpRoute: HTTPRouteDecoder.root
            case .grpcRoute: GRPCRouteDecoder.root
            case .tcpRoute: TCPRouteDecoder.root
            case .backendPolicy: BackendPolicyDecoder.root
            case .authorizationPolicy: AuthorizationPolicyDecoder.root
            case .meshPolicy: MeshPolicyDecoder.root
            }
        let root = MappingDecoder(at: place, entries: entries, table: table)
        let metadata = ResourceMetadata(
            root.mapping("metadata", ResourceMetadata.fields), kind: kind, defaultNamespace: defaultNamespace)
        switch kind {
        case .service: return ServiceDecoder.decode(metadata, root).map(Resource.service)
        case .endpointSlice: return EndpointSliceDecoder.decode(metadata, root).map(Resource.endpointSlice)
        case .httpRoute: return HTTPRouteDecoder.decode(metadata, root).map(Resource.httpRoute)
        case .grpcRoute: return GRPCRouteDecoder.decode(metadata, root).map(Resource.grpcRoute)
        case .tcpRoute: return TCPRouteDecoder.decode(metadata, root).map(Resource.tcpRoute)
        case .backendPolicy: return BackendPolicyDecoder.decode(metadata, root).map(Resource.backendPolicy)
        case .authorizationPolicy:
            return AuthorizationPolicyDecoder.decode(metadata, root).map(Resource.authorizationPolicy)
        case .meshPolicy: return MeshPolicyDecoder.decode(metadata, root).map(Resource.meshPolicy)
        }
    }

    /// The kind, when it is ours and of a version that we read.
    private static func kind(of place: LocatedNode) -> ResourceKind? {
        guard let kindNode = place.node["kind"], !kindNode.isNull else {
            place.report.add(place.node.mark, "kind", "required and missing; it is \(allKinds)")
            return nil
        }
        let kindPlace = LocatedNode(node: kindNode, path: "kind", report: place.report)
        guard let name = kindPlace.string() else { return nil }
        guard let kind = ResourceKind(rawValue: name) else {
            if let reason = otherKinds[name] {
                kindPlace.fail("\(ConfigurationError.quoted(name)) \(reason)")
            } else {
                let nearest = NearestKey.suggest(for: name, among: ResourceKind.allCases.map(\.rawValue))
                kindPlace.fail(
                    "unknown kind \(ConfigurationError.quoted(name)); it is \(allKinds)", suggestion: nearest)
            }
            return nil
        }
        guard let versionNode = place.node["apiVersion"], !versionNode.isNull else {
            place.report.add(
                place.node.mark, "apiVersion", "required and missing; for \(name) it is \(kind.apiVersions[0])")
            return nil
        }
        let version = LocatedNode(node: versionNode, path: "apiVersion", report: place.report)
        guard let text = version.string() else { return nil }
        guard kind.apiVersions.contains(text) else {
            version.fail(
                "unknown version \(ConfigurationError.quoted(text)) of \(name); it is "
                    + kind.apiVersions.joined(separator: " or "))
            return nil
        }
        return kind
    }

    private static var allKinds: String {
        ResourceKind.allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or "
            + (ResourceKind.allCases.last?.rawValue ?? "")
    }
}
