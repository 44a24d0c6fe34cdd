// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Foundation

/// Whether anybody answers at an address, in words.
enum Reachability {
    static func describe(_ address: HostPort) async -> String {
        // A blocking connect, bounded by the socket's own send timeout, on a thread that may block.
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: connect(address)) }
            thread.start()
        }
    }

    private static func connect(_ address: HostPort) -> String {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let looked = getaddrinfo(address.host, String(address.port), &hints, &found)
        guard looked == 0, let info = found else { return String(cString: gai_strerror(looked)).lowercased() }
        defer { freeaddrinfo(found) }
        let descriptor = socket(
            info.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return String(cString: strerror(errno)).lowercased() }
        defer { close(descriptor) }
        var bound = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        guard Foundation.connect(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 else {
            return errno == EINPROGRESS ? "no answer to a connection" : String(cString: strerror(errno)).lowercased()
        }
        return "it accepts connections but has sent nothing usable"
    }
}
