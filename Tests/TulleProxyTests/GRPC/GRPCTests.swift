import NIOCore
import Testing

@testable import TulleProxy

@Suite("gRPC's own wire forms")
struct GRPCTests {
    @Test("messages are counted wherever the content is cut", arguments: 1...11)
    func messages(_ size: Int) {
        let lengths = [0, 1, 7, 300, 0, 65]
        var bytes: [UInt8] = []
        for length in lengths {
            bytes += [0, 0, 0, UInt8(length >> 8), UInt8(length & 255)] + [UInt8](repeating: 9, count: length)
        }
        var counter = GRPCMessageCounter()
        var start = 0
        while start < bytes.count {
            counter.take(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
            start += size
        }
        #expect(counter.count == 6)
    }

    @Test(
        "a timeout is at most eight digits and a unit",
        arguments: [
            ("1H", 3_600_000_000_000), ("2M", 120_000_000_000), ("3S", 3_000_000_000), ("100m", 100_000_000),
            ("5u", 5000), ("7n", 7), ("99999999n", 99_999_999), ("0S", 0),
        ])
    func timeouts(_ text: String, _ nanoseconds: Int64) {
        let parsed = Array(text.utf8).withUnsafeBytes { GRPCTimeout.parse($0) }
        #expect(parsed == .nanoseconds(nanoseconds))
    }

    @Test("what is no timeout is none", arguments: ["", "1", "S", "123456789S", "1s", "-1S", "1.5S", "1 S", "10X"])
    func noTimeouts(_ text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { GRPCTimeout.parse($0) } == nil)
    }

    @Test(
        "a timeout is written in the finest unit that holds it",
        arguments: [
            (99_999_999, "99999999n"), (100_000_000, "100000u"), (1_000_000_000, "1000000u"),
            (3_600_000_000_000, "3600000m"), (0, "0n"), (-5, "0n"),
        ])
    func written(_ nanoseconds: Int64, _ text: String) {
        var out = ByteBuffer()
        GRPCTimeout.write(.nanoseconds(nanoseconds), to: &out)
        #expect(String(buffer: out) == text)
    }

    @Test(
        "gRPC is told by its content-type",
        arguments: [
            ("application/grpc", true), ("application/grpc+proto", true), ("Application/gRPC;charset=x", true),
            ("application/grpc-web", false), ("application/json", false), ("", false),
        ])
    func contentType(_ type: String, _ isGRPC: Bool) {
        #expect(Array(type.utf8).withUnsafeBytes { HeaderBlock.isGRPC($0) } == isGRPC)
    }

    @Test("HTTP's statuses become gRPC's as gRPC maps them")
    func statuses() {
        #expect(
            [400, 401, 403, 404, 429, 502, 503, 504, 500, 418].map { GRPCCode(httpStatus: $0).rawValue }
                == [13, 16, 7, 12, 14, 14, 14, 14, 2, 2])
        #expect(Failure.durationExceeded(byRoute: true).grpcCode == .deadlineExceeded)
        #expect(Failure.noEndpoints.grpcCode == .unavailable)
    }
}
