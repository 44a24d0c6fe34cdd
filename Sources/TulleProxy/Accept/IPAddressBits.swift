import Glibc
import NIOCore

/// An IP address as a number, whose upper bits come first.
struct IPAddressBits: Hashable, BitwiseCopyable, Sendable {
    let isV6: Bool
    /// The address in the upper 32 or in all 128 bits; the rest is zero.
    let bits: UInt128

    var width: Int { isV6 ? 128 : 32 }

    /// Nil for what has no IP, such as a Unix socket.
    init?(_ address: PeerAddress) {
        switch address {
        case .v4: self.init(v4: address.load(at: 4, as: UInt32.self))
        case .v6: self.init(v6: address.load(at: 8, as: UInt128.self))
        case .unixDomainSocket: return nil
        }
    }

    /// Reads an address as text; nil where the whole of it is not one.
    init?(text: UnsafeRawBufferPointer) {
        // The longest text of an address, with its end: INET6_ADDRSTRLEN.
        guard text.count > 0, text.count < 46 else { return nil }
        var v4: UInt32 = 0
        var v6: UInt128 = 0
        let family = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { copy -> CInt in
            for index in text.indices { copy[index] = CChar(bitPattern: text[index]) }
            copy[text.count] = 0
            guard let base = copy.baseAddress else { return -1 }
            if inet_pton(AF_INET, base, &v4) == 1 { return AF_INET }
            return inet_pton(AF_INET6, base, &v6) == 1 ? AF_INET6 : -1
        }
        switch family {
        case AF_INET: self.init(v4: v4)
        case AF_INET6: self.init(v6: v6)
        default: return nil
        }
    }

    init?(_ text: String) {
        var text = text
        guard let address = text.withUTF8({ IPAddressBits(text: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = address
    }

    /// - Parameter v4: in network order.
    private init(v4: UInt32) {
        isV6 = false
        bits = UInt128(UInt32(bigEndian: v4)) << 96
    }

    /// An IPv4 address that came over a socket of both families counts as what it is.
    ///
    /// - Parameter v6: in network order.
    private init(v6: UInt128) {
        let bits = UInt128(bigEndian: v6)
        let isMapped = bits >> 32 == 0xFFFF
        isV6 = !isMapped
        self.bits = isMapped ? bits << 96 : bits
    }
}

extension NIOCore.SocketAddress {
    /// A part of the operating system's own form: in `sockaddr_in` the address stands behind 4 bytes, in `sockaddr_in6` behind 8.
    fileprivate func load<Number: BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number {
        withSockAddr { address, size in
            UnsafeRawBufferPointer(start: address, count: size).loadUnaligned(fromByteOffset: offset, as: type)
        }
    }
}
