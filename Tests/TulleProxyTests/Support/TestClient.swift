import NIOPosix

/// A `TestSocket` for the tests themselves: its calls wait on threads of their own, so that they hold up nobody
/// else's tasks.
struct TestClient: Sendable {
    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 32)
        pool.start()
        return pool
    }()

    private let socket: TestSocket

    init(port: Int) async throws {
        socket = try await Self.threads.runIfActive { try TestSocket(port: port) }
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        let socket = socket
        try await Self.threads.runIfActive { try socket.send(bytes) }
    }

    func endOutput() { socket.endOutput() }

    func receive(through text: String) async throws -> String {
        let socket = socket
        return try await Self.threads.runIfActive { try socket.receive(through: text) }
    }

    func receive(exactly count: Int) async throws -> [UInt8] {
        let socket = socket
        return try await Self.threads.runIfActive { try socket.receive(exactly: count) }
    }

    func receiveToEnd() async throws -> String {
        let socket = socket
        return try await Self.threads.runIfActive { try socket.receiveToEnd() }
    }

    /// A response with a Content-Length: its head and its body.
    func response() async throws -> (head: String, body: String) {
        let socket = socket
        return try await Self.threads.runIfActive { try socket.response() }
    }
}
