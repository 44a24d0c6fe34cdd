import Foundation

/// The two places where a command speaks: results on standard output, everything else on standard error.
struct Console: Sendable {
    var output: Palette
    var errors: Palette

    init() {
        output = Palette(descriptor: STDOUT_FILENO)
        errors = Palette(descriptor: STDERR_FILENO)
    }

    func print(_ text: String, terminator: String = "\n") {
        write(text + terminator, to: STDOUT_FILENO)
    }

    /// A remark for the person at the terminal, marked as Tulle's: a meshed command shares the same standard error.
    func remark(_ text: String) {
        write(errors.paint("tulle: ", .faint) + text + "\n", to: STDERR_FILENO)
    }

    func report(_ failure: Failure) {
        var text = errors.paint("tulle: ", .red) + failure.message + "\n"
        if !failure.next.isEmpty { text += errors.paint("next:  ", .yellow) + failure.next + "\n" }
        write(text, to: STDERR_FILENO)
    }

    /// Unbuffered, whole, and deaf to a reader that went away (`tulle get | head`).
    private func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                bytes = bytes.dropFirst(written)
            } else if errno != EINTR {
                return
            }
        }
    }
}
