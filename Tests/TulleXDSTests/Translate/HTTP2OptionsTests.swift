import Testing
import TulleConfig
import TulleModel

@testable import TulleXDS

@Suite("HTTP/2 and gRPC in a configuration")
struct HTTP2OptionsTests {
    private static let everyOption =
        "{hpack_table_size: 0, max_concurrent_streams: 7, initial_stream_window_size: 65535, "
        + "initial_connection_window_size: 2147483647, allow_connect: true, max_outbound_frames: 1, "
        + "max_outbound_control_frames: 2, max_consecutive_inbound_frames_with_empty_payload: 0, "
        + "max_inbound_priority_frames_per_stream: 0, max_inbound_window_update_frames_per_data_frame_sent: 3, "
        + "connection_keepalive: {interval: 30s, timeout: 0.5s}}"

    private static var everyValue: HTTP2Options {
        var options = HTTP2Options()
        options.hpackTableBytes = 0
        options.maxConcurrentStreams = 7
        options.streamWindowBytes = 65535
        options.connectionWindowBytes = 2_147_483_647
        options.allowsConnect = true
        options.maxOutboundFrames = 1
        options.maxOutboundControlFrames = 2
        options.maxConsecutiveEmptyFrames = 0
        options.maxPriorityFramesPerStream = 0
        options.maxWindowUpdatesPerDataFrame = 3
        options.keepaliveInterval = .seconds(30)
        options.keepaliveTimeout = .milliseconds(500)
        return options
    }

    private static func upstream(_ options: String, more: String = "") -> String {
        let type = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        return BootstrapFixture.cluster(
            "name: a, typed_extension_protocol_options: {\(type): {\"@type\": type.googleapis.com/\(type), \(options)}}"
                + more)
    }

    private func cluster(_ yaml: String) throws -> Cluster { try BootstrapFixture.load(yaml).clusters[0] }

    @Test("a connection manager takes every option, and has defaults without any")
    func manager() throws {
        #expect(try BootstrapFixture.loadManager(BootstrapFixture.manager()).http2 == HTTP2Options())
        let manager = try BootstrapFixture.loadManager(
            BootstrapFixture.manager("http2_protocol_options: \(Self.everyOption)"))
        #expect(manager.http2 == Self.everyValue)
    }

    @Test("a cluster speaks HTTP/2 by explicit_http_config, or by the older field")
    func explicit() throws {
        let typed = try cluster(
            Self.upstream(
                "common_http_protocol_options: {idle_timeout: 9s, max_requests_per_connection: 5, max_connection_duration: 7s}, "
                    + "explicit_http_config: {http2_protocol_options: \(Self.everyOption)}"))
        #expect(typed.upstreamProtocol == .http2 && typed.http2 == Self.everyValue)
        #expect(typed.idleTimeout == .seconds(9) && typed.maxRequestsPerConnection == 5)
        #expect(typed.maxConnectionDuration == .seconds(7))
        let older = try cluster(
            BootstrapFixture.cluster("name: a, http2_protocol_options: {max_concurrent_streams: 3}"))
        #expect(older.upstreamProtocol == .http2 && older.http2.maxConcurrentStreams == 3)
    }

    @Test("a cluster speaks as its downstream does by use_downstream_protocol_config, or by the older field")
    func downstream() throws {
        let typed = try cluster(
            Self.upstream(
                "common_http_protocol_options: {idle_timeout: 9s}, use_downstream_protocol_config: "
                    + "{http_protocol_options: {}, http2_protocol_options: \(Self.everyOption)}"))
        #expect(typed.upstreamProtocol == .downstream && typed.http2 == Self.everyValue)
        #expect(typed.idleTimeout == .seconds(9))
        #expect(try cluster(Self.upstream("use_downstream_protocol_config: {}")).upstreamProtocol == .downstream)
        let older = try cluster(
            BootstrapFixture.cluster(
                "name: a, protocol_selection: USE_DOWNSTREAM_PROTOCOL, http_protocol_options: {}, "
                    + "http2_protocol_options: {max_concurrent_streams: 3}"))
        #expect(older.upstreamProtocol == .downstream && older.http2.maxConcurrentStreams == 3)
    }

