import Testing
import TulleModel

@testable import TulleProxy

@Suite struct RouteTableTests {
    func hosts(_ domains: [[String]], ignorePort: Bool = false) throws -> RouteTable {
        try RouteTable(
            RouteConfiguration(
                name: "r",
                virtualHosts: domains.map {
                    VirtualHost(name: $0[0], domains: $0, routes: [route(.prefix("/"), to: $0[0])])
                }, ignorePortInHostMatching: ignorePort))
    }

    func host(_ table: RouteTable, _ authority: String) -> String? {
        Array(authority.utf8).withUnsafeBytes { table.lookUpVirtualHost($0)?.name }
    }

    @Test("exact names win over suffixes, those over prefixes, and the longest wins")
    func order() throws {
        let table = try hosts([
            ["*"], ["*.foo.com"], ["*-bar.foo.com"], ["foo.*"], ["foo.bar.*"], ["www.foo.com", "a.b"], ["foo.com:8080"],
        ])
        #expect(host(table, "www.foo.com") == "www.foo.com")
        #expect(host(table, "WWW.Foo.COM") == "www.foo.com")
        #expect(host(table, "x.foo.com") == "*.foo.com")
        #expect(host(table, "x-bar.foo.com") == "*-bar.foo.com")
        #expect(host(table, "-bar.foo.com") == "*.foo.com", "a star stands for one byte at least")
        #expect(host(table, "foo.org") == "foo.*")
        #expect(host(table, "foo.bar.org") == "foo.bar.*")
        #expect(host(table, "foo.com") == "foo.*")
        #expect(host(table, "foo.com:8080") == "foo.com:8080")
        #expect(host(table, "www.foo.com:80") == "*")
        #expect(host(table, "other") == "*")
        #expect(host(table, "") == "*")
        #expect(host(table, "a.b") == "www.foo.com")
    }

    @Test("without a catch-all an unknown host has no virtual host")
    func unknown() throws {
        let table = try hosts([["a"], ["*.b"]])
        #expect(host(table, "c") == nil)
        #expect(host(table, ".b") == nil)
        #expect(host(table, "") == nil)
    }

    @Test("ports are left out of the look-up when told so, those of IPv6 addresses too")
    func ports() throws {
        let table = try hosts([["a.b"], ["[::1]"], ["*.c"]], ignorePort: true)
        #expect(host(table, "a.b:80") == "a.b")
        #expect(host(table, "[::1]") == "[::1]")
        #expect(host(table, "[::1]:80") == "[::1]")
        #expect(host(table, "x.c:1") == "*.c")
    }

    @Test("virtual hosts are added, replaced and removed, and cluster numbers stay")
    func adding() throws {
        let first = try hosts([["*"], ["a"]])
        let second = try first.adding([
            VirtualHost(name: "n", domains: ["n", "n:80"], routes: [route(.prefix("/"), to: "new")]),
            VirtualHost(name: "a", domains: ["a2"], routes: [route(.prefix("/"), to: "a")]),
        ])
        #expect(host(first, "n") == "*")
        #expect(host(second, "n:80") == "n")
        #expect(host(second, "a") == "*" && host(second, "a2") == "a")
        #expect(Array(second.clusterNames.prefix(2)) == first.clusterNames)
        #expect(second.clusterNames.contains("new"))
        #expect(second.virtualHosts[0] === first.virtualHosts[0])
        let third = try second.removing(["n"])
        #expect(host(third, "n") == "*")
    }

    @Test("a domain that stands twice is refused by name")
    func duplicate() throws {
        let error = #expect(throws: RouteError.self) { try hosts([["a"], ["b", "A"]]) }
        #expect(
            error?.description == "virtual host \"b\": domain \"A\" belongs to virtual host \"a\" already; "
                + "domains are unique in a route configuration")
    }

    @Test("thousands of hosts are found by hash")
    func many() throws {
        let table = try hosts((0..<5000).map { ["host-\($0).mesh", "host-\($0).mesh:80"] })
        for number in stride(from: 0, to: 5000, by: 7) {
            #expect(host(table, "HOST-\(number).mesh:80") == "host-\(number).mesh")
        }
        #expect(host(table, "host-5000.mesh") == nil)
    }

    @Test("a request finds its host and route, a connect request by its authority")
    func match() throws {
        let table = try RouteTable(
            RouteConfiguration(
                name: "r",
                virtualHosts: [
                    VirtualHost(
                        name: "v", domains: ["web.mesh", "web.mesh:443"],
                        routes: [route(.connect, to: "tunnel"), route(.prefix("/"), to: "web")])
                ]))
        #expect(Fixture("GET", "/x?y").route(in: table)?.name == "web")
        #expect(Fixture("CONNECT", "web.mesh:443", host: "web.mesh:443").route(in: table)?.name == "tunnel")
        #expect(Fixture("GET", "http://web.mesh", host: "web.mesh").route(in: table)?.name == "web")
        #expect(Fixture("GET", "/", host: "other").route(in: table) == nil)
    }
}
