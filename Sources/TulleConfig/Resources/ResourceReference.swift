import TulleModel

/// The reference of the users' resources, made from the tables that read them.
public enum ResourceReference {
    /// What each kind is for.
    private static let purposes: [ResourceKind: String] = [
        .service: "A name that selects workloads by their labels, and the ports on which they are called.",
        .endpointSlice:
            "Addresses of a service, listed by hand: machines outside the mesh, or programs without a sidecar. The label "
            + "`kubernetes.io/service-name` names the Service.",
        .httpRoute:
            "Where the HTTP requests to a Service go. It holds for every caller when it is in the Service's namespace, and "
            + "else for callers of its own namespace only.",
        .grpcRoute:
            "Where the gRPC requests to a Service go; other requests to its port are answered with 404. It holds for the same "
            + "callers as an HTTPRoute would, and in place of any HTTPRoute of its namespace on the same port.",
        .tcpRoute: "Where the TCP connections to a Service go.",
        .backendPolicy: "How the endpoints of a Service are called.",
        .authorizationPolicy:
            "Who may call the workloads of its namespace, and what for. What a DENY policy matches is refused; where a workload "
            + "has ALLOW policies, what none of them matches is refused too.",
        .meshPolicy:
            "What holds for the whole mesh (in the namespace `\(MeshPolicy.meshNamespace)`), for a namespace, or for some of its "
            + "workloads; what is nearer to the workload wins, and of two alike the older.",
    ]

    private static let tables: [ResourceKind: [FieldTable]] = [
        .service: [ServiceDecoder.root, ServiceDecoder.spec, ServiceDecoder.port],
        .endpointSlice: [
            EndpointSliceDecoder.root, EndpointSliceDecoder.endpoint, EndpointSliceDecoder.conditions,
            EndpointSliceDecoder.port,
        ],
        .httpRoute: [
            HTTPRouteDecoder.root, HTTPRouteDecoder.spec, HTTPRouteDecoder.rule, HTTPRouteDecoder.match,
            HTTPRouteDecoder.path, HTTPRouteDecoder.header, HTTPRouteDecoder.queryParameter, HTTPRouteDecoder.backend,
            HTTPRouteDecoder.timeouts,
        ],
        .grpcRoute: [
            GRPCRouteDecoder.root, GRPCRouteDecoder.spec, GRPCRouteDecoder.rule, GRPCRouteDecoder.match,
            GRPCRouteDecoder.method, GRPCRouteDecoder.header, GRPCRouteDecoder.backend,
        ],
        .tcpRoute: [TCPRouteDecoder.root, TCPRouteDecoder.spec, TCPRouteDecoder.rule, TCPRouteDecoder.backend],
        .backendPolicy: [
            BackendPolicyDecoder.root, BackendPolicyDecoder.spec, BackendPolicyDecoder.target,
            BackendPolicyDecoder.loadBalancing, BackendPolicyDecoder.leastRequest,
        ],
        .authorizationPolicy: [
            AuthorizationPolicyDecoder.root, AuthorizationPolicyDecoder.spec, AuthorizationPolicyDecoder.selector,
            AuthorizationPolicyDecoder.target, AuthorizationPolicyDecoder.rule, AuthorizationPolicyDecoder.from,
            AuthorizationPolicyDecoder.source, AuthorizationPolicyDecoder.to, AuthorizationPolicyDecoder.operation,
            AuthorizationPolicyDecoder.condition,
        ],
        .meshPolicy: [
            MeshPolicyDecoder.root, MeshPolicyDecoder.spec, MeshPolicyDecoder.selector, MeshPolicyDecoder.mtls,
        ],
    ]

    private static let shared: [FieldTable] = [
        ResourceMetadata.fields, RouteReferenceDecoder.parent, HTTPRouteFilterDecoder.filter,
        HTTPRouteFilterDecoder.headerModifier, HTTPRouteFilterDecoder.headerValue, HTTPRouteFilterDecoder.redirect,
        HTTPRouteFilterDecoder.rewrite, HTTPRouteFilterDecoder.path,
    ]

    /// `docs/resources.md`.
    public static var markdown: String {
        var text = """
            # Resources

            What users write, field by field. This page is generated from the tables that Tulle reads resources with: \
            `TULLE_RECORD=1 scripts/test` writes it anew, and a test fails while it is out of date.

            A file holds any number of resources in YAML or JSON, apart by `---` or as the items of a `v1 List`. Unknown \
            keys, unknown kinds and wrong values are errors with file, line, path and the nearest right word; `null` is the \
            same as leaving a key out. Durations are whole numbers with `h`, `m`, `s` or `ms`, such as `1m30s`. Expressions \
            are RE2 and must match the whole text.


            """
        for kind in ResourceKind.allCases {
            text += "## \(kind.rawValue)\n\n"
            text += "`\(kind.apiVersions.joined(separator: "`, `"))` · \(purposes[kind] ?? "")\n\n"
            for table in tables[kind] ?? [] { text += section(table) }
        }
        text += "## Parts that several kinds have\n\n"
        for table in shared { text += section(table) }
        return text.trimmed + "\n"
    }

    private static func section(_ table: FieldTable) -> String {
        var text = "### \(table.name)\n\n| Field | Type | Default | Meaning |\n|---|---|---|---|\n"
        var ignored: [String] = []
        var refused: [String] = []
        for field in table.fields {
            switch field.standing {
            case .ignored: ignored.append("`\(field.key)`")
            case .refused(let reason): refused.append("`\(field.key)` (\(reason))")
            case .required, .optional:
                let value = field.standing == .required ? "required" : field.defaultValue
                text += "| `\(field.key)` | \(cell(field.type)) | \(cell(value)) | \(cell(field.meaning)) |\n"
            }
        }
        if !ignored.isEmpty { text += "\nAccepted and not kept: \(ignored.joined(separator: ", ")).\n" }
        if !refused.isEmpty { text += "\nRefused: \(refused.joined(separator: ", ")).\n" }
        return text + "\n"
    }

    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}
