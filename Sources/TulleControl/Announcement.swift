import Synchronization

/// A text that one part of the control plane learns while it runs (an address bound), and others wait for or look at.
final class Announcement: Sendable {
    private struct State {
        var text = ""
        var isOver = false
        var waiting: [CheckedContinuation<String, Never>] = []
    }

    /// Set once by the part that knows; read by requests and by whoever waits.
    private let state = Mutex(State())

    /// Empty until it is announced.
    var text: String { state.withLock { $0.text } }

    func announce(_ text: String) {
        let waiting = state.withLock { state in
            state.text = text
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: text) }
    }

    /// Nobody will announce anything any more.
    func end() {
        let waiting = state.withLock { state in
            state.isOver = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: "") }
    }

    /// The text once it is there; empty if the control plane ended before.
    func wait() async -> String {
        await withCheckedContinuation { continuation in
            let known: String? = state.withLock { state in
                if !state.text.isEmpty || state.isOver { return state.text }
                state.waiting.append(continuation)
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
