/// A port on which the app listens: `8080`, `8080:http`, `50051:grpc`, `6379:tcp`.
struct PortSpec: Equatable, Sendable {
    var port: UInt16
    /// `http`, `http2`, `tcp`, or empty: the sidecar finds out by itself.
    var proto: String
    /// The protocol as it was given, which names the port: a Service's `targetPort: grpc` means `--port 50051:grpc`.
    var given: String

    /// What is accepted, and what it means to the sidecar.
    static let protocols = [
        "http": "http", "http1": "http", "http2": "http2", "h2c": "http2", "grpc": "http2", "grpc-web": "http2",
        "tcp": "tcp",
    ]

    init(port: UInt16, proto: String = "", given: String? = nil) {
        self.port = port
        self.proto = proto
        self.given = given ?? proto
    }

    init(_ text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let port = UInt16(parts[0]), port > 0 else {
            throw Failure(.usage, "--port \"\(text)\": a port, or port:protocol such as 8080:http, would be right")
        }
        guard parts.count == 2 else {
            self.init(port: port)
            return
        }
        guard let proto = Self.protocols[parts[1].lowercased()] else {
            let known = Self.protocols.keys.sorted().joined(separator: ", ")
            throw Failure(.usage, "--port \"\(text)\": protocol \"\(parts[1])\" is not one of \(known)")
        }
        self.init(port: port, proto: proto, given: parts[1].lowercased())
    }

    /// The ports' names as a Service would have them: the protocol where that is enough, with the number where not.
    static func names(_ ports: [PortSpec]) -> [String] {
        ports.map { spec in
            guard !spec.given.isEmpty else { return "port-\(spec.port)" }
            return ports.count { $0.given == spec.given } == 1 ? spec.given : "\(spec.given)-\(spec.port)"
        }
    }
}
