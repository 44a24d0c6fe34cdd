import Testing
import TulleModel

@testable import TulleControl

@Suite struct WorkloadMetadataTests {
    private func node(_ tulle: Value, id: String = "sidecar~127.0.0.1~web-1.default~default.mesh") -> Node {
        Node(id: id, cluster: "web", metadata: ["TULLE": tulle, "WORKLOAD_NAME": .string("web-v1")])
    }

    @Test("everything that a sidecar says of its workload is read")
    func whole() throws {
        let port: Value = .object([
            "name": .string("http"), "app": .number(8080), "inbound": .number(31245), "protocol": .string("http"),
        ])
        let upstream: Value = .object([
            "service": .string("redis"), "port": .number(6379), "listen": .number(16379),
        ])
        let tulle: Value = .object([
            "service": .string("web"), "namespace": .string("shop"), "account": .string("web-account"),
            "labels": .object(["app": .string("web")]), "version": .string("v1"),
            "address": .string("10.0.0.7"), "admin": .string("127.0.0.1:31247"), "pid": .number(123),
            "run": .string("r-1"), "exiting": .bool(true), "identity": .bool(true),
            "ready": .bool(false), "ports": .list([port]), "upstreams": .list([upstream]),
            "outbound": .object([
                "bind": .string("127.0.0.1"), "httpProxy": .number(31246), "transparent": .number(15001),
            ]),
        ])
        let expected = Workload(
            id: "sidecar~127.0.0.1~web-1.default~default.mesh", service: "web", namespace: "shop",
            account: "web-account", labels: ["app": "web"], version: "v1", address: "10.0.0.7",
            ports: [.init(name: "http", app: 8080, inbound: 31245, protocolName: "http")],
            outbound: .init(bind: "127.0.0.1", httpProxy: 31246, transparent: 15001),
            upstreams: [.init(service: "redis", namespace: "shop", port: 6379, listen: 16379)],
            admin: "127.0.0.1:31247", pid: 123, run: "r-1", exiting: true, ready: false, hasIdentity: true,
            workloadName: "web-v1")
        #expect(try WorkloadMetadata.workload(of: node(tulle)) == expected)
    }

    @Test("little is enough, and a node without TULLE metadata is no workload")
    func little() throws {
        let workload = try WorkloadMetadata.workload(of: node(.object(["service": .string("job")])))
        #expect(workload?.namespace == "default" && workload?.address == "127.0.0.1" && workload?.ports == [])
        #expect(try WorkloadMetadata.workload(of: Node(id: "envoy")) == nil)
    }

    /// Wrong metadata and what is said of it, after `node.metadata.TULLE`.
    static let wrong: [(Value, String)] = [
        (.string("x"), ": is a string, expected an object"),
        (
            .object(["service": .string("We b")]),
            ".service: \"We b\" is not a name, expected lower-case letters, digits, \"-\" and \".\""
        ),
        (
            .object(["ports": .list([.object(["app": .number(70000)])])]),
            ".ports[0].app: 70000.0 is out of range, expected 1 to 65535"
        ),
        (
            .object(["ports": .list([.object(["app": .number(80), "protocol": .string("quic")])])]),
            ".ports[0].protocol: \"quic\" is not known, expected one of \"\", \"http\", \"http2\", \"tcp\""
        ),
        (
            .object(["ports": .list(Array(repeating: .null, count: 65))]),
            ".ports: has 65 entries, at most 64 are allowed"
        ),
        (.object(["upstreams": .list([.object([:])])]), ".upstreams[0].service: is missing, expected a name"),
        (.object(["labels": .object(["app": .number(1)])]), ".labels.app: is a number, expected a string"),
        (
            .object(["address": .string("a b")]),
            ".address: \"a b\" is not an address, expected an IP address or a host name"
        ),
        (.object(["version": .string("a\nb")]), ".version: has a control character, expected plain text"),
        (
            .object(["run": .string(String(repeating: "x", count: 600))]),
            ".run: has 600 bytes, at most 512 are allowed"
        ),
        (.object(["ready": .string("no")]), ".ready: is a string, expected true or false"),
        (.object(["exiting": .number(1)]), ".exiting: is a number, expected true or false"),
        (.object(["pid": .number(1.5)]), ".pid: 1.5 is out of range, expected 0 to 2147483647"),
    ]

    @Test("what is wrong is told with its path", arguments: wrong)
    func faults(value: Value, message: String) {
        let error = #expect(throws: WorkloadMetadata.Fault.self) {
            try WorkloadMetadata.workload(of: node(value))
        }
        #expect(error?.description == "node.metadata.TULLE\(message)")
    }

    @Test("a workload without an id is refused")
    func noID() {
        #expect(throws: WorkloadMetadata.Fault.self) {
            try WorkloadMetadata.workload(of: node(.object([:]), id: ""))
        }
    }
}
