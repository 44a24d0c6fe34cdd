import Testing

@testable import TulleProxy

@Test(
    "authorities are split into host and port",
    arguments: [
        ("a", "a", 80), ("a:8080", "a", 8080), ("[::1]:9", "::1", 9), ("[::1]", "::1", 80), ("1.2.3.4:1", "1.2.3.4", 1),
    ] as [(String, String, Int)])
func authority(_ text: String, _ host: String, _ port: Int) {
    let split = HostAndPort(text, defaultPort: 80)
    #expect(split?.host == host)
    #expect(split?.port == port)
}

@Test("authorities that name no place", arguments: ["", ":80", "a:", "a:0", "a:70000", "a:b", "[::1", "[::1]x"])
func badAuthority(_ text: String) {
    #expect(HostAndPort(text, defaultPort: 80) == nil)
}
