import Logging
import TulleModel
import TulleTelemetry

/// The access logs of all workers, one sink for each file.
final class AccessLogs: Sendable {
    private let writers = AccessLogWriters()
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// The log as configured; nil, with a line in the proxy's own log, when its file cannot be opened.
    func logger(for log: AccessLog) -> AccessLogger? {
        do throws(FormatError) {
            return AccessLogger(format: try AccessLogFormat(log.format), writer: try writers.writer(for: log.sink))
        } catch {
            logger.error("access log: \(error)")
            return nil
        }
    }

    func reopen() { writers.reopen() }

    /// Writes what is pending, for a second at the most.
    func close() { writers.close(limit: .seconds(1)) }
}

/// One configured log: formats a line for an exchange and passes it to its sink.
final class AccessLogger: Sendable {
    private let format: AccessLogFormat
    private let writer: AccessLogWriter

    init(format: AccessLogFormat, writer: AccessLogWriter) {
        self.format = format
        self.writer = writer
    }

    func write(_ exchange: Exchange) { write(about: ExchangeFormat(exchange)) }

    func write(about context: some FormatContext) {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        format.append(context, to: &line)
        writer.write(line)
    }
}
