// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Foundation

/// Ports for a sidecar, free now and kept from every other `tulle run` of this network namespace while this one lives.
///
/// They are taken below the kernel's ephemeral range: a port inside it may be handed to any outgoing connection while
/// the sidecar is being restarted, and the restart would then fail to bind.
final class PortClaim {
    /// Above the services people run by hand, below Linux's default ephemeral range (32768).
    static let range: ClosedRange<UInt16> = 20_000...32_000

    /// Abstract Unix sockets named after the ports: the kernel lets each name be bound once, scopes the names to the
    /// network namespace as it does ports, and frees them when we die.
    private var claims: [Int32] = []

    deinit {
        for descriptor in claims { close(descriptor) }
    }

    /// A free port on `address`.
    func take(on address: String) throws -> UInt16 {
        for _ in 0..<2_000 {
            let port = UInt16.random(in: Self.range)
            if claim(port), Self.isFree(port, on: address) { return port }
        }
        throw Failure(
            .failed, "no free port between \(Self.range.lowerBound) and \(Self.range.upperBound) on \(address)",
            next: "run `tulle check`, and `ss -tln` to see who listens")
    }

    /// Keeps a port that the user chose from other runs.
    func claim(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array("tulle-port-\(port)".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            for (index, byte) in name.enumerated() { path[index + 1] = byte }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.count)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard bound == 0 else {
            close(descriptor)
            return false
        }
        claims.append(descriptor)
        return true
    }

    /// Whether nobody listens there: tried with the options that a sidecar's own listener has.
    static func isFree(_ port: UInt16, on address: String) -> Bool {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, String(port), &hints, &found) == 0, let info = found else { return false }
        defer { freeaddrinfo(found) }
        let descriptor = socket(
            info.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        return bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 && listen(descriptor, 1) == 0
    }
}
