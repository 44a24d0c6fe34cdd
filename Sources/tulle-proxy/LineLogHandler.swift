// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Glibc
import Logging
import NIOConcurrencyHelpers

/// The level that all loggers of the process follow; nil is silence. Set by the admin, read by every log call.
final class LevelBox: Sendable {
    private let level: NIOLockedValueBox<Logger.Level?>

    init(_ level: Logger.Level?) { self.level = NIOLockedValueBox(level) }

    var current: Logger.Level? { level.withLockedValue { $0 } }
    func set(_ level: Logger.Level) { self.level.withLockedValue { $0 = level } }
}

/// Where log lines go: standard error, or a file.
final class LogSink: Sendable {
    private let descriptor: Int32

    init(path: String?) throws {
        guard let path else {
            descriptor = STDERR_FILENO
            return
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw FileText.Failure(description: "--log-path \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// One write a line, so that lines of several threads do not mix.
    func write(_ line: String) {
        var line = line
        line.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}

/// A line an event: time, level, message, what is known of it.
struct LineLogHandler: LogHandler {
    let sink: LogSink
    let levels: LevelBox
    var metadata: Logger.Metadata = [:]

    var logLevel: Logger.Level {
        get { levels.current ?? .critical }
        set { levels.set(newValue) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard levels.current != nil else { return }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(parts.tm_year + 1900)-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let time = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        var line = "\(date)T\(time).\(padded(now.tv_nsec / 1_000_000, 3))Z \(event.level) \(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(value)" }
        sink.write(line + "\n")
    }
}
