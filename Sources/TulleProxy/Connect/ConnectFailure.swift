import Glibc
import NIOCore
import NIOPosix

/// Why no connection to an endpoint came about.
enum ConnectFailure: Error {
    case timeout
    /// With the operating system's words, such as "Connection refused".
    case refused(String)
    /// The connection stood, and its two ends did not come to trust each other.
    case tls(HandshakeFailure)

    init(_ error: any Error) {
        switch error {
        case let error as ChannelError:
            if case .connectTimeout = error { self = .timeout } else { self = .refused("\(error)") }
        case let error as IOError:
            self = error.errnoCode == ETIMEDOUT ? .timeout : .refused(String(cString: strerror(error.errnoCode)))
        case let error as NIOConnectionError:
            self = error.connectionErrors.first.map { ConnectFailure($0.error) } ?? .refused("\(error)")
        default:
            self = .refused("\(error)")
        }
    }

    var isTimeout: Bool { if case .timeout = self { true } else { false } }

    /// For `proxy-status` details and logs.
    var text: String {
        switch self {
        case .timeout: "connect timed out"
        case .refused(let cause): cause
        case .tls(let failure): failure.text
        }
    }

    /// As an exchange's failure.
    var failure: Failure {
        switch self {
        case .timeout: .connectTimeout
        case .refused(let cause): .connectFailed(cause)
        case .tls(let failure): .handshakeFailed(failure)
        }
    }
}
