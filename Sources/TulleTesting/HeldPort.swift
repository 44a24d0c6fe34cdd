import Glibc

/// A loopback port that nobody else is given: bound and never listening, so that connections to it are refused, until a
/// server of the test's own binds it with `SO_REUSEADDR`, as servers do.
///
/// A port that was closed, in contrast, is soon another test's, whose server then answers.
public final class HeldPort: Sendable {
    /// For connections that must be refused; held until the process ends.
    public static let refusing = HeldPort().number

    public let number: Int
    private let descriptor: Int32

    public init() {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        // A `sockaddr_in` on Linux: family, port, 127.0.0.1.
        var address: [UInt8] = [UInt8(AF_INET), 0, 0, 0, 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
        var size = socklen_t(address.count)
        let descriptor = descriptor
        address.withUnsafeMutableBytes {
            let address = $0.bindMemory(to: sockaddr.self).baseAddress!
            precondition(bind(descriptor, address, size) == 0, "no port is free")
            _ = getsockname(descriptor, address, &size)
        }
        number = Int(address[2]) << 8 | Int(address[3])
    }

    deinit { close(descriptor) }
}
