import FoundationEssentials
import SwiftProtobuf
import Testing
import TulleModel

@testable import TulleXDS

@Suite("A dynamic resource")
struct ResourceTranslatorTests {
    let translator = ResourceTranslator()

    private func bytes(_ message: some Message) throws -> Data { try message.serializedBytes() }

    private func listener(filter: Google_Protobuf_Any) -> Envoy_Config_Listener_V3_Listener {
        .with {
            $0.name = "l"
            $0.address.socketAddress = .with {
                $0.address = "127.0.0.1"
                $0.portValue = 1
            }
            $0.filterChains = [
                .with {
                    $0.filters = [
                        .with {
                            $0.name = "f"
                            $0.typedConfig = filter
                        }
                    ]
                }
            ]
        }
    }

    private let relay = Envoy_Extensions_Filters_Network_TcpProxy_V3_TcpProxy.with {
        $0.statPrefix = "s"
        $0.cluster = "a"
    }

    @Test("becomes an update of its kind")
    func kinds() throws {
        let cluster = Envoy_Config_Cluster_V3_Cluster.with {
            $0.name = "c"
            $0.type = .eds
            $0.edsClusterConfig.edsConfig.ads = Envoy_Config_Core_V3_AggregatedConfigSource()
        }
        #expect(
            try translator.translate(type: .cluster, body: bytes(cluster)).get().update
                == .cluster(name: "c", Cluster(name: "c", discovery: .eds(serviceName: "c"))))
        let routes = Envoy_Config_Route_V3_RouteConfiguration.with {
            $0.name = "r"
            $0.vhds.configSource.ads = Envoy_Config_Core_V3_AggregatedConfigSource()
        }
        #expect(
            try translator.translate(type: .routes, body: bytes(routes)).get().update
                == .routes(name: "r", RouteConfiguration(name: "r", discoversVirtualHosts: true)))
        let host = Envoy_Config_Route_V3_VirtualHost.with {
            $0.name = "h"
            $0.domains = ["h"]
        }
        #expect(
            try translator.translate(type: .virtualHost, name: "r/h", body: bytes(host)).get().update
                == .virtualHost(name: "r/h", VirtualHost(name: "h", domains: ["h"])))
        let endpoints = Envoy_Config_Endpoint_V3_ClusterLoadAssignment.with { $0.clusterName = "c" }
        #expect(
            try translator.translate(type: .endpoints, body: bytes(endpoints)).get().update
                == .endpoints(name: "c", LoadAssignment(clusterName: "c")))
        let update = try translator.translate(
            type: .listener, body: bytes(listener(filter: Google_Protobuf_Any(message: relay)))
        ).get().update
        guard case .listener("l", let listener?) = update else {
            Issue.record("\(update)")
            return
        }
        #expect(
            listener.filterChains[0].filter
                == .tcp(TCPProxy(statPrefix: "s", clusters: [WeightedCluster(name: "a", weight: 1)])))
        #expect(ResourceTranslator.removal(type: .routes, name: "r") == .routes(name: "r", nil))
        #expect(ResourceTranslator.removal(type: .secret, name: "s") == .secret(name: "s", nil))
        #expect(ResourceTranslator.removal(type: TypeURL(rawValue: "type.googleapis.com/x.Y"), name: "s") == nil)
    }

    @Test("is refused by path for all that is wrong with it")
    func refused() throws {
        let wrong = Envoy_Config_Cluster_V3_Cluster.with {
            $0.name = "c"
            $0.type = .eds
            $0.connectTimeout.seconds = -1
        }
        let error = try #require(throws: ResourceError.self) {
            try translator.translate(type: .cluster, body: bytes(wrong)).get()
        }
        #expect(error.problems.map(\.path).contains(""))
        #expect(error.description.contains("eds_cluster_config is required"))
        #expect(throws: ResourceError.self) {
            try translator.translate(type: .cluster, body: Data([0xff, 0xff])).get()
        }
        #expect(throws: ResourceError.self) { try translator.translate(type: .secret, body: Data()).get() }
    }

    @Test("is refused for an extension that Tulle does not have")
    func extensions() throws {
        let filter = Google_Protobuf_Any.with { $0.typeURL = "type.googleapis.com/envoy.rbac.v3.RBAC" }
        let error = try #require(throws: ResourceError.self) {
            try translator.translate(type: .listener, body: bytes(listener(filter: filter))).get()
        }
        #expect(error.description.hasPrefix("filter_chains[0].filters[0].typed_config: unknown network filter type"))
    }

    @Test("keeps its effect when it has unknown fields, which are counted at any depth")
    func unknown() throws {
        var filter = try Google_Protobuf_Any(message: relay)
        // Field 99, a varint, which no version of TcpProxy has.
        filter.value += Data([0x98, 0x06, 0x01])
        let body = try bytes(listener(filter: filter)) + Data([0xa0, 0x06, 0x01])
        let translated = try translator.translate(type: .listener, body: body).get()
        #expect(translated.unknownFields == 2)
        #expect(
            Set(translated.warnings) == [
                "filter_chains[0].filters[0].typed_config.field 99: unknown, has no effect",
                "field 100: unknown, has no effect",
            ])
        let error = try #require(throws: ResourceError.self) {
            try ResourceTranslator(rejectsUnknownFields: true).translate(type: .listener, body: body).get()
        }
        #expect(error.problems.count == 2)
    }

    @Test("does no harm whatever its bytes are")
    func hostile() throws {
        let good = try Array(bytes(listener(filter: Google_Protobuf_Any(message: relay))))
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var bad = good
            bad[Int.random(in: bad.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            if Bool.random() { bad.removeLast(Int.random(in: 0..<bad.count, using: &generator)) }
            _ = translator.translate(type: .listener, body: Data(bad))
            _ = UnknownFields(in: bad, of: Envoy_Config_Listener_V3_Listener.self)
        }
    }

    @Test("is written as JSON with Envoy's names and its extensions")
    func json() throws {
        let message = try listener(filter: Google_Protobuf_Any(message: relay))
        let text = try #require(ResourceJSON.string(of: Google_Protobuf_Any(message: message)))
        #expect(text.contains(#""filter_chains""#) && text.contains(#""stat_prefix":"s""#))
        #expect(text.contains(#""@type":"type.googleapis.com/envoy.config.listener.v3.Listener""#))
    }
}
