import TulleModel

/// The texts and JSON of the admin endpoints, in Envoy's shapes.
enum AdminReport {
    static func socketAddress(_ address: ConfiguredAddress) -> JSONText {
        .object([
            (
                "socket_address",
                .object([("address", .string(address.host)), ("port_value", .integer(Int64(address.port)))])
            )
        ])
    }

    static func serverInfo(_ identity: AdminIdentity, state: ServerState, uptime: Duration) -> JSONText {
        let seconds = "\(uptime.components.seconds)s"
        let node = identity.node
        return .object([
            ("version", .string(identity.version)),
            ("state", .string(state.rawValue)),
            ("uptime_current_epoch", .string(seconds)),
            ("uptime_all_epochs", .string(seconds)),
            ("hot_restart_version", .string("disabled")),
            ("command_line_options", JSONText(.object(identity.commandLineOptions))),
            (
                "node",
                .object([
                    ("id", .string(node.id)), ("cluster", .string(node.cluster)),
                    ("metadata", JSONText(.object(node.metadata))),
                    (
                        "locality",
                        .object([
                            ("region", .string(node.locality.region)), ("zone", .string(node.locality.zone)),
                            ("sub_zone", .string(node.locality.subZone)),
                        ])
                    ),
                    ("user_agent_name", .string("tulle")),
                ])
            ),
        ])
    }

    // MARK: Listeners

    static func listeners(_ listeners: [AdminListener]) -> String {
        listeners.map { "\($0.name)::\($0.address)\n" }.joined()
    }

    static func listenersJSON(_ listeners: [AdminListener]) -> JSONText {
        .object([
            (
                "listener_statuses",
                .list(
                    listeners.map {
                        .object([("name", .string($0.name)), ("local_address", socketAddress($0.address))])
                    })
            )
        ])
    }

    // MARK: Clusters

    static func clusters(_ clusters: [AdminCluster]) -> String {
        var text = ""
        for cluster in clusters {
            let name = cluster.cluster.name
            let observed = cluster.cluster.altStatName.isEmpty ? name : cluster.cluster.altStatName
            text += "\(name)::observability_name::\(observed)\n"
            text += "\(name)::added_via_api::\(cluster.isDynamic)\n"
            for endpoint in cluster.endpoints {
                let prefix = "\(name)::\(endpoint.endpoint.address)::"
                text += "\(prefix)hostname::\(endpoint.endpoint.hostname)\n"
                text += "\(prefix)health_flags::\(healthFlags(endpoint))\n"
                text += "\(prefix)weight::\(endpoint.endpoint.weight)\n"
                text += "\(prefix)region::\(endpoint.locality.region)\n"
                text += "\(prefix)zone::\(endpoint.locality.zone)\n"
                text += "\(prefix)sub_zone::\(endpoint.locality.subZone)\n"
                text += "\(prefix)canary::false\n"
                text += "\(prefix)priority::\(endpoint.priority)\n"
            }
        }
        return text
    }

    static func clustersJSON(_ clusters: [AdminCluster]) -> JSONText {
        .object([("cluster_statuses", .list(clusters.map(status)))])
    }

    private static func status(_ cluster: AdminCluster) -> JSONText {
        .object([
            ("name", .string(cluster.cluster.name)),
            ("added_via_api", .bool(cluster.isDynamic)),
            ("host_statuses", .list(cluster.endpoints.map(status))),
        ])
    }

    private static func status(_ endpoint: AdminEndpoint) -> JSONText {
        var health: [(name: String, value: JSONText)] = [("eds_health_status", .string(edsHealth(endpoint.endpoint)))]
        if endpoint.isSetAside { health.append(("failed_outlier_check", .bool(true))) }
        return .object([
            ("address", socketAddress(endpoint.endpoint.address)),
            ("health_status", .object(health)),
            ("weight", .integer(Int64(endpoint.endpoint.weight))),
            ("hostname", .string(endpoint.endpoint.hostname)),
            ("priority", .integer(Int64(endpoint.priority))),
            (
                "locality",
                .object([
                    ("region", .string(endpoint.locality.region)), ("zone", .string(endpoint.locality.zone)),
                    ("sub_zone", .string(endpoint.locality.subZone)),
                ])
            ),
        ])
    }

    /// Envoy's flags; an endpoint that is set aside because it refused stands where Envoy's outlier detection ejects.
    private static func healthFlags(_ endpoint: AdminEndpoint) -> String {
        var flags = ""
        if endpoint.isSetAside { flags += "/failed_outlier_check" }
        switch endpoint.endpoint.health {
        case .unhealthy, .timeout, .draining: flags += "/failed_eds_health"
        case .degraded: flags += "/degraded_eds_health"
        case .unknown, .healthy: break
        }
        return flags.isEmpty ? "healthy" : flags
    }

