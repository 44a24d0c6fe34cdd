import Foundation

/// A directory that only this user reads, for the files of one run; it goes with the run, and those of runs that were
/// killed are swept up by the next.
final class RuntimeDirectory: Sendable {
    let path: String
    /// Locked while the run lives: how a sweep tells the dead from the living.
    private let lock: Int32

    /// - Parameter root: given by `TULLE_RUNTIME_DIR`; else beneath XDG_RUNTIME_DIR or /tmp.
    init(name: String, root: String = RuntimeDirectory.root()) throws {
        guard mkdir(root, 0o700) == 0 || errno == EEXIST else { throw Self.failure(root) }
        // /tmp is everyone's: a directory of that name may be somebody else's trap. These attributes are of the name
        // itself, so that a symbolic link is none.
        let attributes = try? FileManager.default.attributesOfItem(atPath: root)
        guard attributes?[.type] as? FileAttributeType == .typeDirectory,
            (attributes?[.ownerAccountID] as? NSNumber)?.uint32Value == geteuid(),
            let rights = (attributes?[.posixPermissions] as? NSNumber)?.intValue, rights & 0o022 == 0
        else {
            throw Failure(
                .failed, "\(root) is not a directory that only you can write",
                next: "remove it, or set TULLE_RUNTIME_DIR to a private directory")
        }
        Self.sweep(root)
        path = "\(root)/\(name)"
        lock = try Self.take(path)
    }

    /// Makes the directory and locks it. A sweep that comes in between takes it for a dead run's, so that it has to be made
    /// once more: what is locked then is no longer what the name leads to.
    private static func take(_ path: String) throws -> Int32 {
        while true {
            guard mkdir(path, 0o700) == 0 else { throw failure(path) }
            let lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard lock >= 0, flock(lock, LOCK_EX) == 0 else { throw failure(path) }
            let locked = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(lock)")
            if locked?.hasSuffix(" (deleted)") == false { return lock }
            close(lock)
        }
    }

    static func root(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        if let given = environment["TULLE_RUNTIME_DIR"], !given.isEmpty { return given }
        if let session = environment["XDG_RUNTIME_DIR"], !session.isEmpty,
            FileManager.default.isWritableFile(atPath: session)
        {
            return "\(session)/tulle"
        }
        return "/tmp/tulle-\(geteuid())"
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) throws {
        guard
            FileManager.default.createFile(
                atPath: file(name), contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw Self.failure(file(name)) }
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
        close(lock)
    }

    private static func sweep(_ root: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
            let descriptor = open("\(root)/\(name)/lock", O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                try? FileManager.default.removeItem(atPath: "\(root)/\(name)")
            }
            close(descriptor)
        }
    }

    private static func failure(_ path: String) -> Failure {
        Failure(
            .failed, "cannot make \(path): \(String(cString: strerror(errno)).lowercased())",
            next: "set TULLE_RUNTIME_DIR to a directory that you can write")
    }
}
