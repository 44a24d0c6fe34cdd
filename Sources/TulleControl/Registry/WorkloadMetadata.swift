public import TulleModel

/// Reads a workload from a node's metadata, and says exactly what is wrong with one that cannot be read.
///
/// Whoever reaches the xDS port can write this, so every size is bounded and every text is held to the characters
/// that names and addresses have.
public struct WorkloadMetadata {
    /// What is wrong with a node, with the path of the fault (`node.metadata.TULLE.ports[0].app: …`).
    public struct Fault: Error, Hashable, CustomStringConvertible {
        public var path: String
        public var message: String

        public var description: String { "\(path): \(message)" }
    }

    // A name in DNS has at most 253 characters; Kubernetes label values have 63 and annotations more. 512 leaves room
    // for node ids, which join four of them.
    static let maxTextBytes = 512
    static let maxLabels = 64
    static let maxPorts = 64
    static let maxUpstreams = 256

    /// The workload that a node describes; nil for a node without `TULLE` metadata, which is a mere client.
    public static func workload(of node: Node) throws(Fault) -> Workload? {
        guard let value = node.metadata["TULLE"], value != .null else { return nil }
        let root = Reader(path: "node.metadata.TULLE", value: value)
        let fields = try root.object()
        if node.id.isEmpty {
            throw Fault(path: "node.id", message: "is empty, expected a name of its own for each node")
        }
        if node.id.utf8.count > maxTextBytes {
            throw Fault(
                path: "node.id", message: "has \(node.id.utf8.count) bytes, at most \(maxTextBytes) are allowed")
        }
        let namespace = try root.name("namespace", in: fields, default: "default")
        let service = try root.name("service", in: fields, default: "")
        var workload = Workload(
            id: node.id, service: service, namespace: namespace,
            account: try root.name("account", in: fields, default: "default"),
            labels: try root.labels("labels", in: fields),
            version: try root.text("version", in: fields),
            address: try root.address("address", in: fields, default: "127.0.0.1"),
            admin: try root.text("admin", in: fields),
            pid: try root.integer("pid", in: fields, 0...Int(Int32.max), default: 0),
            run: try root.text("run", in: fields),
            exiting: try root.boolean("exiting", in: fields),
            ready: try root.boolean("ready", in: fields, default: true),
            locality: node.locality,
            hasIdentity: try root.boolean("identity", in: fields),
            workloadName: node.metadata["WORKLOAD_NAME"]?.string.flatMap { name in
                name.isEmpty || name.utf8.count > maxTextBytes ? nil : name
            })
        workload.ports = try root.list("ports", in: fields, atMost: maxPorts).map { item throws(Fault) in
            let port = try item.object()
            let app = try item.integer("app", in: port, 1...65535)
            return Workload.Port(
                name: try item.text("name", in: port), app: app,
                inbound: try item.integer("inbound", in: port, 1...65535, default: app),
                protocolName: try item.choice("protocol", in: port, ["", "http", "http2", "tcp"]))
        }
        workload.upstreams = try root.list("upstreams", in: fields, atMost: maxUpstreams).map { item throws(Fault) in
            let upstream = try item.object()
            return Workload.Upstream(
                service: try item.name("service", in: upstream, default: nil),
                namespace: try item.name("namespace", in: upstream, default: namespace),
                port: try item.integer("port", in: upstream, 1...65535),
                listen: try item.integer("listen", in: upstream, 1...65535))
        }
        if let outbound = fields["outbound"], outbound != .null {
            let item = Reader(path: "\(root.path).outbound", value: outbound)
            let ports = try item.object()
            workload.outbound = Workload.Outbound(
                bind: try item.address("bind", in: ports, default: "127.0.0.1"),
                httpProxy: try item.integer("httpProxy", in: ports, 0...65535, default: 0),
                transparent: try item.integer("transparent", in: ports, 0...65535, default: 0))
        }
        return workload
    }

    /// A value and where it stands.
    private struct Reader {
        var path: String
        var value: Value

        func object() throws(Fault) -> [String: Value] {
            guard case .object(let fields) = value else {
                throw Fault(path: path, message: "is \(value.kind), expected an object")
            }
            return fields
        }

