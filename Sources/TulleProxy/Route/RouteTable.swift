import TulleModel

/// A route configuration compiled for look-up: immutable, built off the event loops, shared by all of them.
///
/// A match makes no String and allocates nothing.
final class RouteTable: Sendable {
    /// What the routes of all virtual hosts share.
    struct Common: Sendable {
        let requestMutations: HeaderMutationList?
        let responseMutations: HeaderMutationList?
        let mostSpecificMutationsWin: Bool
        let ignoresPort: Bool
        let rbacOverrides: [String: RBACFilter]
    }

    let name: String
    /// Whether hosts that are not here can be asked for (VHDS).
    let discoversVirtualHosts: Bool
    let virtualHosts: [VirtualHostTable]
    private let common: Common
    private let clusters: ClusterNames
    private let domains: DomainTable
    /// Holds what `domains` points to.
    private let memory = RouteMemory()

    /// The clusters that routes name; `ClusterChoice.cluster` is an index into it. Tables made by `adding` only append.
    var clusterNames: [String] { clusters.names }

    /// Compiles a configuration. Errors name the virtual host and the route.
    convenience init(_ configuration: RouteConfiguration) throws(RouteError) {
        let common: Common
        do throws(RouteError) {
            common = Common(
                requestMutations: try HeaderMutationList.request(configuration.mutations),
                responseMutations: try HeaderMutationList.response(configuration.mutations),
                mostSpecificMutationsWin: configuration.mostSpecificMutationsWin,
                ignoresPort: configuration.ignorePortInHostMatching, rbacOverrides: configuration.rbacOverrides)
        } catch {
            throw RouteError("route configuration \"\(configuration.name)\": \(error)")
        }
        var clusters = ClusterNames()
        var hosts: [VirtualHostTable] = []
        for host in configuration.virtualHosts {
            hosts.append(try VirtualHostTable(host, in: common, clusters: &clusters))
        }
        try self.init(
            name: configuration.name, discoversVirtualHosts: configuration.discoversVirtualHosts, common: common,
            clusters: clusters, virtualHosts: hosts)
    }

    private init(
        name: String, discoversVirtualHosts: Bool, common: Common, clusters: ClusterNames,
        virtualHosts: [VirtualHostTable]
    ) throws(RouteError) {
        var domains = DomainTable.Builder()
        for (number, host) in virtualHosts.enumerated() {
            for domain in host.domains {
                let holder = Int(domains.insert(domain, host: Int32(number)))
                if holder != number {
                    throw RouteError(
                        "virtual host \"\(host.name)\": domain \"\(domain)\" belongs to virtual host "
                            + "\"\(virtualHosts[holder].name)\" already; domains are unique in a route configuration")
                }
            }
        }
        self.name = name
        self.discoversVirtualHosts = discoversVirtualHosts
        self.common = common
        self.clusters = clusters
        self.virtualHosts = virtualHosts
        self.domains = domains.build(in: memory)
    }

    /// This table with further virtual hosts; those of the same name are replaced. Compiled hosts are shared, so
    /// that only what is new is compiled.
    func adding(_ hosts: [VirtualHost]) throws(RouteError) -> RouteTable {
        var clusters = clusters
        let names = Set(hosts.map(\.name))
        var all = virtualHosts.filter { !names.contains($0.name) }
        for host in hosts { all.append(try VirtualHostTable(host, in: common, clusters: &clusters)) }
        return try RouteTable(
            name: name, discoversVirtualHosts: discoversVirtualHosts, common: common, clusters: clusters,
            virtualHosts: all)
    }

    /// This table without the virtual hosts of these names.
    func removing(_ names: Set<String>) throws(RouteError) -> RouteTable {
        try RouteTable(
            name: name, discoversVirtualHosts: discoversVirtualHosts, common: common, clusters: clusters,
            virtualHosts: virtualHosts.filter { !names.contains($0.name) })
    }

    /// The virtual host for an authority (a host, with its port if one was given), or nil.
    func lookUpVirtualHost(_ authority: UnsafeRawBufferPointer) -> VirtualHostTable? {
        withExtendedLifetime(self) {
            let found = domains.find(common.ignoresPort ? Self.withoutPort(authority) : authority)
            return found < 0 ? nil : virtualHosts[Int(found)]
        }
    }

    /// The virtual host for a request, or nil.
    func lookUpVirtualHost(_ subject: RouteSubject, in block: borrowing HeaderBlock) -> VirtualHostTable? {
        block.withBytes { lookUpVirtualHost(UnsafeRawBufferPointer(rebasing: $0[subject.authority])) }
    }

    /// The route for a request, or nil: no virtual host, or no route in it.
    func match(_ subject: RouteSubject, in block: borrowing HeaderBlock) -> RouteEntry? {
        lookUpVirtualHost(subject, in: block)?.match(subject, in: block)
    }

    /// The authority without its port; the colons of an IPv6 address are none.
    private static func withoutPort(_ authority: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var index = authority.count
        while index > 0 {
            index &-= 1
            if authority[index] == UInt8(ascii: "]") { return authority }
            if authority[index] == UInt8(ascii: ":") { return UnsafeRawBufferPointer(rebasing: authority[..<index]) }
        }
        return authority
    }
}
