public import TulleModel

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Writes the lines of access logs to one sink, off the event loops.
///
/// `write` copies a line into a buffer and returns; a thread of the writer's own takes the buffer when it is large enough or
/// a little while has passed. When the sink does not keep up (a full pipe, a full disk) the buffer stays bounded and
/// further lines are dropped and counted: a log must never slow a request or fill the memory.
///
/// `@unchecked Sendable`: all mutable state but `descriptor` is under `lock`, which is held for no longer than a copy of a
/// line; `descriptor` and `needsLineBreak` belong to the writer's thread.
public final class AccessLogWriter: @unchecked Sendable {
    /// What has happened to the lines so far.
    public struct Counters: Hashable, Sendable {
        /// Lines handed to the kernel.
        public var written: UInt64 = 0
        /// Lines lost because the buffer was full or the sink failed.
        public var dropped: UInt64 = 0
        /// Writes that failed.
        public var failures: UInt64 = 0
    }

    public let sink: AccessLog.Sink

    /// The buffer's bound. With what the thread has taken, a writer holds twice as much at most.
    private let maxPendingBytes: Int
    /// From this on the thread writes at once (Envoy flushes at 64 KiB as well).
    private static let batchBytes = 64 << 10
    /// How long lines may wait for company, so that a quiet log is seen soon and a busy one costs few system calls.
    private static let batchNanoseconds = 100_000_000

    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private let ended: UnsafeMutablePointer<pthread_cond_t>
    private var pending: [UInt8] = []
    private var pendingLines: UInt64 = 0
    private var counts = Counters()
    private var reopens = false
    private var closes = false
    private var hasEnded = false

    private var descriptor: Int32
    private var needsLineBreak = false

    /// Opens the sink and starts its thread. Fails when the file cannot be opened.
    public init(_ sink: AccessLog.Sink, maxPendingBytes: Int = 4 << 20) throws(FormatError) {
        self.sink = sink
        self.maxPendingBytes = maxPendingBytes
        switch sink {
        case .standardOutput: descriptor = 1
        case .standardError: descriptor = 2
        case .file(let path):
            descriptor = Self.open(path)
            if descriptor < 0 {
                throw FormatError("access log \"\(path)\" cannot be opened: \(String(cString: strerror(errno)))")
            }
        }
        lock = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        ended = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_cond_init(ended, &attributes)
        pthread_condattr_destroy(&attributes)
        start()
    }

    deinit {
        if case .file = sink { Self.close(descriptor) }
        pthread_cond_destroy(changed)
        pthread_cond_destroy(ended)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        ended.deallocate()
        lock.deallocate()
    }

    // MARK: For the event loops

    /// Takes a line over. Returns at once, whatever the sink does.
    public func write(_ line: [UInt8]) {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        if closes || pending.count + line.count > maxPendingBytes {
            counts.dropped += 1
            return
        }
        let before = pending.count
        pending.append(contentsOf: line)
        pendingLines += 1
        // The thread waits for the first line, then for the time or the size; in between it need not be woken.
        if before == 0 || (before < Self.batchBytes && pending.count >= Self.batchBytes) {
            pthread_cond_signal(changed)
        }
    }

    public var counters: Counters {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return counts
    }

    /// Opens the file anew before the next line, as after a rotation. If that fails the old one stays in use.
    public func reopen() {
        pthread_mutex_lock(lock)
        reopens = true
        pthread_cond_signal(changed)
        pthread_mutex_unlock(lock)
    }

    /// Writes what is left and ends the thread. Blocks up to `limit`: not for an event loop. Returns whether all was
    /// written; a sink that hangs is left behind with what it has.
    @discardableResult
    public func close(limit: Duration) -> Bool {
        var deadline = Self.monotonic(
            after: Int(limit.components.seconds) * 1_000_000_000
                + Int(limit.components.attoseconds / 1_000_000_000))
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        closes = true
        pthread_cond_signal(changed)
        while !hasEnded {
            if pthread_cond_timedwait(ended, lock, &deadline) == ETIMEDOUT { break }
        }
        return hasEnded
    }