        func text(_ key: String, in fields: [String: Value]) throws(Fault) -> String {
            switch fields[key] {
            case nil, .null: return ""
            case .string(let text):
                if text.utf8.count > maxTextBytes {
                    throw fault(key, "has \(text.utf8.count) bytes, at most \(maxTextBytes) are allowed")
                }
                if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
                    throw fault(key, "has a control character, expected plain text")
                }
                return text
            case .some(let other): throw fault(key, "is \(other.kind), expected a string")
            }
        }

        /// A DNS label or a few of them: what may become a part of a host name or of a resource's name.
        func name(_ key: String, in fields: [String: Value], default fallback: String?) throws(Fault) -> String {
            let text = try text(key, in: fields)
            if text.isEmpty {
                guard let fallback else { throw fault(key, "is missing, expected a name") }
                return fallback
            }
            let fine = text.utf8.allSatisfy { byte in
                (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte == 0x2d || byte == 0x2e
            }
            if !fine || text.utf8.count > 253 {
                throw fault(key, "\"\(text)\" is not a name, expected lower-case letters, digits, \"-\" and \".\"")
            }
            return text
        }

        /// An IP address or a host name: no more is checked than that it can stand in an address field.
        func address(_ key: String, in fields: [String: Value], default fallback: String) throws(Fault) -> String {
            let text = try text(key, in: fields)
            if text.isEmpty { return fallback }
            let fine = text.utf8.allSatisfy { byte in
                (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || (byte >= 0x30 && byte <= 0x3a)
                    || byte == 0x2d || byte == 0x2e || byte == 0x25
            }
            if !fine { throw fault(key, "\"\(text)\" is not an address, expected an IP address or a host name") }
            return text
        }

        func choice(_ key: String, in fields: [String: Value], _ allowed: [String]) throws(Fault) -> String {
            let text = try text(key, in: fields)
            if !allowed.contains(text) {
                let names = allowed.map { "\"\($0)\"" }.joined(separator: ", ")
                throw fault(key, "\"\(text)\" is not known, expected one of \(names)")
            }
            return text
        }

        func integer(
            _ key: String, in fields: [String: Value], _ range: ClosedRange<Int>, default fallback: Int? = nil
        ) throws(Fault) -> Int {
            switch fields[key] {
            case nil, .null:
                guard let fallback else {
                    throw fault(key, "is missing, expected \(range.lowerBound) to \(range.upperBound)")
                }
                return fallback
            case .number(let number):
                guard let whole = Int(exactly: number), range.contains(whole) else {
                    throw fault(key, "\(number) is out of range, expected \(range.lowerBound) to \(range.upperBound)")
                }
                return whole
            case .some(let other): throw fault(key, "is \(other.kind), expected a number")
            }
        }

        func boolean(_ key: String, in fields: [String: Value], default fallback: Bool = false) throws(Fault) -> Bool {
            switch fields[key] {
            case nil, .null: return fallback
            case .bool(let flag): return flag
            case .some(let other): throw fault(key, "is \(other.kind), expected true or false")
            }
        }

        func list(_ key: String, in fields: [String: Value], atMost limit: Int) throws(Fault) -> [Reader] {
            switch fields[key] {
            case nil, .null: return []
            case .list(let values):
                if values.count > limit {
                    throw fault(key, "has \(values.count) entries, at most \(limit) are allowed")
                }
                return values.enumerated().map { Reader(path: "\(path).\(key)[\($0.offset)]", value: $0.element) }
            case .some(let other): throw fault(key, "is \(other.kind), expected a list")
            }
        }

        func labels(_ key: String, in fields: [String: Value]) throws(Fault) -> [String: String] {
            guard let value = fields[key], value != .null else { return [:] }
            let item = Reader(path: "\(path).\(key)", value: value)
            let entries = try item.object()
            if entries.count > maxLabels {
                throw fault(key, "has \(entries.count) entries, at most \(maxLabels) are allowed")
            }
            var labels: [String: String] = [:]
            for name in entries.keys.sorted() {
                if name.isEmpty || name.utf8.count > maxTextBytes {
                    throw fault(key, "has a key of \(name.utf8.count) bytes, expected 1 to \(maxTextBytes)")
                }
                labels[name] = try item.text(name, in: entries)
            }
            return labels
        }

        private func fault(_ key: String, _ message: String) -> Fault {
            Fault(path: "\(path).\(key)", message: message)
        }
    }
}

extension Value {
    fileprivate var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .list: "a list"
        case .object: "an object"
        }
    }
}
