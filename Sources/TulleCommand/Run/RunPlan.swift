import Foundation
import TulleModel

/// Everything `tulle run` has settled before it starts anything: who the workload is and which ports it has.
struct RunPlan: Sendable {
    /// A port of the app with the sidecar's port in front of it.
    struct Inbound: Equatable, Sendable {
        var name: String
        var app: UInt16
        var inbound: UInt16
        var proto: String
    }

    var service: String
    var namespace: String
    /// Who it is: the last part of its SPIFFE ID.
    var account: String
    /// How its sidecar gets a certificate; nil without one.
    var identity: RunIdentity?
    var labels: [String: String]
    /// Where other sidecars reach this one.
    var address: String
    var ports: [Inbound]
    var upstreams: [UpstreamSpec]
    var httpProxy: UInt16
    /// The port that iptables redirects to; 0 without `--transparent`.
    var transparent: UInt16
    var admin: UInt16
    /// The control plane's xDS address.
    var xds: HostPort
    /// One word for this very run.
    var instance: String
    var processID: Int32
    /// Whether the app is known to listen on its ports.
    var isReady = false

    var version: String { labels["version"] ?? "" }
    var name: String { "\(service)-\(instance)" }
    var nodeID: String { "sidecar~\(address)~\(name).\(namespace)~\(namespace).mesh" }
    /// Nobody can call a workload without ports, so nobody has to be told before it goes.
    var isClientOnly: Bool { ports.isEmpty }

    /// The node's metadata: the contract between `tulle run` and the control plane.
    var metadata: Value {
        let labels = Value.object(labels.mapValues(Value.string))
        return .object([
            "NAMESPACE": .string(namespace),
            "WORKLOAD_NAME": .string(service),
            "CLUSTER_ID": .string("tulle"),
            "LABELS": labels,
            "TULLE": .object([
                "service": .string(service),
                "namespace": .string(namespace),
                "account": .string(account),
                "identity": .bool(identity != nil),
                "labels": labels,
                "version": .string(version),
                "address": .string(address),
                "ports": .list(
                    ports.map { port in
                        .object([
                            "name": .string(port.name), "app": .number(Double(port.app)),
                            "inbound": .number(Double(port.inbound)), "protocol": .string(port.proto),
                        ])
                    }),
                "outbound": .object([
                    "bind": .string("127.0.0.1"), "httpProxy": .number(Double(httpProxy)),
                    "transparent": .number(Double(transparent)),
                ]),
                "upstreams": .list(
                    upstreams.map { upstream in
                        .object([
                            "service": .string(upstream.service), "namespace": .string(upstream.namespace),
                            "port": .number(Double(upstream.port)), "listen": .number(Double(upstream.listen)),
                        ])
                    }),
                "admin": .string("127.0.0.1:\(admin)"),
                "pid": .number(Double(processID)),
                "run": .string(instance),
                "exiting": .bool(false),
                "ready": .bool(isReady || isClientOnly),
            ]),
        ])
    }

    /// A word that no other run has had: 50 random bits in letters that cannot be misread.
    static func newInstance() -> String {
        let letters = Array("abcdefghjkmnpqrstuvwxyz23456789")
        return String((0..<10).map { _ in letters[Int.random(in: 0..<letters.count)] })
    }
}
