/// The exit statuses of `tulle`'s commands; `tulle run` passes on its command's instead (`RunStatus`).
enum ExitStatus: Int32, CaseIterable, Sendable {
    case ok = 0
    /// It was understood and tried, and it failed.
    case failed = 1
    /// The command line is wrong.
    case usage = 2
    /// A resource was refused by validation, here or in the control plane.
    case refused = 3
    /// The control plane cannot be reached.
    case unreachable = 4
    /// There is no resource of that kind and name.
    case notFound = 5

    /// One line for the documentation and the help.
    var meaning: String {
        switch self {
        case .ok: "done"
        case .failed: "failed; for `check` and `status`: something needs mending"
        case .usage: "the command line is wrong"
        case .refused: "a resource was refused by validation"
        case .unreachable: "the control plane cannot be reached"
        case .notFound: "there is no such resource"
        }
    }
}
