import TulleModel

/// The Envoy v3 bootstrap YAML of a sidecar: who it is, its admin port, and ADS for everything else.
enum SidecarBootstrap {
    /// - Parameter isEnvoy: whether Envoy is to read it in place of tulle-proxy.
    static func yaml(_ plan: RunPlan, isEnvoy: Bool = false) -> String {
        // Envoy calls itself ready 15 s after its start even without configuration, unless told to wait for ever.
        // tulle-proxy always waits, and has no such key.
        let patience = isEnvoy ? ", initial_fetch_timeout: 0s" : ""
        // Envoy gets every cluster of the mesh; tulle-proxy asks for each as requests need it.
        let fromADS = "{ads: {}, resource_api_version: V3\(patience)}"
        let metadata = YAMLText.text(of: plan.metadata)
            .split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
        return """
            # Written by tulle run for this one run; it goes when the run ends.
            node:
              id: \(JSONText.quoted(plan.nodeID))
              cluster: \(JSONText.quoted(plan.service))
              metadata:
            \(metadata)
            admin:
              address:
                socket_address: {address: 127.0.0.1, port_value: \(plan.admin)}
            dynamic_resources:
              ads_config:
                api_type: DELTA_GRPC
                transport_api_version: V3
                grpc_services:
                - envoy_grpc: {cluster_name: xds}
              lds_config: \(fromADS)\(isEnvoy ? "\n  cds_config: \(fromADS)" : "")
            static_resources:
              clusters:
              - name: xds
                type: \(plan.xds.isName ? "STRICT_DNS" : "STATIC")
                connect_timeout: 1s
                typed_extension_protocol_options:
                  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                    explicit_http_config:
                      http2_protocol_options: {}
                load_assignment:
                  cluster_name: xds
                  endpoints:
                  - lb_endpoints:
                    - endpoint:
                        address:
                          socket_address:
                            address: \(JSONText.quoted(plan.xds.host))
                            port_value: \(plan.xds.port)

            """
    }
}
