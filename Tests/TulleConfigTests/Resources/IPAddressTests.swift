import Testing
import TulleConfig

@Suite struct IPAddressTests {
    @Test("addresses are told from other texts")
    func addresses() {
        for good in ["0.0.0.0", "127.0.0.1", "255.255.255.255"] { #expect(IPAddress.isIPv4(good)) }
        for bad in ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.1.1.1", "1.1.1.-1", "1.1.1.1 "] {
            #expect(!IPAddress.isIPv4(bad))
        }
        for good in ["::", "::1", "fd00::1", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1", "1::"] {
            #expect(IPAddress.isIPv6(good))
        }
        for bad in ["", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "g::1", "12345::", "fe80::1%lo"] {
            #expect(!IPAddress.isIPv6(bad))
        }
    }
}
