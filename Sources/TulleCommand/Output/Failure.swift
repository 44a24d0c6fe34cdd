/// Why a command failed, and what its reader can do next.
struct Failure: Error, Equatable, CustomStringConvertible {
    var status: Int32
    /// Lower case, no full stop; may hold several lines.
    var message: String
    /// What to do next; empty when the message says it.
    var next: String

    init(_ status: ExitStatus, _ message: String, next: String = "") {
        self.init(status: status.rawValue, message, next: next)
    }

    init(status: Int32, _ message: String, next: String = "") {
        self.status = status
        self.message = message
        self.next = next
    }

    var description: String { next.isEmpty ? message : "\(message)\nnext: \(next)" }
}
