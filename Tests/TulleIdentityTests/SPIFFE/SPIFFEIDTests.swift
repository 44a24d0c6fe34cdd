import Testing

@testable import TulleIdentity

@Suite struct SPIFFEIDTests {
    @Test(
        "what the specification allows is read, and written the same",
        arguments: [
            "spiffe://example.org", "spiffe://cluster.local/ns/default/sa/web", "spiffe://a_b-c.9/Path/With.Dots/x_y-z",
            "spiffe://example.org/9eebccd2-12bf-40a6-b262-65fe0487d453", "spiffe://1.2.3.4/a", "spiffe://x/...",
        ])
    func allowed(text: String) throws {
        #expect(try SPIFFEID(text).description == text)
    }

    @Test(
        "what the specification forbids is refused",
        arguments: [
            "", "spiffe:", "spiffe://", "spiffe:///ns/a/sa/b", "http://example.org/a", "SPIFFE://example.org/a",
            "spiffe://Example.org/a", "spiffe://example.org:8443/a", "spiffe://user@example.org/a",
            "spiffe://example.org/a?q=1", "spiffe://example.org?q=1", "spiffe://example.org/a#f",
            "spiffe://example.org/",
            "spiffe://example.org/a/", "spiffe://example.org//a", "spiffe://example.org/a//b", "spiffe://example.org/.",
            "spiffe://example.org/a/../b", "spiffe://example.org/a%20b", "spiffe://ex%61mple.org/a",
            "spiffe://example.org/ä", "spiffe://exämple.org/a", "spiffe://[::1]/a", "spiffe://example.org/a b",
            "spiffe://example.org/a\n", "spiffe://example.org/a\0", "spiffe://example.org/a*",
            " spiffe://example.org/a",
        ])
    func forbidden(text: String) {
        #expect(throws: SPIFFEError.self) { try SPIFFEID(text) }
    }

    @Test("an ID has at most 2048 bytes, a trust domain 255")
    func lengths() throws {
        let start = "spiffe://example.org/"
        let longest = start + String(repeating: "a", count: 2048 - start.utf8.count)
        #expect(try SPIFFEID(longest).description == longest)
        #expect(throws: SPIFFEError.self) { try SPIFFEID(longest + "a") }
        let domain = String(repeating: "d", count: 255)
        #expect(try TrustDomain(domain).name == domain)
        #expect(throws: SPIFFEError.self) { try TrustDomain(domain + "d") }
    }

    @Test("a service account's ID is Istio's, and gives the account back")
    func account() throws {
        let account = try ServiceAccount("shop/cart.v2")
        let id = SPIFFEID(account, in: try TrustDomain("example.org"))
        #expect(id.description == "spiffe://example.org/ns/shop/sa/cart.v2")
        #expect(try SPIFFEID(id.description).account == account)
    }

    @Test(
        "an ID of another form has no service account",
        arguments: [
            "spiffe://example.org", "spiffe://example.org/ns/a", "spiffe://example.org/sa/a/ns/b",
            "spiffe://example.org/ns/a/sa/b/c", "spiffe://example.org/ns/A/sa/b", "spiffe://example.org/ns/a.b/sa/c",
        ])
    func noAccount(text: String) throws {
        #expect(try SPIFFEID(text).account == nil)
    }

    @Test(
        "a service account is NAMESPACE/NAME of Kubernetes names",
        arguments: ["", "web", "a/b/c", "/web", "a/", "A/web", "a/we_b", "-a/web", "a/web-", "a.b/web", "a/*"])
    func wrongAccounts(text: String) {
        #expect(throws: SPIFFEError.self) { try ServiceAccount(text) }
    }

    @Test("a message repeats no more of a stranger's text than it needs")
    func boundedMessage() {
        let error = #expect(throws: SPIFFEError.self) {
            try SPIFFEID("spiffe://example.org/\u{1b}[2J" + String(repeating: "x", count: 1000))
        }
        #expect(error.map { $0.description.utf8.count < 250 && !$0.description.contains("\u{1b}") } == true)
    }
}
