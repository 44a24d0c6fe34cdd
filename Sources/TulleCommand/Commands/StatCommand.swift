import ArgumentParser
import Foundation
import TulleControl

/// `tulle stat`: the traffic of each service, live.
struct StatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat",
        abstract: "Show success rate, requests a second and latencies per service, both directions, live.",
        discussion: """
            `in` is what the service's own sidecars saw, `out` what its callers' sidecars saw: a difference between the \
            two is lost between them. On a terminal the table renews itself until Ctrl-C; --once prints it once.
            """)

    @Flag(help: "Measure one --window, print the table and end.")
    var once = false

    @Option(
        help: ArgumentHelp(
            "The span that the figures are of (env TULLE_STAT_WINDOW, default 10s; with --once 2s).",
            valueName: "span"))
    var window: String?

    @Option(
        help: ArgumentHelp(
            "How often the live table is renewed (env TULLE_STAT_INTERVAL, default 1s).", valueName: "span"))
    var interval: String?

    @Argument(help: "Only these services.")
    var services: [String] = []

    @OptionGroup var controlPlane: ControlPlaneOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try controlPlane.client()
        let format = try output.format()
        let console = Console()
        let isLive = !once && format == .table && isatty(STDOUT_FILENO) == 1
        let window = try Setting.span(
            window, "TULLE_STAT_WINDOW", default: isLive || !once ? .seconds(10) : .seconds(2))
        let interval = try Setting.span(interval, "TULLE_STAT_INTERVAL", default: .seconds(1))
        let seconds = max(window / .seconds(1), 0.1)
        do {
            if once {
                // The control plane keeps no history of its own accord: the first question is the mark to count from.
                _ = try await client.stats(window: seconds)
                try await Task.sleep(for: window)
                let view = filtered(try await client.stats(window: nil))
                if format == .table {
                    console.print(StatTable.text(view, console.output), terminator: "")
                } else {
                    try console.print(view, format)
                }
                return
            }
            while true {
                let view = filtered(try await client.stats(window: seconds))
                if isLive {
                    console.print(LiveScreen.frame(StatTable.text(view, console.output)), terminator: "")
                } else if format == .table {
                    console.print(StatTable.text(view, console.output))
                } else {
                    try console.print(view, format)
                }
                try await Task.sleep(for: max(interval, .milliseconds(100)))
            }
        } catch let error as APIError {
            throw Failure(error)
        }
    }

    private func filtered(_ view: StatsView) -> StatsView {
        guard !services.isEmpty else { return view }
        var view = view
        view.rows.removeAll { !services.contains($0.service) && !services.contains("\($0.service).\($0.namespace)") }
        return view
    }
}
