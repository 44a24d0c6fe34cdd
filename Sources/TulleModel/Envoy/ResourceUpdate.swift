/// A change to one dynamic resource of a proxy; a nil value says that the resource is gone or does not exist.
public enum ResourceUpdate: Hashable, Sendable {
    case listener(name: String, Listener?)
    case cluster(name: String, Cluster?)
    case routes(name: String, RouteConfiguration?)
    /// The name is `ROUTE-CONFIGURATION/HOST`, as in VHDS.
    case virtualHost(name: String, VirtualHost?)
    case endpoints(name: String, LoadAssignment?)
    case secret(name: String, Secret?)
}
