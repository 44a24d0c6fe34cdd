/// The exit statuses that are `tulle run`'s own; all others are its command's.
enum RunStatus {
    /// Tulle itself failed: the command was never started, as `docker run` and `timeout` say it.
    static let failed: Int32 = 125
}
