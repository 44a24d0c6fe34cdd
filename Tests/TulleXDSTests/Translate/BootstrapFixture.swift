import TulleConfig
import TulleModel

@testable import TulleXDS

/// Texts that the tests of translation read.
enum BootstrapFixture {
    static let managerType =
        "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    static let routerFilter =
        "{name: envoy.filters.http.router, typed_config: {\"@type\": "
        + "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}"

    /// A bootstrap with one listener whose manager has these settings; each is a line of flow YAML.
    static func manager(
        _ settings: String = "", filters: String = routerFilter,
        routes: String = route("direct_response: {status: 200}"),
        clusters: String = ""
    ) -> String {
        """
        static_resources:
          listeners:
          - name: main
            address: {socket_address: {address: 127.0.0.1, port_value: 8080}}
            filter_chains:
            - filters:
              - name: http
                typed_config:
                  "@type": \(managerType)
                  stat_prefix: main
                  http_filters: [\(filters)]
                  \(routes)
                  \(settings)
          clusters: [\(clusters)]
        """
    }

    static func route(_ action: String, match: String = "prefix: /", more: String = "") -> String {
        let more = more.isEmpty ? "" : ", \(more)"
        return "route_config: {name: r, virtual_hosts: [{name: all, domains: [\"*\"], "
            + "routes: [{match: {\(match)}, \(action)\(more)}]}]}"
    }

    static let staticCluster = "{name: a, type: STATIC}"

    static func cluster(_ settings: String) -> String { "static_resources: {clusters: [{\(settings)}]}" }

    static func load(_ yaml: String) throws -> Bootstrap {
        try BootstrapFile.load(yaml: yaml, file: "f.yaml").bootstrap
    }

    /// The manager of the only listener.
    static func loadManager(_ yaml: String) throws -> HTTPConnectionManager {
        guard case .http(let manager) = try load(yaml).listeners[0].filterChains[0].filter else {
            throw ConfigurationError(file: "f.yaml", message: "no HTTP connection manager")
        }
        return manager
    }

    static func loadRoute(_ yaml: String) throws -> Route {
        guard case .inline(let routes) = try loadManager(yaml).routes else {
            throw ConfigurationError(file: "f.yaml", message: "no routes")
        }
        return routes.virtualHosts[0].routes[0]
    }

    /// What is said of a wrong text, a line each.
    static func errors(_ yaml: String, options: BootstrapFile.Options = .init()) -> [String] {
        do throws(ConfigurationErrors) {
            _ = try BootstrapFile.load(yaml: yaml, file: "f.yaml", options: options)
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }
}
