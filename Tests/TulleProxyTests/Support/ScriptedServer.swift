import Glibc
import NIOConcurrencyHelpers

/// A TCP server on loopback whose every connection is handled by the script, on a thread of its own.
final class ScriptedServer: Sendable {
    let port: Int
    private let descriptor: Int32
    private let accepted = NIOLockedValueBox(0)
    /// Whether the descriptor is still this server's: only the thread that accepts closes it. A number that was closed under
    /// it would soon be another test's server, whose connections it would take.
    private let isOpen = NIOLockedValueBox(true)

    var connections: Int { accepted.withLockedValue { $0 } }

    init(_ script: @escaping @Sendable (TestSocket, _ number: Int) throws -> Void) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = TestSocket.loopback(0)
        var size = socklen_t(address.count)
        address.withUnsafeMutableBytes {
            let address = $0.bindMemory(to: sockaddr.self).baseAddress!
            _ = bind(descriptor, address, size)
            _ = listen(descriptor, 64)
            _ = getsockname(descriptor, address, &size)
        }
        port = Int(address[2]) << 8 | Int(address[3])
        self.descriptor = descriptor
        let accepted = accepted
        let isOpen = isOpen
        Self.thread {
            while true {
                let next = accept(descriptor, nil, nil)
                guard next >= 0 else {
                    return isOpen.withLockedValue {
                        close(descriptor)
                        $0 = false
                    }
                }
                let number = accepted.withLockedValue { count in
                    count += 1
                    return count
                }
                let socket = TestSocket(descriptor: next)
                // A script that fails ends its connection; the test sees that at the other side.
                Self.thread { try? script(socket, number) }
            }
        }
    }

    func stop() {
        isOpen.withLockedValue { if $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    deinit { stop() }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(body))
        var id = pthread_t()
        pthread_create(
            &id, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        pthread_detach(id)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Answers every request with `text`, keeping the connection open.
    static func answering(_ text: String) throws -> ScriptedServer {
        try ScriptedServer { socket, _ in
            while true {
                _ = try socket.receive(through: "\r\n\r\n")
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
            }
        }
    }
}
