import Testing

@testable import TulleCommand

/// Ports, upstreams, names and addresses as they are written on the command line.
struct SpecTests {
    @Test("a port may name its protocol, and gRPC is HTTP/2")
    func ports() throws {
        #expect(try PortSpec("8080") == PortSpec(port: 8080))
        #expect(try PortSpec("8080:http") == PortSpec(port: 8080, proto: "http"))
        #expect(try PortSpec("50051:gRPC") == PortSpec(port: 50_051, proto: "http2", given: "grpc"))
        #expect(try PortSpec("50051:h2c") == PortSpec(port: 50_051, proto: "http2", given: "h2c"))
    }

    @Test("a wrong port is refused", arguments: ["", "0", "65536", "-1", "http", "80:", "80:smtp", "80:http:x", "80 "])
    func wrongPorts(text: String) {
        #expect(throws: Failure.self) { try PortSpec(text) }
    }

    @Test("ports are named by their protocol, with the number where two share it or none is given")
    func names() throws {
        let names = { (texts: [String]) throws in PortSpec.names(try texts.map(PortSpec.init)) }
        #expect(try names(["80:http"]) == ["http"])
        #expect(try names(["80:http", "81:http", "82:grpc", "83"]) == ["http-80", "http-81", "grpc", "port-83"])
    }

    @Test("an upstream has a service, perhaps a namespace, a port, and perhaps a local port")
    func upstreams() throws {
        #expect(
            try UpstreamSpec("redis:6379", namespace: "a")
                == UpstreamSpec(service: "redis", namespace: "a", port: 6379))
        #expect(
            try UpstreamSpec("redis.data:6379=16379", namespace: "a")
                == UpstreamSpec(service: "redis", namespace: "data", port: 6379, listen: 16_379))
    }

    @Test(
        "a wrong upstream is refused",
        arguments: ["redis", "redis:0", ":6379", "redis:6379=", "redis:6379=0", "a.b.c:1", "Redis:1", "redis:1=2=3"])
    func wrongUpstreams(text: String) {
        #expect(throws: Failure.self) { try UpstreamSpec(text, namespace: "default") }
    }

    @Test(
        "service names are DNS labels",
        arguments: [("web", true), ("a-1", true), ("-a", false), ("a_b", false), ("", false)])
    func dnsNames(name: String, isRight: Bool) {
        let isTaken = (try? Name.check(name, what: "--service")) != nil
        #expect(isTaken == isRight)
    }

    @Test("labels have a key and a value")
    func labels() throws {
        let label = try Name.label("version=v1")
        #expect(label.key == "version" && label.value == "v1")
        for wrong in ["version", "=v1", "a b=c", "a=b c", "a=\u{e9}"] {
            #expect(throws: Failure.self) { try Name.label(wrong) }
        }
    }

    @Test("addresses may be IPv6, and lack a host for this machine")
    func addresses() throws {
        #expect(try HostPort("10.0.0.1:80", flag: "--xds") == HostPort(host: "10.0.0.1", port: 80))
        #expect(try HostPort("[::1]:80", flag: "--xds").description == "[::1]:80")
        #expect(try HostPort(":80", flag: "--xds").host == "127.0.0.1")
        #expect(try HostPort("mesh.example:80", flag: "--xds").isName)
        #expect(try !HostPort("127.0.0.1:80", flag: "--xds").isName)
        for wrong in ["", "host", "host:", "host:0", "::1:80", "a b:80", "http://x:80"] {
            #expect(throws: Failure.self) { try HostPort(wrong, flag: "--xds") }
        }
    }

    @Test("iptables rules of Tulle's are told from others")
    func rules() {
        let listing = """
            -P OUTPUT ACCEPT
            -A OUTPUT -p tcp -j REDIRECT --to-ports 15001
            -A OUTPUT ! -d 127.0.0.0/8 -p tcp -m owner --gid-owner 1900015001 --suppl-groups -j REDIRECT --to-ports 15001
            """
        let rules = TransparentRedirect.parse(listing)
        #expect(rules.map(\.port) == [15_001])
        #expect(rules.first?.rule.hasPrefix("OUTPUT ! -d") == true)
    }
}
