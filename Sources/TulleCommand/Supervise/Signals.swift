import CSpawn
import Foundation

/// The signals this process hears instead of dying of them.
enum Signals {
    /// Hears `numbers` from now on and for good. Call once a process.
    static func hear(_ numbers: [Int32]) throws -> AsyncStream<Int32> {
        let descriptor = tulle_watch_signals(numbers, Int32(numbers.count))
        guard descriptor >= 0 else {
            throw Failure(.failed, "cannot listen for signals: \(String(cString: strerror(errno)).lowercased())")
        }
        return AsyncStream { continuation in
            let thread = Thread {
                var byte: UInt8 = 0
                while true {
                    let count = read(descriptor, &byte, 1)
                    if count == 1 { continuation.yield(Int32(byte)) }
                    if count == 0 || (count < 0 && errno != EINTR) { return continuation.finish() }
                }
            }
            thread.name = "signals"
            thread.stackSize = 256 * 1024
            thread.start()
        }
    }
}
