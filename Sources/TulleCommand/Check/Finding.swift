/// One thing that `tulle check` looked at, and how to mend it when it is not well.
struct Finding: Codable, Equatable, Sendable {
    enum Level: String, Codable, Sendable {
        case ok
        /// Works, but not as well or not as long as it should.
        case warning
        case problem
    }

    var level: Level
    /// machine, control plane, mesh or configuration.
    var area: String
    var text: String
    /// What to do; empty for `ok`.
    var mend: String

    static func ok(_ area: String, _ text: String) -> Finding {
        Finding(level: .ok, area: area, text: text, mend: "")
    }

    static func warning(_ area: String, _ text: String, mend: String) -> Finding {
        Finding(level: .warning, area: area, text: text, mend: mend)
    }

    static func problem(_ area: String, _ text: String, mend: String) -> Finding {
        Finding(level: .problem, area: area, text: text, mend: mend)
    }
}
