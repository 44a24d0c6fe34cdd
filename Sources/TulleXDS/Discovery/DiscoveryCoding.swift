internal import FoundationEssentials
internal import SwiftProtobuf
internal import TulleModel

// The client's side between the machines' messages and the wire's. Nothing is decided here.

extension Envoy_Config_Core_V3_Node {
    init(_ node: Node, userAgent: String, version: String, features: [String]) {
        self.init()
        id = node.id
        cluster = node.cluster
        metadata.fields = node.metadata.mapValues { Google_Protobuf_Value($0) }
        if node.locality != Locality() {
            locality.region = node.locality.region
            locality.zone = node.locality.zone
            locality.subZone = node.locality.subZone
        }
        userAgentName = userAgent
        userAgentVersion = version
        clientFeatures = features
    }
}

extension Google_Protobuf_Value {
    init(_ value: Value) {
        self.init()
        switch value {
        case .null: nullValue = .nullValue
        case .bool(let flag): boolValue = flag
        case .number(let number): numberValue = number
        case .string(let text): stringValue = text
        case .list(let values): listValue.values = values.map { Google_Protobuf_Value($0) }
        case .object(let fields): structValue.fields = fields.mapValues { Google_Protobuf_Value($0) }
        }
    }
}

// MARK: - Requests

extension Google_Rpc_Status {
    /// A nack's status: INVALID_ARGUMENT, as Envoy's.
    fileprivate init(nack text: String) {
        self.init()
        code = 3
        message = text
    }
}

extension Envoy_Service_Discovery_V3_DiscoveryRequest {
    init(_ request: DiscoveryRequest, names: [String], version: String, node: Envoy_Config_Core_V3_Node?) {
        self.init()
        typeURL = request.type.rawValue
        resourceNames = names
        versionInfo = version
        responseNonce = request.nonce
        if let error = request.error { errorDetail = Google_Rpc_Status(nack: error) }
        if let node { self.node = node }
    }
}

extension Envoy_Service_Discovery_V3_DeltaDiscoveryRequest {
    init(
        _ request: DiscoveryRequest, subscribe: [String], unsubscribe: [String], versions: [String: String],
        node: Envoy_Config_Core_V3_Node?
    ) {
        self.init()
        typeURL = request.type.rawValue
        resourceNamesSubscribe = subscribe
        resourceNamesUnsubscribe = unsubscribe
        initialResourceVersions = versions
        responseNonce = request.nonce
        if let error = request.error { errorDetail = Google_Rpc_Status(nack: error) }
        if let node { self.node = node }
    }
}

// MARK: - Responses

extension DiscoveryResponse {
    /// Resources without a name that can be read are left out; `unreadable` counts them.
    init(_ message: Envoy_Service_Discovery_V3_DiscoveryResponse, unreadable: inout Int) {
        let type = TypeURL(rawValue: message.typeURL)
        var resources: [NamedResource] = []
        for any in message.resources {
            if any.typeURL == Self.wrapperURL {
                guard let wrapper = try? Envoy_Service_Discovery_V3_Resource(serializedBytes: any.value) else {
                    unreadable += 1
                    continue
                }
                let name = wrapper.name.isEmpty ? ResourceName.read(from: wrapper.resource.value) : wrapper.name
                guard let name else {
                    unreadable += 1
                    continue
                }
                resources.append(
                    NamedResource(
                        type: type, name: name, version: message.versionInfo, body: wrapper.resource.value))
            } else if let name = ResourceName.read(from: any.value) {
                resources.append(
                    NamedResource(type: type, name: name, version: message.versionInfo, body: any.value))
            } else {
                unreadable += 1
            }
        }
        self.init(type: type, resources: resources, version: message.versionInfo, nonce: message.nonce)
    }

    init(_ message: Envoy_Service_Discovery_V3_DeltaDiscoveryResponse) {
        let type = TypeURL(rawValue: message.typeURL)
        self.init(
            type: type,
            resources: message.resources.map {
                NamedResource(type: type, name: $0.name, version: $0.version, body: $0.resource.value)
            },
            removed: message.removedResources, version: message.systemVersionInfo, nonce: message.nonce)
    }

    private static let wrapperURL = "type.googleapis.com/envoy.service.discovery.v3.Resource"
}
