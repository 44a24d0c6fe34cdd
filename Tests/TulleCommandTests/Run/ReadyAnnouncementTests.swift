import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import TulleCommand

/// Telling the control plane that a workload is ready.
struct ReadyAnnouncementTests {
    /// Answers each connection's one request with the next of its statuses.
    private final class Scripted: Sendable {
        let port: UInt16
        let lines = NIOLockedValueBox<[String]>([])
        private let descriptor: Int32

        init(_ statuses: [Int]) {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            port = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                    _ = bind(descriptor, address, length)
                    _ = listen(descriptor, 8)
                    _ = getsockname(descriptor, address, &length)
                }
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
            self.descriptor = descriptor
            let lines = lines
            Thread {
                for status in statuses {
                    let next = accept(descriptor, nil, nil)
                    guard next >= 0 else { return }
                    var bytes = [UInt8](repeating: 0, count: 4096)
                    let count = recv(next, &bytes, bytes.count, 0)
                    let line = String(decoding: bytes.prefix(max(0, count)).prefix { $0 != 13 }, as: UTF8.self)
                    lines.withLockedValue { $0.append(line) }
                    let answer = Array("HTTP/1.1 \(status) x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".utf8)
                    _ = send(next, answer, answer.count, Int32(MSG_NOSIGNAL))
                    close(next)
                }
            }.start()
        }

        deinit {
            shutdown(descriptor, Int32(SHUT_RDWR))
            close(descriptor)
        }
    }

    @Test("it is said again until it is heard, and then once more")
    func again() async throws {
        let server = Scripted([404, 503, 200, 503, 200])
        let client = try ControlPlaneClient(api: "127.0.0.1:\(server.port)")
        await ReadyAnnouncement(client: client, workload: "sidecar~a", confirmation: .zero).untilHeard { _ in }
        let line = "PUT /api/v1/workloads/sidecar~a/ready HTTP/1.1"
        #expect(server.lines.withLockedValue { $0 } == Array(repeating: line, count: 5))
    }

    @Test("it ends when it is called off, whether anybody was there to hear or not")
    func cancelled() async throws {
        let client = try ControlPlaneClient(api: "127.0.0.1:1")
        let announcing = Task { await ReadyAnnouncement(client: client, workload: "a").untilHeard { _ in } }
        announcing.cancel()
        await announcing.value
    }
}
