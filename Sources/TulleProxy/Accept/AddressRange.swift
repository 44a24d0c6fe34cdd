import TulleModel

/// The addresses that begin with the same bits (`CidrRange`).
struct AddressRange: Hashable, Sendable {
    let isV6: Bool
    let bits: UInt128
    let length: Int

    init(_ prefix: AddressPrefix) throws(RouteError) {
        guard let address = IPAddressBits(prefix.address) else {
            throw RouteError("\"\(prefix.address)\" is not an IP address")
        }
        isV6 = address.isV6
        // A range of IPv4 may be written as one of IPv6 (RFC 4291, 2.5.5.2).
        let isMapped = !isV6 && prefix.address.contains(":")
        guard !isMapped || prefix.length >= 96 else {
            throw RouteError(
                "\"\(prefix.address)/\(prefix.length)\" has addresses of both families; give each its own range")
        }
        length = min(max(0, prefix.length - (isMapped ? 96 : 0)), address.width)
        bits = Self.masked(address.bits, length)
    }

    func contains(_ address: IPAddressBits) -> Bool {
        address.isV6 == isV6 && Self.masked(address.bits, length) == bits
    }

    /// Counted from the first bit of the address; not past its last.
    @inline(__always)
    static func bit(_ index: Int, of bits: UInt128) -> Bool { (bits &>> UInt128(127 &- index)) & 1 == 1 }

    static func masked(_ bits: UInt128, _ length: Int) -> UInt128 {
        length == 0 ? 0 : bits & (UInt128.max << UInt128(128 - length))
    }
}
