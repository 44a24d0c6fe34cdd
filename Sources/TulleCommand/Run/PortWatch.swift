// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Foundation

/// Waits until something accepts connections on each of an app's ports, where its sidecar will look for it.
struct PortWatch: Sendable {
    let ports: [UInt16]

    // An app is heard of within this time of its beginning to listen. A refused connection costs some microseconds.
    private static let interval = Duration.milliseconds(5)
    // One that takes long is asked less often, which adds a fiftieth to its start at the most.
    private static let share = 50
    private static let longestInterval = Duration.seconds(1)
    /// From when on the wait is worth a word.
    private static let patience = Duration.seconds(10)

    /// - Parameter remark: told once of the ports that are silent for long.
    /// - Returns: false when the task was cancelled before.
    func untilListening(remark: @Sendable ([UInt16]) -> Void) async -> Bool {
        let clock = ContinuousClock()
        let began = clock.now
        var silent = ports
        var hasRemarked = false
        while !Task.isCancelled {
            silent.removeAll(where: Self.isListening)
            if silent.isEmpty { return true }
            let waited = clock.now - began
            if waited > Self.patience, !hasRemarked {
                remark(silent)
                hasRemarked = true
            }
            try? await Task.sleep(for: min(max(Self.interval, waited / Self.share), Self.longestInterval))
        }
        return false
    }

    /// Whether a connection is accepted on loopback; it is closed at once.
    static func isListening(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // Loopback answers at once, but for an app that listens and does not accept; its queue may be full.
        var bound = timeval(tv_sec: 0, tv_usec: 100_000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &bound, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