    private static func edsHealth(_ endpoint: Endpoint) -> String {
        switch endpoint.health {
        case .unknown, .healthy: "HEALTHY"
        case .unhealthy: "UNHEALTHY"
        case .draining: "DRAINING"
        case .timeout: "TIMEOUT"
        case .degraded: "DEGRADED"
        }
    }

    // MARK: Configuration

    /// The names that `?resource=` takes, which are those of the lists below.
    static let resources = [
        "bootstrap", "static_listeners", "dynamic_listeners", "static_clusters", "dynamic_active_clusters",
        "static_route_configs", "dynamic_route_configs", "static_endpoint_configs", "dynamic_endpoint_configs",
    ]

    /// Everything, in Envoy's sections. The resources themselves are shown as the proxy holds them.
    static func configDump(_ configuration: AdminConfiguration) -> JSONText {
        let listeners = section("listener", configuration.listeners)
        let clusters = section("cluster", configuration.clusters)
        let routes = section("route_config", configuration.routes)
        let endpoints = section("endpoint_config", configuration.endpoints)
        func dump(_ type: String, _ lists: [(name: String, value: [JSONText])]) -> JSONText {
            .object(
                [("@type", .string("type.googleapis.com/envoy.admin.v3.\(type)"))]
                    + lists.filter { !$0.value.isEmpty }.map { ($0.name, JSONText.list($0.value)) })
        }
        return .object([
            (
                "configs",
                .list([
                    .object([
                        ("@type", .string("type.googleapis.com/envoy.admin.v3.BootstrapConfigDump")),
                        ("bootstrap", ModelDump.json(configuration.bootstrap)),
                    ]),
                    dump(
                        "ClustersConfigDump",
                        [("static_clusters", clusters.fixed), ("dynamic_active_clusters", clusters.dynamic)]),
                    dump(
                        "ListenersConfigDump",
                        [("static_listeners", listeners.fixed), ("dynamic_listeners", listeners.dynamic)]),
                    dump(
                        "RoutesConfigDump",
                        [("static_route_configs", routes.fixed), ("dynamic_route_configs", routes.dynamic)]),
                    dump(
                        "EndpointsConfigDump",
                        [("static_endpoint_configs", endpoints.fixed), ("dynamic_endpoint_configs", endpoints.dynamic)]
                    ),
                ])
            )
        ])
    }

    /// One list alone; nil when there is no such list.
    static func configDump(_ configuration: AdminConfiguration, resource: String) -> JSONText? {
        let entries: [JSONText]
        switch resource {
        case "bootstrap": entries = [ModelDump.json(configuration.bootstrap)]
        case "static_listeners": entries = section("listener", configuration.listeners).fixed
        case "dynamic_listeners": entries = section("listener", configuration.listeners).dynamic
        case "static_clusters": entries = section("cluster", configuration.clusters).fixed
        case "dynamic_active_clusters": entries = section("cluster", configuration.clusters).dynamic
        case "static_route_configs": entries = section("route_config", configuration.routes).fixed
        case "dynamic_route_configs": entries = section("route_config", configuration.routes).dynamic
        case "static_endpoint_configs": entries = section("endpoint_config", configuration.endpoints).fixed
        case "dynamic_endpoint_configs": entries = section("endpoint_config", configuration.endpoints).dynamic
        default: return nil
        }
        return .object([("configs", .list(entries))])
    }

    private static func section<Resource: Sendable>(
        _ name: String, _ entries: [AdminConfiguration.Entry<Resource>]
    ) -> (fixed: [JSONText], dynamic: [JSONText]) {
        var fixed: [JSONText] = []
        var dynamic: [JSONText] = []
        for entry in entries {
            var fields: [(name: String, value: JSONText)] = []
            if !entry.isStatic { fields.append(("version_info", .string(entry.version))) }
            fields.append((name, ModelDump.json(entry.resource)))
            if let rejection = entry.rejection {
                fields.append(("error_state", .object([("details", .string(rejection))])))
            }
            guard name == "listener", !entry.isStatic else {
                if entry.isStatic { fixed.append(.object(fields)) } else { dynamic.append(.object(fields)) }
                continue
            }
            // Envoy nests what a dynamic listener is under its state.
            dynamic.append(.object([("name", .string(entry.name)), ("active_state", .object(fields))]))
        }
        return (fixed, dynamic)
    }
}
