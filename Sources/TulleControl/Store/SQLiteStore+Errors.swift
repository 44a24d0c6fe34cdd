import GRDB

/// SQLite's result codes in words that say what to do.
extension SQLiteStore {
    static func explained<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch { throw explain(error, path) }
    }

    static func explain(_ error: any Error, _ path: String) -> any Error {
        guard let fault = error as? DatabaseError else { return error }
        let detail = fault.message ?? "\(fault.resultCode)"
        switch fault.resultCode {
        case .SQLITE_FULL:
            return StoreError.unavailable(
                "the disk of the store \(path) is full: nothing was changed; free some space and try again")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return StoreError.unavailable(damaged(path, detail))
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
            return StoreError.unavailable(
                "the store \(path) cannot be written (\(detail)): it and its folder must be writable")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return StoreError.unavailable(
                "the store \(path) is locked by another program (\(detail)); close what has it open and try again")
        default:
            return StoreError.unavailable("the store \(path) failed: \(detail); nothing was changed")
        }
    }

    static func damaged(_ path: String, _ detail: String) -> String {
        "the store \(path) is damaged (\(detail)): move it away to start empty, or bring it back from a copy; "
            + "`sqlite3 \(path) .recover` saves what can be read"
    }
}
