import Synchronization
public import TulleModel

/// The writers of a process, one a sink: logs of several listeners that name one file share its writer.
///
/// A writer stays until the end, also when no log names it any more: a configuration that comes back finds its file open.
public final class AccessLogWriters: Sendable {
    /// Protects the table; touched when a configuration is taken over, at scrapes and at the end, never by a request.
    private let writers = Mutex<[AccessLog.Sink: AccessLogWriter]>([:])

    public init() {}

    /// The sink's writer, opened if it is new. Fails when the file cannot be opened.
    public func writer(for sink: AccessLog.Sink) throws(FormatError) -> AccessLogWriter {
        if let known = writers.withLock({ $0[sink] }) { return known }
        let new = try AccessLogWriter(sink)
        let winner = writers.withLock { table in
            if let known = table[sink] { return known }
            table[sink] = new
            return new
        }
        // Somebody else opened the same sink in between: theirs is used, and this one's thread ends.
        if winner !== new { new.close(limit: .zero) }
        return winner
    }

    /// Opens all files anew, as after a rotation.
    public func reopen() {
        for writer in all { writer.reopen() }
    }

    /// The sum over all sinks.
    public var counters: AccessLogWriter.Counters {
        var sum = AccessLogWriter.Counters()
        for counters in all.map(\.counters) {
            sum.written += counters.written
            sum.dropped += counters.dropped
            sum.failures += counters.failures
        }
        return sum
    }

    /// Writes what is left and ends the threads. Blocks for up to `limit` for each sink: not for an event loop.
    public func close(limit: Duration) {
        for writer in all { writer.close(limit: limit) }
    }

    private var all: [AccessLogWriter] { writers.withLock { Array($0.values) } }
}
