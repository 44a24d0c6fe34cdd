import Glibc

/// The signals of the process, told by a pipe: whichever thread a signal comes to, and whenever that thread was made.
enum Signals {
    private static let handled = [SIGTERM, SIGINT, SIGUSR1, SIGHUP]

    /// Where the handler writes. Set once, before the handler is installed; a handler can be given nothing else.
    nonisolated(unsafe) private static var writeEnd: Int32 = -1

    /// Every signal as it comes from now on, for ever. Called once.
    static func stream() -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return stream }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        writeEnd = ends[1]
        signal(SIGPIPE, SIG_IGN)
        for number in handled {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                // write(2) is one of the few calls that a handler may make; a full pipe holds signals enough.
                _ = Glibc.write(Signals.writeEnd, &byte, 1)
            }
        }
        let reader = Unmanaged.passRetained(Reader(descriptor: ends[0], continuation: continuation))
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Reader>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, reader.toOpaque())
        pthread_detach(thread)
        return stream
    }

    private final class Reader: Sendable {
        private let descriptor: Int32
        private let continuation: AsyncStream<Int32>.Continuation

        init(descriptor: Int32, continuation: AsyncStream<Int32>.Continuation) {
            self.descriptor = descriptor
            self.continuation = continuation
        }

        func run() {
            var byte: UInt8 = 0
            while true {
                let count = read(descriptor, &byte, 1)
                if count == 1 {
                    continuation.yield(Int32(byte))
                } else if count == 0 || errno != EINTR {
                    return
                }
            }
        }
    }
}
