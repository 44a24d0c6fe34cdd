import CSpawn
import Foundation

/// A child that was started, in a process group of its own.
final class ChildProcess: Sendable {
    let id: pid_t
    /// The terminal whose foreground the child has, when it has one.
    private let terminal: Int32?

    init(id: pid_t, terminal: Int32?) {
        self.id = id
        self.terminal = terminal
    }

    /// Waits on a thread of its own until the child has ended and calls `ended` there. Called once, right after the
    /// start; until it has been called the child's id cannot be given to another process.
    func onExit(_ ended: @escaping @Sendable (ChildExit) -> Void) {
        let thread = Thread { [self] in
            var value: Int32 = 0
            while true {
                switch tulle_wait(id, &value) {
                case 1: return ended(.status(value))
                case 2: return ended(.signal(value))
                case 3: stopped(by: value)
                case 4: continue
                default: return ended(.status(125))
                }
            }
        }
        thread.name = "child \(id)"
        thread.stackSize = 256 * 1024
        thread.start()
    }

    /// Waits until the child has ended.
    func exit() async -> ChildExit {
        await withCheckedContinuation { continuation in onExit { continuation.resume(returning: $0) } }
    }

    func signal(_ number: Int32) {
        kill(id, number)
    }

    /// Signals the child's whole process group, as a terminal would.
    func signalGroup(_ number: Int32) {
        kill(-id, number)
    }

    /// Job control, as a shell between the user's shell and the child must do it: when the child stops (Ctrl-Z, or
    /// reading a terminal that it has not), stop too, and when the user's shell brings us back, hand the terminal on.
    private func stopped(by number: Int32) {
        guard let terminal = terminal ?? Terminal.controlling, number != SIGSTOP || Terminal.isForeground(id) else {
            return
        }
        let own = getpgrp()
        if Terminal.isForeground(id) { tulle_give_terminal(terminal, own) }
        if !Terminal.isForeground(own) || number == SIGTSTP || number == SIGSTOP {
            // The whole group: our parent may be a script that has to stop with us.
            kill(0, SIGSTOP)
        }
        // Somebody continued us. In the foreground the child is to have the terminal again.
        if Terminal.isForeground(own) { tulle_give_terminal(terminal, id) }
        kill(-id, SIGCONT)
    }
}
