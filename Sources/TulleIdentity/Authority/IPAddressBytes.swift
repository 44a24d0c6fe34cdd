import Glibc

/// The bytes of an IP address as certificates have it (RFC 5280, 4.2.1.6): four or sixteen.
public struct IPAddressBytes {
    public let bytes: [UInt8]

    /// Nil for what is no literal address.
    public init?(_ text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            bytes = withUnsafeBytes(of: &v4) { Array($0) }
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            bytes = withUnsafeBytes(of: &v6) { Array($0) }
        } else {
            return nil
        }
    }
}
