import Testing
import TulleModel

@testable import TulleProxy

@Suite("the filter chain of a connection")
struct FilterChainIndexTests {
    private func chain(_ name: String, _ match: FilterChainMatch) -> FilterChain {
        FilterChain(name: name, match: match, filter: .tcp(TCPProxy(statPrefix: name, clusters: [])))
    }

    private func connection(
        _ destination: [UInt8] = [10, 0, 0, 1], port: Int = 80, source: [UInt8] = [10, 0, 0, 9],
        detected: DetectedProtocol = DetectedProtocol()
    ) -> FilterChainIndex.Connection {
        func address(_ bytes: [UInt8]) -> IPAddressBits? {
            IPAddressBits(bytes.map(String.init).joined(separator: "."))
        }
        return FilterChainIndex.Connection(
            destinationPort: port, destination: address(destination), source: address(source), detected: detected)
    }

    private func choose(
        _ chains: [FilterChain], fallback: FilterChain? = nil, _ connection: FilterChainIndex.Connection
    ) -> String? {
        var listener = Listener(name: "l", address: SocketAddress(host: "127.0.0.1", port: 0), filterChains: chains)
        listener.defaultFilterChain = fallback
        guard let index = try? FilterChainIndex(listener) else {
            Issue.record("the chains do not compile")
            return nil
        }
        return index.choose(connection).map { index.all[$0].name }
    }

    @Test("a port wins over an address, a longer prefix over a shorter one")
    func specificity() {
        let chains = [
            chain("any", FilterChainMatch()),
            chain("net", FilterChainMatch(destinationPrefixes: [AddressPrefix(address: "10.0.0.0", length: 8)])),
            chain("host", FilterChainMatch(destinationPrefixes: [AddressPrefix(address: "10.0.0.1", length: 32)])),
            chain("port", FilterChainMatch(destinationPort: 443)),
        ]
        #expect(choose(chains, connection()) == "host")
        #expect(choose(chains, connection([10, 9, 9, 9])) == "net")
        #expect(choose(chains, connection([192, 168, 0, 1])) == "any")
        #expect(choose(chains, connection(port: 443)) == "port")
    }

    @Test("prefixes that end within a byte")
    func oddPrefix() {
        let chains = [
            chain("odd", FilterChainMatch(destinationPrefixes: [AddressPrefix(address: "10.0.0.128", length: 25)]))
        ]
        #expect(choose(chains, connection([10, 0, 0, 200])) == "odd")
        #expect(choose(chains, connection([10, 0, 0, 100])) == nil)
    }

    @Test("server names: exact before the longest suffix, and none without a name")
    func names() {
        let chains = [
            chain("exact", FilterChainMatch(serverNames: ["a.example.com"])),
            chain("long", FilterChainMatch(serverNames: ["*.example.com"])),
            chain("short", FilterChainMatch(serverNames: ["*.com"])),
        ]
        func ask(_ name: String?) -> String? {
            choose(chains, connection(detected: DetectedProtocol(transport: "tls", serverName: name)))
        }
        #expect(ask("a.example.com") == "exact")
        #expect(ask("b.example.com") == "long")
        #expect(ask("b.com") == "short")
        #expect(ask(nil) == nil)
    }

    @Test("what matches nothing takes the default chain")
    func fallback() {
        let http = chain("http", FilterChainMatch(applicationProtocols: ["http/1.1", "http/1.0"]))
        let rest = chain("rest", FilterChainMatch())
        #expect(
            choose([http], fallback: rest, connection(detected: DetectedProtocol(application: ["http/1.1"]))) == "http")
        #expect(choose([http], fallback: rest, connection()) == "rest")
        #expect(choose([http], connection()) == nil)
    }
}
