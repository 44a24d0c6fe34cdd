import TulleModel

/// Reads `discovery.k8s.io/v1 EndpointSlice`, which has no `spec`.
enum EndpointSliceDecoder {
    static let root = FieldTable(
        "EndpointSlice",
        ResourceDecoder.head + [
            .required(
                "addressType", "IPv4, IPv6 or FQDN", "What the addresses are. FQDN names are looked up by the proxies."),
            .required("endpoints", "[EndpointSlice.endpoints[]]", "The addresses, up to 1000."),
            .required("ports", "[EndpointSlice.ports[]]", "The ports that every address has."),
        ])

    static let endpoint = FieldTable(
        "EndpointSlice.endpoints[]",
        [
            .required("addresses", "[string]", "Addresses of one endpoint; the first is used, as in Kubernetes."),
            .optional("conditions", "EndpointSlice.endpoints[].conditions", "Whether it takes requests."),
            .optional("hostname", "string", "A name for people."),
            .optional("nodeName", "string", "The machine, for people."),
            .optional("zone", "string", "The zone that it runs in."),
            .ignored("targetRef"),
            .later("hints"),
            .later("deprecatedTopology"),
        ])

    static let conditions = FieldTable(
        "EndpointSlice.endpoints[].conditions",
        [
            .optional("ready", "boolean", "Whether new requests go there.", default: "true"),
            .optional("serving", "boolean", "Whether it answers at all.", default: "the value of ready"),
            .optional(
                "terminating", "boolean", "Whether it is about to go; then it takes no new requests.", default: "false"),
        ])

    static let port = FieldTable(
        "EndpointSlice.ports[]",
        [
            .optional("name", "string", "The name of the service's port that this is.", default: "\"\""),
            .required("port", "integer", "The port at the addresses, 1 to 65535."),
            .optional("protocol", "TCP", "Only TCP.", default: "TCP"),
            .optional("appProtocol", "string", "As in Service; the Service's own wins."),
        ])

    static func decode(_ metadata: ResourceMetadata?, _ root: MappingDecoder) -> EndpointSlice? {
        if let metadata {
            let place = root["metadata"]
            if let service = metadata.labels[EndpointSlice.serviceLabel] {
                if let problem = NameRules.label(service), let place {
                    place.report.add(
                        place.node["labels"]?[EndpointSlice.serviceLabel]?.mark ?? place.node.mark,
                        "metadata.labels[\"\(EndpointSlice.serviceLabel)\"]", problem)
                }
            } else {
                place?.report.add(
                    place?.node["labels"]?.mark ?? root.place.node.mark,
                    "metadata.labels[\"\(EndpointSlice.serviceLabel)\"]",
                    "required and missing: it names the Service whose endpoints these are")
            }
        }
        let type = root["addressType"]?.choice(EndpointSlice.AddressType.self)
        let endpoints = root.list("endpoints", max: 1000).compactMap { item in
            item.mapping(endpoint).map { decodeEndpoint($0, type) }
        }
        var names: [String: Int] = [:]
        var ports: [EndpointSlice.Port] = []
        for (index, item) in root.list("ports", max: 100).enumerated() {
            guard let decoder = item.mapping(port) else { continue }
            let name =
                decoder.string("name", check: { $0.isEmpty ? nil : NameRules.portName($0) })
                ?? ""
            if let first = names.updateValue(index, forKey: name) {
                (decoder["name"] ?? item).fail(
                    "\(ConfigurationError.quoted(name)) is the name of ports[\(first)] too")
            }
            ServiceDecoder.checkTransport(decoder)
            let speaks = ServiceDecoder.applicationProtocol(decoder)
            guard let number = decoder.port("port") else { continue }
            ports.append(EndpointSlice.Port(name: name, port: number, appProtocol: speaks))
        }
        guard let metadata, let type else { return nil }
        return EndpointSlice(metadata: metadata, addressType: type, endpoints: endpoints, ports: ports)
    }

    private static func decodeEndpoint(
        _ decoder: MappingDecoder, _ type: EndpointSlice.AddressType?
    ) -> EndpointSlice.Endpoint {
        let addresses = decoder.list("addresses", max: 100, min: 1).compactMap { place -> String? in
            guard let text = place.string() else { return nil }
            let good =
                switch type {
                case .ipv4: IPAddress.isIPv4(text)
                case .ipv6: IPAddress.isIPv6(text)
                case .fqdn: NameRules.hostName(text) == nil
                case nil: true
                }
            if !good, let type {
                place.fail("\(ConfigurationError.quoted(text)) is no \(type.rawValue) address, as addressType says")
            }
            return text
        }
        let conditions = decoder.mapping("conditions", conditions)
        return EndpointSlice.Endpoint(
            addresses: addresses, ready: conditions?.bool("ready"), serving: conditions?.bool("serving"),
            terminating: conditions?.bool("terminating"),
            hostname: decoder.string("hostname", check: NameRules.label) ?? "",
            zone: decoder.string("zone") ?? "", nodeName: decoder.string("nodeName") ?? "")
    }
}
