import TulleModel

/// A service as compilation sees it, whether a resource says it or a workload's mere name does.
struct MeshService: Sendable {
    enum Members: Sendable {
        /// Workloads with all these labels; none when there are no labels.
        case selected([String: String])
        /// Workloads that were started under the service's name.
        case named
    }

    var name: ServiceName
    var ports: [ServicePort]
    var members: Members
    var clusterIPs: [String]

    init(_ service: Service) {
        name = service.name
        ports = service.ports
        members = .selected(service.selector)
        clusterIPs = service.clusterIPs
    }

    private init(name: ServiceName, ports: [ServicePort]) {
        self.name = name
        self.ports = ports
        members = .named
        clusterIPs = []
    }

    func port(_ number: Int) -> ServicePort? { ports.first { $0.port == number } }

    /// The port that a host name without a port means: 80, which it means in HTTP, else the first that is HTTP, else the
    /// first that may be, else the first.
    var defaultPort: Int? {
        let port =
            port(80) ?? ports.first { $0.appProtocol == .http || $0.appProtocol == .http2 }
            ?? ports.first { $0.appProtocol == .detect } ?? ports.first
        return port?.port
    }

    /// Takes from EndpointSlices what the Service leaves open.
    mutating func learnProtocols(from slices: [EndpointSlice]) {
        for index in ports.indices where ports[index].appProtocol == .detect {
            let told = slices.lazy.flatMap(\.ports).first { [port = ports[index]] in
                $0.name == port.name && $0.appProtocol != .detect
            }
            if let told { ports[index].appProtocol = told.appProtocol }
        }
    }

    /// The port that `HOST:NUMBER` means. Port 80 stands for the default one where the service has none of that number: it is
    /// what clients that tunnel (CONNECT) write for a URL without a port.
    func port(meantBy number: Int) -> ServicePort? {
        port(number) ?? (number == 80 ? defaultPort.flatMap { port($0) } : nil)
    }

    /// The services that workloads make by being started under a name: a service of that name on the app's ports.
    static func implied(by workloads: [Workload]) -> [ServiceName: MeshService] {
        var ports: [ServiceName: [Int: ServicePort]] = [:]
        for workload in workloads where !workload.service.isEmpty {
            let name = ServiceName(workload.service, namespace: workload.namespace)
            for port in workload.ports {
                let speaks = ApplicationProtocol(appProtocol: port.protocolName) ?? .detect
                // By name, so that two instances on one machine, each on a number of its own, share the load.
                let target: ServicePort.Target? = port.name.isEmpty ? nil : .name(port.name)
                ports[name, default: [:]][port.app] = ServicePort(
                    name: port.name, port: port.app, target: target, appProtocol: speaks)
            }
        }
        return ports.reduce(into: [:]) { services, entry in
            services[entry.key] = MeshService(
                name: entry.key, ports: entry.value.values.sorted { $0.port < $1.port })
        }
    }
}

extension Workload {
    /// The workload's port that a service's port means.
    func port(for target: ServicePort.Target) -> Port? {
        switch target {
        case .number(let number): ports.first { $0.app == number }
        case .name(let name): ports.first { $0.name == name }
        }
    }
}
