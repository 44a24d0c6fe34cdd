import Foundation
import Testing

@testable import TulleCommand

/// Waiting for an app's ports.
struct PortWatchTests {
    /// A socket bound to a port of the kernel's choice, that does not listen yet.
    private final class Bound: Sendable {
        let descriptor: Int32
        let port: UInt16

        init() {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let descriptor = descriptor
            port = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                    _ = bind(descriptor, address, length)
                    _ = getsockname(descriptor, address, &length)
                }
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }

        func begin() { listen(descriptor, 8) }
        deinit { close(descriptor) }
    }

    @Test("it waits until all ports accept connections")
    func all() async {
        let (first, second) = (Bound(), Bound())
        first.begin()
        #expect(PortWatch.isListening(first.port) && !PortWatch.isListening(second.port))
        async let waited = PortWatch(ports: [first.port, second.port]).untilListening { _ in }
        second.begin()
        #expect(await waited)
    }

    @Test("a wait that is called off says so")
    func cancelled() async {
        let silent = Bound()
        let wait = Task { await PortWatch(ports: [silent.port]).untilListening { _ in } }
        wait.cancel()
        #expect(await wait.value == false)
    }
}