    // MARK: The thread

    private func start() {
        var thread = pthread_t()
        // The thread holds the writer until it is closed.
        let unmanaged = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<AccessLogWriter>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, unmanaged.toOpaque())
        if result == 0 {
            pthread_detach(thread)
        } else {
            // Without a thread every line is dropped, and counted.
            unmanaged.release()
            closes = true
            hasEnded = true
        }
    }

    private func run() {
        // A reader of standard output that went away must cost a count, not the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var batch: [UInt8] = []
        while true {
            pthread_mutex_lock(lock)
            while pending.isEmpty, !closes, !reopens { pthread_cond_wait(changed, lock) }
            var deadline = Self.monotonic(after: Self.batchNanoseconds)
            while pending.count < Self.batchBytes, !closes, !reopens {
                if pthread_cond_timedwait(changed, lock, &deadline) == ETIMEDOUT { break }
            }
            swap(&pending, &batch)
            let lines = pendingLines
            pendingLines = 0
            let opensAnew = reopens
            reopens = false
            let ends = closes
            pthread_mutex_unlock(lock)

            let outcome = batch.isEmpty ? (lost: 0, failed: false) : write(batch, lines: lines)
            if opensAnew { openAnew() }

            pthread_mutex_lock(lock)
            counts.written += lines - min(lines, outcome.lost)
            counts.dropped += outcome.lost
            if outcome.failed { counts.failures += 1 }
            let isDone = ends && pending.isEmpty
            if isDone {
                hasEnded = true
                pthread_cond_broadcast(ended)
            }
            pthread_mutex_unlock(lock)
            if isDone { return }
            // A burst's buffer is not kept for the rest of the day.
            if batch.capacity > 2 * Self.batchBytes { batch = [] } else { batch.removeAll(keepingCapacity: true) }
        }
    }

    /// Writes a batch; on failure the rest of it is lost, since a full disk or a broken pipe does not mend in a moment.
    private func write(_ batch: [UInt8], lines: UInt64) -> (lost: UInt64, failed: Bool) {
        if needsLineBreak {
            needsLineBreak = false
            _ = [UInt8(ascii: "\n")].withUnsafeBytes { Self.write(descriptor, $0.baseAddress, 1) }
        }
        var done = 0
        while done < batch.count {
            let count = batch.withUnsafeBytes { Self.write(descriptor, $0.baseAddress! + done, batch.count - done) }
            if count > 0 {
                done += count
                continue
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                // Somebody made the descriptor non-blocking; wait as a blocking one would.
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Self.wait(&poll)
                continue
            }
            needsLineBreak = done > 0 && batch[done - 1] != UInt8(ascii: "\n")
            let kept = batch[..<done].reduce(into: 0 as UInt64) { if $1 == UInt8(ascii: "\n") { $0 += 1 } }
            return (lines - min(lines, kept), true)
        }
        return (0, false)
    }

    private func openAnew() {
        guard case .file(let path) = sink else { return }
        let new = Self.open(path)
        if new < 0 { return }
        Self.close(descriptor)
        descriptor = new
        needsLineBreak = false
    }

    // MARK: Helpers

    private static func open(_ path: String) -> Int32 {
        #if canImport(Glibc)
            Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        #else
            Musl.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        #endif
    }

    private static func close(_ descriptor: Int32) {
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #else
            _ = Musl.close(descriptor)
        #endif
    }

    private static func write(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, base, count)
        #else
            Musl.write(descriptor, base, count)
        #endif
    }

    private static func wait(_ poll: inout pollfd) -> Int32 {
        #if canImport(Glibc)
            Glibc.poll(&poll, 1, 1000)
        #else
            Musl.poll(&poll, 1, 1000)
        #endif
    }

    private static func monotonic(after nanoseconds: Int) -> timespec {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let total = Int(time.tv_nsec) + nanoseconds
        return timespec(tv_sec: time.tv_sec + total / 1_000_000_000, tv_nsec: total % 1_000_000_000)
    }
}
