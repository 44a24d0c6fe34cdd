import TulleModel

/// Reads `v1 Service`.
enum ServiceDecoder {
    static let root = FieldTable(
        "Service",
        ResourceDecoder.head + [
            .required("spec", "Service.spec", "What the service selects and where it is called.")
        ])

    static let spec = FieldTable(
        "Service.spec",
        [
            .optional(
                "selector", "map of strings",
                "The labels that a workload must have, all of them, to be an endpoint. Without it the endpoints are "
                    + "those of EndpointSlices that name the service."),
            .required("ports", "[Service.spec.ports[]]", "The ports on which the service is called."),
            .optional(
                "clusterIP", "string",
                "The address that means this service to a transparent proxy; \"None\" for none. Tulle gives out no "
                    + "addresses itself."),
            .optional("clusterIPs", "[string]", "The same, for both families; the first is clusterIP."),
            .optional(
                "type", "ClusterIP", "Only ClusterIP: a service is reached inside the mesh.", default: "ClusterIP"),
            .optional("sessionAffinity", "None", "Only None.", default: "None"),
            .optional("internalTrafficPolicy", "Cluster", "Only Cluster: all endpoints serve.", default: "Cluster"),
            .ignored("ipFamilies"),
            .ignored("ipFamilyPolicy"),
            .refused("externalName", "not in this version of Tulle: a name outside the mesh is called by that name"),
            .later("externalIPs"),
            .later("loadBalancerIP"),
            .later("loadBalancerSourceRanges"),
            .later("loadBalancerClass"),
            .later("externalTrafficPolicy"),
            .later("healthCheckNodePort"),
            .later("publishNotReadyAddresses"),
            .later("sessionAffinityConfig"),
            .later("allocateLoadBalancerNodePorts"),
            .later("trafficDistribution"),
        ])

    static let port = FieldTable(
        "Service.spec.ports[]",
        [
            .optional("name", "string", "The port's name; required where there are several ports."),
            .required("port", "integer", "The port that callers use, 1 to 65535."),
            .optional(
                "targetPort", "integer or string", "The workload's port, by number or name.",
                default: "the value of port"),
            .optional("protocol", "TCP", "Only TCP.", default: "TCP"),
            .optional(
                "appProtocol", "string",
                "What the port speaks: http, and http2, h2c, grpc and grpc-web, which are HTTP/2 without TLS, are routed "
                    + "request by request; tcp, tls, redis, … are relayed as they are. Without it the first bytes of a connection "
                    + "tell."),
            .refused("nodePort", "Tulle opens no node ports"),
        ])

    static func decode(_ metadata: ResourceMetadata?, _ root: MappingDecoder) -> Service? {
        guard let spec = root.mapping("spec", spec) else { return nil }
        let selector =
            spec["selector"]?.stringMap(checkKey: NameRules.labelKey, checkValue: NameRules.labelValue) ?? [:]
        _ = spec["type"]?.choice(
            ["ClusterIP"],
            refused: [
                "NodePort": "opens a port on every node, which Tulle does not; use ClusterIP",
                "LoadBalancer": "is not in this version of Tulle; use ClusterIP",
                "ExternalName": "is not in this version of Tulle: a name outside the mesh is called by that name",
            ])
        _ = spec["sessionAffinity"]?.choice(
            ["None"], refused: ["ClientIP": "is not in this version of Tulle; use None"])
        _ = spec["internalTrafficPolicy"]?.choice(
            ["Cluster"], refused: ["Local": "is not in this version of Tulle; use Cluster"])
        let ports = ports(spec)
        let addresses = addresses(spec)
        guard let metadata, let ports else { return nil }
        return Service(metadata: metadata, selector: selector, ports: ports, clusterIPs: addresses)
    }

    private static func ports(_ spec: MappingDecoder) -> [ServicePort]? {
        guard let items = spec["ports"]?.list(max: 100, min: 1) else { return nil }
        var ports: [ServicePort] = []
        var names: [String: Int] = [:]
        var numbers: [Int: Int] = [:]
        for (index, item) in items.enumerated() {
            guard let decoder = item.mapping(port) else { continue }
            let name = decoder.string("name", check: NameRules.portName)
            if items.count > 1, !decoder.has("name") {
                item.fail("a port of a service with several ports needs a name")
            }
            if let name, let first = names.updateValue(index, forKey: name) {
                decoder["name"]?.fail("\(ConfigurationError.quoted(name)) is the name of ports[\(first)] too")
            }
            let number = decoder.port("port")
            if let number, let first = numbers.updateValue(index, forKey: number) {
                decoder["port"]?.fail("\(number) is the port of ports[\(first)] too")
            }
            let target = decoder["targetPort"].flatMap(target)
            checkTransport(decoder)
            let speaks = applicationProtocol(decoder)
            guard let number else { continue }
            ports.append(ServicePort(name: name ?? "", port: number, target: target, appProtocol: speaks))
        }
        return ports
    }

    private static func target(_ place: LocatedNode) -> ServicePort.Target? {
        if place.node.scalar?.kind == .string {
            guard let name = place.string() else { return nil }
            if let problem = NameRules.portName(name) {
                place.fail(problem)
                return nil
            }
            if name.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) {
                place.fail("\(ConfigurationError.quoted(name)) is a string; a port's number is written without quotes")
                return nil
            }
            return .name(name)
        }
        guard place.node.scalar?.kind == .integer else {
            place.fail("expected a port's number or name, found \(place.node.kindForPeople)")
            return nil
        }
        return place.integer(in: 1...65535).map(ServicePort.Target.number)
    }

    /// `protocol`, of Services and EndpointSlices.
    static func checkTransport(_ decoder: MappingDecoder) {
        _ = decoder["protocol"]?.choice(
            ["TCP"],
            refused: [
                "UDP": "is not in this version of Tulle; it relays TCP", "SCTP": "is not relayed by Tulle; use TCP",
            ])
    }

    /// `appProtocol`, of Services and EndpointSlices.
    static func applicationProtocol(_ decoder: MappingDecoder) -> ApplicationProtocol {
        guard let place = decoder["appProtocol"], let name = place.string() else { return .detect }
        if let known = ApplicationProtocol(appProtocol: name) { return known }
        place.fail(
            "unknown protocol \(ConfigurationError.quoted(name)); \"http\" and \"grpc\" are routed by request, \"tcp\" fits "
                + "all others",
            suggestion: NearestKey.suggest(for: name, among: ApplicationProtocol.names))
        return .detect
    }

    private static func addresses(_ spec: MappingDecoder) -> [String] {
        var addresses: [String] = []
        if let place = spec["clusterIP"], let text = place.string(), text != "None", !text.isEmpty {
            if isAddress(text) {
                addresses.append(text)
            } else {
                place.fail("\(ConfigurationError.quoted(text)) is neither an IP address nor \"None\"")
            }
        }
        for (index, place) in spec.list("clusterIPs", max: 2).enumerated() {
            guard let text = place.string(), text != "None" else { continue }
            guard isAddress(text) else {
                place.fail("\(ConfigurationError.quoted(text)) is neither an IP address nor \"None\"")
                continue
            }
            if index == 0, let first = addresses.first, first != text {
                place.fail(
                    "\(ConfigurationError.quoted(text)) differs from clusterIP, \(ConfigurationError.quoted(first))")
            }
            if !addresses.contains(text) { addresses.append(text) }
        }
        return addresses
    }

    private static func isAddress(_ text: String) -> Bool { IPAddress.isIPv4(text) || IPAddress.isIPv6(text) }
}
