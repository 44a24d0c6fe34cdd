import Foundation
import Testing
import TulleIdentity

@testable import TulleControl

@Suite struct DeniedSubjectTests {
    @Test(
        "a serial is read however it was copied",
        arguments: [
            ("0A1B2C", "0a1b2c"), ("0a:1b:2c", "0a1b2c"), ("A1B", "0a1b"), ("000A1B", "0a1b"), ("00", "00"),
            ("spiffe://example.org/ns/a/sa/b", "spiffe://example.org/ns/a/sa/b"),
        ])
    func read(text: String, wanted: String) throws {
        #expect(try DeniedSubject(text).description == wanted)
    }

    @Test(
        "anything else is refused",
        arguments: ["", ":", "web", "0x12", String(repeating: "a", count: 41), "spiffe://Example.org/a", "spiffe:x"])
    func refused(text: String) {
        #expect(throws: (any Error).self) { try DeniedSubject(text) }
    }
}

@Suite struct SigningRateTests {
    /// How many of so many calls are let through.
    private func taken(
        _ rate: inout SigningRate, _ calls: Int, _ caller: String, at now: ContinuousClock.Instant
    ) -> Int {
        var count = 0
        for _ in 0..<calls where rate.take(caller, at: now) { count += 1 }
        return count
    }

    @Test("a burst is let through, then so many a second")
    func bucket() {
        var rate = SigningRate()
        let start = ContinuousClock.now
        let atOnce = taken(&rate, 600, "a", at: start)
        let other = taken(&rate, 1, "b", at: start)
        let later = taken(&rate, 600, "a", at: start + .milliseconds(101))
        #expect(atOnce == 500 && other == 1 && later == 5)
    }

    @Test("the number of callers that are remembered is bounded, and the idle ones make room")
    func bounded() {
        var rate = SigningRate()
        let start = ContinuousClock.now
        var count = 0
        for number in 0..<SigningRate.maxCallers { count += taken(&rate, 1, "\(number)", at: start) }
        let stranger = taken(&rate, 1, "one more", at: start)
        let known = taken(&rate, 1, "0", at: start)
        let later = taken(&rate, 1, "one more", at: start + .seconds(1))
        #expect(count == SigningRate.maxCallers && stranger == 0 && known == 1 && later == 1)
    }
}

@Suite struct IdentityConfigurationTests {
    @Test("the server's certificate names this machine and what was told, each once")
    func names() throws {
        let configuration = IdentityConfiguration(
            trustDomain: try TrustDomain("example.org"), signingHost: "0.0.0.0",
            signingNames: ["mesh.example", "localhost", "mesh.example"])
        let names = configuration.serverNames
        #expect(names.starts(with: ["localhost", "127.0.0.1", "::1"]) && names.last == "mesh.example")
        #expect(Set(names).count == names.count && !names.contains("0.0.0.0"))
    }

    @Test("a socket stands beside the store where its path fits, and a path that was told must fit")
    func socket() throws {
        var configuration = IdentityConfiguration(trustDomain: try TrustDomain("example.org"))
        #expect(try configuration.socket(beside: "/var/lib/tulle/mesh.db") == "/var/lib/tulle/control.sock")
        let deep = "/" + String(repeating: "d", count: 110)
        #expect(try configuration.socket(beside: deep + "/mesh.db") == nil)
        configuration.socketPath = deep
        #expect(throws: ControlPlaneError.self) { try configuration.socket(beside: "/mesh.db") }
    }
}
