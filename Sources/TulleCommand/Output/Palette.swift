import Foundation

/// Colours, where there is somebody to see them: on a terminal, and not when NO_COLOR is set (https://no-color.org)
/// or TERM is `dumb`.
struct Palette: Sendable {
    enum Ink: String, Sendable {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case faint = "2"
        case bold = "1"
    }

    var isOn: Bool

    init(isOn: Bool) {
        self.isOn = isOn
    }

    init(descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) {
        isOn =
            isatty(descriptor) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    func paint(_ text: String, _ ink: Ink) -> String {
        isOn ? "\u{1b}[\(ink.rawValue)m\(text)\u{1b}[0m" : text
    }
}
