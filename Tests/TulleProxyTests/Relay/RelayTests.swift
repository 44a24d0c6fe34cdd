import Logging
import NIOConcurrencyHelpers
import Testing
import TulleModel

@testable import TulleProxy

@Suite("relayed connections")
struct RelayTests {
    private func withRelay(to port: Int, _ body: (_ port: Int) async throws -> Void) async throws {
        let relay = TCPProxy(statPrefix: "t", clusters: [WeightedCluster(name: "up", weight: 1)])
        let bootstrap = Bootstrap(
            listeners: [
                Listener(
                    name: "t", address: SocketAddress(host: "127.0.0.1", port: 0),
                    filterChains: [FilterChain(filter: .tcp(relay))])
            ], clusters: [Cluster(name: "up", discovery: .fixed(assignment([port])))])
        let proxy = try await Proxy(
            bootstrap: bootstrap, options: ProxyOptions(concurrency: 1, seed: 1), subscriber: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        do {
            try await proxy.start()
            try await body(await proxy.address(ofListener: "t")?.port ?? 0)
        } catch {
            await proxy.stop()
            throw error
        }
        await proxy.stop()
    }

    /// Bytes that are wrong at any other place, and in any other relay.
    private static func bytes(_ count: Int, of number: Int) -> [UInt8] {
        let period = (0..<251).map { UInt8(($0 + number) % 251) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + period.count)
        while bytes.count < count { bytes += period }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    @Test("relays whose readers wait carry every byte in its place")
    func slowReaders() async throws {
        let relays = 4
        // More than the kernel takes in on the way.
        let size = 12 << 20
        let arrived = NIOLockedValueBox(0)
        let allWait = ConditionLock(value: false)
        let server = try ScriptedServer { socket, _ in
            let number = Int(try socket.receive(exactly: 1)[0])
            let count = arrived.withLockedValue { count in
                count += 1
                return count
            }
            if count == relays {
                allWait.lock()
                allWait.unlock(withValue: true)
            }
            guard allWait.lock(whenValue: true, timeoutSeconds: 20) else { return }
            allWait.unlock()
            let same = try socket.receive(exactly: size) == Self.bytes(size, of: number)
            try socket.send([same ? 1 : 0])
            try socket.send(Self.bytes(size, of: number + 1))
        }
        try await withRelay(to: server.port) { port in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<relays {
                    group.addTask {
                        let client = try await TestClient(port: port)
                        try await client.send([UInt8(number)])
                        try await client.send(Self.bytes(size, of: number))
                        client.endOutput()
                        let answer = try await client.receive(exactly: size + 1)
                        #expect(answer[0] == 1)
                        #expect(Array(answer.dropFirst()) == Self.bytes(size, of: number + 1))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("one side goes on sending after the other has ended its half")
    func halfClose() async throws {
        let server = try ScriptedServer { socket, _ in
            let said = try socket.receiveToEnd()
            try socket.send("heard \(said)")
        }
        try await withRelay(to: server.port) { port in
            let client = try await TestClient(port: port)
            try await client.send("all of it")
            client.endOutput()
            #expect(try await client.receiveToEnd() == "heard all of it")
        }
    }
}