    @Test("a route may be for gRPC alone, honour its timeout and retry by its status")
    func routes() throws {
        func load(_ settings: String, match: String = "prefix: /") throws -> (RouteMatch, RouteAction) {
            let route = try BootstrapFixture.loadRoute(
                BootstrapFixture.manager(
                    routes: BootstrapFixture.route("route: {cluster: a, \(settings)}", match: match),
                    clusters: "{name: a}"))
            guard case .forward(let action) = route.action else {
                throw ConfigurationError(file: "f.yaml", message: "no forwarding")
            }
            return (route.match, action)
        }
        let (match, plain) = try load("max_stream_duration: {}", match: "prefix: /, grpc: {}")
        #expect(match.grpcOnly && plain.grpcTimeoutMax == nil && plain.grpcTimeoutOffset == .zero)
        let (other, timed) = try load(
            "max_stream_duration: {max_stream_duration: 9s, grpc_timeout_header_max: 0s, grpc_timeout_header_offset: 0.1s}, "
                + "retry_policy: {retry_on: \"cancelled,deadline-exceeded,internal,resource-exhausted,unavailable\"}")
        #expect(!other.grpcOnly && timed.maxStreamDuration == .seconds(9))
        #expect(timed.grpcTimeoutMax == .zero && timed.grpcTimeoutOffset == .milliseconds(100))
        #expect(
            timed.retryPolicy?.conditions == [
                .grpcCancelled, .grpcDeadlineExceeded, .grpcInternal, .grpcResourceExhausted, .grpcUnavailable,
            ])
        let (_, older) = try load("max_grpc_timeout: 3s, grpc_timeout_offset: 1s")
        #expect(older.grpcTimeoutMax == .seconds(3) && older.grpcTimeoutOffset == .seconds(1))
    }

    @Test("gRPC-Web is a filter before the router")
    func web() throws {
        let web =
            "{name: w, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb}}"
        let manager = try BootstrapFixture.loadManager(
            BootstrapFixture.manager(filters: "\(web), \(BootstrapFixture.routerFilter)"))
        #expect(manager.httpFilters == [.grpcWeb, .router(suppressEnvoyHeaders: false)])
    }

    static let options =
        "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http2_protocol_options"
    static let typed =
        #"static_resources.clusters[0].typed_extension_protocol_options["envoy.extensions.upstreams.http.v3."#
        + #"HttpProtocolOptions"]"#

    static let wrong: [WrongBootstrap] =
        [
            ("max_concurrent_streams: 0", "max_concurrent_streams: 0 is not in 1 to 2147483647"),
            ("max_concurrent_streams: 2147483648", "max_concurrent_streams: 2147483648 is not in 1 to 2147483647"),
            ("initial_stream_window_size: 65534", "initial_stream_window_size: 65534 is not in 65535 to 2147483647"),
            (
                "initial_connection_window_size: 2147483648",
                "initial_connection_window_size: 2147483648 is not in 65535 to 2147483647"
            ),
            ("max_outbound_frames: 0", "max_outbound_frames: 0 is not in 1 to 4294967295"),
            ("max_outbound_control_frames: 0", "max_outbound_control_frames: 0 is not in 1 to 4294967295"),
            (
                "max_inbound_window_update_frames_per_data_frame_sent: 0",
                "max_inbound_window_update_frames_per_data_frame_sent: 0 is not in 1 to 4294967295"
            ),
            ("connection_keepalive: {interval: 1s}", "connection_keepalive: timeout is required"),
            (
                "connection_keepalive: {interval: 0s, timeout: 1s}",
                "connection_keepalive.interval: 0s is too short; the least is 0.001s"
            ),
            ("connection_keepalive: {timeout: 0s}", "connection_keepalive.timeout: 0s is too short"),
            (
                "max_concurrent_stream: 1",
                "max_concurrent_stream: unknown field of envoy.config.core.v3.Http2ProtocolOptions"
            ),
        ].map { given, said in
            WrongBootstrap(
                given, BootstrapFixture.manager("http2_protocol_options: {\(given)}"), ": \(options).\(said)")
        } + [
            WrongBootstrap(
                "auto_config", upstream("auto_config: {http2_protocol_options: {}}"),
                ": \(typed).auto_config: needs TLS to agree on the protocol"),
            WrongBootstrap(
                "no protocol", upstream("common_http_protocol_options: {}"),
                ": \(typed): one of explicit_http_config and use_downstream_protocol_config is required"),
            WrongBootstrap(
                "a setting without effect beside HTTP/2",
                upstream(
                    "common_http_protocol_options: {max_headers_count: 5}, explicit_http_config: {http2_protocol_options: {}}"
                ),
                ": \(typed).common_http_protocol_options.max_headers_count: has no effect in a cluster; leave it out"),
            WrongBootstrap(
                "an option of a cluster",
                upstream("explicit_http_config: {http2_protocol_options: {max_concurrent_streams: 0}}"),
                ": \(typed).explicit_http_config.http2_protocol_options.max_concurrent_streams: 0 is not in 1"),
            WrongBootstrap(
                "an option beside the downstream's protocol",
                upstream("use_downstream_protocol_config: {http2_protocol_options: {max_outbound_frames: 0}}"),
                ": \(typed).use_downstream_protocol_config.http2_protocol_options.max_outbound_frames: 0 is not in 1"),
            WrongBootstrap(
                "both protocols",
                BootstrapFixture.cluster("name: a, http_protocol_options: {}, http2_protocol_options: {}"),
                ": static_resources.clusters[0].http2_protocol_options: http_protocol_options and http2_protocol_options "
                    + "exclude each other"),
            WrongBootstrap(
                "both gRPC timeouts",
                BootstrapFixture.manager(
                    routes: BootstrapFixture.route(
                        "route: {cluster: a, max_stream_duration: {}, max_grpc_timeout: 1s}"),
                    clusters: "{name: a}"),
                "routes[0].route.max_grpc_timeout: has no effect beside max_stream_duration; write it there"),
            WrongBootstrap(
                "a negative gRPC timeout",
                BootstrapFixture.manager(
                    routes: BootstrapFixture.route(
                        "route: {cluster: a, max_stream_duration: {grpc_timeout_header_max: -1s}}"),
                    clusters: "{name: a}"),
                "routes[0].route.max_stream_duration.grpc_timeout_header_max: -1s is negative"),
        ]

    @Test("what Envoy refuses is refused by its full path", arguments: wrong)
    func refused(wrong: WrongBootstrap) {
        let errors = BootstrapFixture.errors(wrong.yaml)
        #expect(errors.count == 1 && errors[0].contains(wrong.error) && errors[0].hasPrefix("f.yaml:"), "\(errors)")
    }
}
