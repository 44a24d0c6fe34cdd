internal import FoundationEssentials
internal import SwiftProtobuf
internal import TulleModel
internal import TulleXDS

// The server's side between the machines' messages and the wire's. Nothing is decided here.

extension Node {
    init(_ message: Envoy_Config_Core_V3_Node) {
        self.init(
            id: message.id, cluster: message.cluster,
            metadata: message.metadata.fields.mapValues { Value($0) },
            locality: Locality(
                region: message.locality.region, zone: message.locality.zone, subZone: message.locality.subZone))
    }
}

extension Value {
    init(_ message: Google_Protobuf_Value) {
        self =
            switch message.kind {
            case nil, .nullValue: .null
            case .boolValue(let flag): .bool(flag)
            case .numberValue(let number): .number(number)
            case .stringValue(let text): .string(text)
            case .listValue(let list): .list(list.values.map { Value($0) })
            case .structValue(let object): .object(object.fields.mapValues { Value($0) })
            }
    }

    /// How many bytes of text and entries it holds, stopping beyond a limit.
    func weight(limit: Int) -> Int {
        switch self {
        case .null, .bool, .number: return 8
        case .string(let text): return 8 + text.utf8.count
        case .list(let values):
            var sum = 8
            for value in values where sum <= limit { sum += value.weight(limit: limit - sum) }
            return sum
        case .object(let fields):
            var sum = 8
            for (key, value) in fields where sum <= limit {
                sum += key.utf8.count + value.weight(limit: limit - sum)
            }
            return sum
        }
    }
}

// MARK: - Requests

extension DiscoveryRequest {
    init(_ message: Envoy_Service_Discovery_V3_DiscoveryRequest) {
        self.init(
            type: TypeURL(rawValue: message.typeURL),
            body: .stateOfTheWorld(names: message.resourceNames, version: message.versionInfo),
            nonce: message.responseNonce,
            error: message.hasErrorDetail ? message.errorDetail.message : nil)
    }

    init(_ message: Envoy_Service_Discovery_V3_DeltaDiscoveryRequest) {
        self.init(
            type: TypeURL(rawValue: message.typeURL),
            body: .delta(
                subscribe: message.resourceNamesSubscribe, unsubscribe: message.resourceNamesUnsubscribe,
                initialVersions: message.initialResourceVersions),
            nonce: message.responseNonce,
            error: message.hasErrorDetail ? message.errorDetail.message : nil)
    }
}

// MARK: - Responses

extension Envoy_Service_Discovery_V3_DiscoveryResponse {
    init(_ response: DiscoveryResponse, controlPlane identifier: String) {
        self.init()
        typeURL = response.type.rawValue
        versionInfo = response.version
        resources = response.resources.map(\.any)
        nonce = response.nonce
        controlPlane.identifier = identifier
    }
}

extension Envoy_Service_Discovery_V3_DeltaDiscoveryResponse {
    init(_ response: DiscoveryResponse, controlPlane identifier: String) {
        self.init()
        typeURL = response.type.rawValue
        systemVersionInfo = response.version
        resources = response.resources.map { resource in
            var item = Envoy_Service_Discovery_V3_Resource()
            item.name = resource.name
            item.version = resource.version
            item.resource = resource.any
            return item
        }
        removedResources = response.removed
        nonce = response.nonce
        controlPlane.identifier = identifier
    }
}
