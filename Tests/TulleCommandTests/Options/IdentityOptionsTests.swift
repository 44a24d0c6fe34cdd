import ArgumentParser
import Testing
import TulleControl
import TulleIdentity

@testable import TulleCommand

/// What `tulle control` is told of identities.
struct IdentityOptionsTests {
    private func configuration(
        _ flags: [String] = [], in environment: [String: String] = [:]
    ) throws -> IdentityConfiguration {
        try IdentityOptions.parse(flags).configuration(in: environment)
    }

    @Test("the usual: Istio's trust domain and port, a day, and an authority of our own")
    func usual() throws {
        #expect(try configuration() == IdentityConfiguration(trustDomain: try TrustDomain("cluster.local")))
        let usual = try configuration()
        #expect(usual.signingHost == "127.0.0.1" && usual.signingPort == 15_012 && usual.lifetime == .seconds(86_400))
    }

    @Test("a flag wins over its variable, and a list's flags replace the whole of it")
    func flags() throws {
        let environment = [
            "TULLE_TRUST_DOMAIN": "env.org", "TULLE_SIGNING_NAMES": "a.org, b.org",
            "TULLE_LOCAL_IDENTITIES": "7=shop/*",
            "TULLE_CERTIFICATE_LIFETIME": "10m", "TULLE_SOCKET": "/run/s", "TULLE_CA_CHAIN": "/c", "TULLE_CA_KEY": "/k",
        ]
        let told = try configuration(in: environment)
        #expect(told.trustDomain.name == "env.org" && told.lifetime == .seconds(600) && told.socketPath == "/run/s")
        #expect(told.signingNames == ["a.org", "b.org"])
        #expect(told.authority == AuthorityFiles(chain: "/c", key: "/k"))
        #expect(told.users == LocalIdentities([try LocalIdentities.Grant("7=shop/*")]))
        let flagged = try configuration(
            ["--trust-domain", "flag.org", "--signing-name", "c.org", "--certificate-lifetime", "1h"], in: environment)
        #expect(flagged.trustDomain.name == "flag.org" && flagged.lifetime == .seconds(3600))
        #expect(flagged.signingNames == ["c.org"])
    }

    @Test(
        "what cannot be meant is refused",
        arguments: [
            ["--trust-domain", "Not.OK"], ["--certificate-lifetime", "1s"], ["--signing", "nonsense"],
            ["--ca-key", "/k"], ["--ca-chain", "/c"], ["--local-identity", "root"], ["--local-identity", "root=a"],
            ["--local-identity", "nobody-of-that-name=a/b"], ["--local-identity", "root=*/web"],
            ["--local-identity", "root=A/b"],
        ])
    func refused(flags: [String]) {
        #expect(throws: Failure.self) { try configuration(flags) }
    }
}
