import Testing

@testable import TulleProxy

@Suite("protocols told by their first bytes")
struct ProtocolSnifferTests {
    private let sniffer = ProtocolSniffer(inspectsHTTP: true, inspectsTLS: true)

    private func inspect(_ bytes: [UInt8]) -> ProtocolSniffer.Verdict {
        bytes.withUnsafeBytes { sniffer.inspect($0) }
    }

    @Test(
        "a first line decides",
        arguments: [
            ("GET / HTTP/1.1\r\n", ["http/1.1"]), ("POST /a?b HTTP/1.0\r\n", ["http/1.0"]),
            ("M-SEARCH * HTTP/1.1\n", ["http/1.1"]), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ["h2c"]),
            ("GET / HTTP/3.0\r\n", []), ("*1\r\n$4\r\nPING\r\n", []), ("SSH-2.0-OpenSSH\r\n", []),
            ("hello", []), ("\u{0}\u{1}", []), ("AUTH secret\r\n", []),
        ] as [(String, [String])])
    func firstLine(_ text: String, _ expected: [String]) {
        #expect(inspect(Array(text.utf8)) == .detected(DetectedProtocol(application: expected)))
    }

    @Test("every proper prefix of a request waits for more, and is guessed to be HTTP once its method stands")
    func prefixes() {
        let line = Array("GET /path HTTP/1.1\r\n".utf8)
        for length in 0..<(line.count - 1) {
            #expect(inspect(Array(line[..<length])) == .needMore)
        }
        #expect(line[..<3].withUnsafeBytes { sniffer.bestGuess($0) } == DetectedProtocol())
        #expect(line[..<4].withUnsafeBytes { sniffer.bestGuess($0) } == DetectedProtocol(application: ["http/1.1"]))
    }

    @Test("a first line without an end is opaque at 16 KiB")
    func endless() {
        let bytes = Array("GET /".utf8) + [UInt8](repeating: 0x61, count: ProtocolSniffer.maxInspectedBytes)
        #expect(inspect(bytes) == .detected(DetectedProtocol()))
    }

    /// A ClientHello with these extensions.
    private func clientHello(serverName: String?, protocols: [String]) -> [UInt8] {
        func sized(_ width: Int, _ bytes: [UInt8]) -> [UInt8] {
            (0..<width).reversed().map { UInt8(bytes.count >> ($0 * 8) & 255) } + bytes
        }
        var extensions: [UInt8] = []
        if let serverName {
            extensions += [0, 0] + sized(2, sized(2, [0] + sized(2, Array(serverName.utf8))))
        }
        if !protocols.isEmpty {
            extensions += [0, 16] + sized(2, sized(2, protocols.flatMap { sized(1, Array($0.utf8)) }))
        }
        var body: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32)
        body += sized(1, []) + sized(2, [0x13, 0x01]) + sized(1, [0]) + sized(2, extensions)
        return [0x16, 3, 1] + sized(2, [1] + sized(3, body))
    }

    @Test("a ClientHello tells its server name in lower case and its protocols")
    func hello() {
        let bytes = clientHello(serverName: "Shop.Example", protocols: ["h2", "http/1.1"])
        #expect(
            inspect(bytes)
                == .detected(
                    DetectedProtocol(
                        transport: "tls", application: ["h2", "http/1.1"], serverName: "shop.example")))
    }

    @Test("a ClientHello cut anywhere waits for more, and one with lies in its lengths is opaque or bare")
    func cutAndBroken() {
        let bytes = clientHello(serverName: "a.b", protocols: ["h2"])
        for length in 1..<bytes.count { #expect(inspect(Array(bytes[..<length])) == .needMore) }
        for index in 5..<bytes.count {
            var broken = bytes
            broken[index] ^= 0xFF
            _ = inspect(broken)
        }
        var lie = bytes
        lie[6] = 0xFF
        #expect(inspect(lie) == .detected(DetectedProtocol()))
    }
}
