import ArgumentParser
import Logging

/// Envoy's log levels and swift-log's, whichever one is used to.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warn, warning, error, critical, off

    /// Nil is silence.
    var level: Logger.Level? {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warn, .warning: .warning
        case .error: .error
        case .critical: .critical
        case .off: nil
        }
    }
}
