/// The name by which callers know a service.
public struct ServiceName: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var name: String
    public var namespace: String

    public init(_ name: String, namespace: String = "default") {
        self.name = name
        self.namespace = namespace
    }

    /// `web.default.svc.cluster.local`, the host name in the names of clusters.
    public var host: String { "\(name).\(namespace).svc.cluster.local" }

    /// `default/web`.
    public var description: String { "\(namespace)/\(name)" }

    /// Every host name that means this service to a caller of the namespace given, the longest name first.
    public func hostNames(from caller: String) -> [String] {
        var names = [
            host, "\(name).\(namespace).svc", "\(name).\(namespace)", "\(name).\(namespace).mesh",
        ]
        if caller == namespace { names += ["\(name).mesh", name] }
        return names
    }

    /// The service that a host name without port means to a caller of the namespace given; nil for names that no
    /// service can have. Whether the service exists is another question. `a.mesh` is the service `a` of the caller's
    /// namespace and never the service `a` of a namespace `mesh`.
    public init?(host: String, from caller: String) {
        var labels = host.lowercased().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if labels.last == "" { labels.removeLast() }
        guard !labels.isEmpty, labels.allSatisfy({ !$0.isEmpty }) else { return nil }
        if labels.count >= 2, labels.last == "mesh" {
            labels.removeLast()
        } else if labels.count == 5, labels[2...].elementsEqual(["svc", "cluster", "local"]) {
            labels.removeLast(3)
        } else if labels.count == 3, labels[2] == "svc" {
            labels.removeLast()
        }
        switch labels.count {
        case 1: self.init(labels[0], namespace: caller)
        case 2: self.init(labels[0], namespace: labels[1])
        default: return nil
        }
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}
