import Foundation
import Glibc
import Synchronization

/// Holds a store's file for one process: an advisory lock on `PATH.lock`, which the kernel drops when the process
/// ends, however it ends. A lock on the database itself would not do: SQLite's own locks come and go with
/// transactions, and closing any descriptor of a file drops the POSIX locks that SQLite has on it.
final class StoreLock: Sendable {
    /// Nil once released: by the store's `close` or by the last reference going.
    private let descriptor: Mutex<Int32?>

    /// Takes the lock or throws `StoreError.inUse` with the holder's process id.
    init(database path: String) throws {
        let lockPath = path + ".lock"
        let opened = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else {
            throw StoreError.unavailable(
                "cannot open \(lockPath): \(String(cString: strerror(errno))); the store's folder must be writable")
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            var bytes = [UInt8](repeating: 0, count: 32)
            let count = pread(opened, &bytes, bytes.count, 0)
            close(opened)
            let holder = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw StoreError.inUse(path: path, by: holder.isEmpty ? "another process" : "process \(holder)")
        }
        // The process id is for the message alone; not being able to write it changes nothing.
        let identity = Array("\(getpid())\n".utf8)
        if ftruncate(opened, 0) == 0 { _ = pwrite(opened, identity, identity.count, 0) }
        descriptor = Mutex(opened)
    }

    deinit { release() }

    /// Lets another process have the file.
    func release() {
        descriptor.withLock { held in
            if let open = held { close(open) }
            held = nil
        }
    }
}
