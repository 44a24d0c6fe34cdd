import Testing
import TulleModel

@testable import TulleProxy

@Suite struct IdentityKeeperTests {
    @Test(arguments: [6, 60, 86_400, 31_536_000])
    func `renewal comes at two thirds of a life, spread over a tenth of that`(life: Int) {
        let latest = IdentityKeeper.renewal(life: life, random: 0)
        let earliest = IdentityKeeper.renewal(life: life, random: 1)
        #expect(abs(latest / .seconds(life) - 2.0 / 3) < 0.001)
        #expect(abs(earliest / .seconds(life) - 0.6) < 0.001)
    }

    @Test func `a life that is over is not renewed in a busy loop`() {
        for life in [-100, 0] { #expect(IdentityKeeper.renewal(life: life, random: 0.5) >= .milliseconds(250)) }
    }

    @Test func `attempts come less and less often, and never stop`() {
        #expect(IdentityKeeper.retry(after: 0, random: 1) == .milliseconds(250))
        #expect(IdentityKeeper.retry(after: 3, random: 0) == .seconds(1))
        for failures in [10, 1_000, .max] {
            #expect(IdentityKeeper.retry(after: failures, random: 0) == .seconds(15))
            #expect(IdentityKeeper.retry(after: failures, random: 1) == .seconds(30))
        }
    }

    @Test func `a key asks with a request that it has signed itself, another each time`() throws {
        let (one, other) = (SigningKey(), SigningKey())
        #expect(try one.request().hasPrefix("-----BEGIN CERTIFICATE REQUEST-----\n"))
        #expect(try one.request() != other.request())
        #expect(one.pem.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
    }

    @Test func `a lone certificate, or none, is no answer`() {
        for answer in [[], ["-----BEGIN CERTIFICATE-----"]] {
            #expect(throws: ProxyError.self) { try WorkloadCertificate(answer, for: SigningKey()) }
        }
    }
}
