// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import CSpawn
import Foundation

/// The controlling terminal of this process.
enum Terminal {
    /// A standard descriptor that is our controlling terminal, or nil when there is none (services, pipes, CI).
    static var controlling: Int32? {
        [STDIN_FILENO, STDERR_FILENO, STDOUT_FILENO].first { isatty($0) == 1 && tcgetpgrp($0) > 0 }
    }

    static func isForeground(_ group: pid_t) -> Bool {
        guard let terminal = controlling else { return false }
        return tcgetpgrp(terminal) == group
    }

    /// The terminal to hand to a child: ours, when standard input is it and we are in its foreground.
    static var toHandOn: Int32? {
        guard let terminal = controlling, terminal == STDIN_FILENO, tcgetpgrp(terminal) == getpgrp() else { return nil }
        return terminal
    }

    /// Takes the foreground back after the child that had it is gone.
    static func takeBack(_ terminal: Int32) {
        _ = tulle_give_terminal(terminal, getpgrp())
    }

    /// How many columns and rows the terminal on `descriptor` has, or nil.
    static func size(_ descriptor: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
