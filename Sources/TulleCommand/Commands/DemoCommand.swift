import ArgumentParser
import Foundation

/// `tulle demo`: a small shop in a mesh of its own.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a small shop of services in several languages, meshed, and watch its traffic.",
        discussion: "Ctrl-C ends all of it. --once proves itself and ends: exit status 0, or 1 with what failed.")

    @Flag(help: "Run for some seconds, check that everything works, and end.")
    var once = false

    @Option(
        help: ArgumentHelp(
            "Put a real Envoy, configured by Tulle's control plane, where this service's sidecar stands.",
            valueName: "service"))
    var envoy: String?

    @Flag(help: "Keep the demo's folder with its logs and its store.")
    var keep = false

    @Option(
        help: ArgumentHelp(
            "How many pages the customers look at a second (env TULLE_DEMO_RPS, default 60).", valueName: "n"))
    var rps: Int?

    func run() async throws {
        let console = Console()
        let claim = PortClaim()
        let demo = try Demo(
            envoyService: envoy, rps: try Setting.number(rps, "TULLE_DEMO_RPS", default: 60, range: 1...100_000),
            claim: claim, console: console)
        let signals = try Signals.hear([SIGINT, SIGTERM, SIGHUP])
        console.remark("starting the shop; logs in \(demo.folder)")
        let outcome = await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do {
                    try await demo.start()
                    if once { try await DemoCheck(demo: demo).run() } else { try await Self.watch(demo) }
                    return nil
                } catch {
                    return error
                }
            }
            group.addTask {
                for await _ in signals { return CancellationError() }
                return CancellationError()
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        // Asked again while ending: whoever asks does not want to wait.
        let hurry = Task { for await _ in signals { await demo.processes.kill() } }
        if !once { console.remark("ending the shop") }
        let forced = await demo.processes.end()
        hurry.cancel()
        withExtendedLifetime(claim) {}
        try await finish(demo, outcome, forced)
    }

    private func finish(_ demo: Demo, _ outcome: (any Error)?, _ forced: [String]) async throws {
        let interrupted = outcome is CancellationError
        let hasFailed = outcome != nil && !interrupted
        if keep || hasFailed || !forced.isEmpty {
            demo.console.remark("logs are kept in \(demo.folder)")
        } else {
            try? FileManager.default.removeItem(atPath: demo.folder)
        }
        if let failure = outcome as? Failure { throw failure }
        if hasFailed, let outcome { throw Failure(.failed, "\(outcome)") }
        guard forced.isEmpty else {
            throw Failure(
                .failed, "had to be killed at the end: \(forced.joined(separator: ", "))",
                next: "look into the logs in \(demo.folder)")
        }
        if interrupted, once { throw Failure(.failed, "interrupted before the checks were done") }
        if once { demo.console.print(demo.console.output.paint("ok", .green) + "  everything ended, nothing is left") }
    }

    /// Shows the traffic until cancelled.
    private static func watch(_ demo: Demo) async throws {
        let isLive = isatty(STDOUT_FILENO) == 1
        let title = { (demo: Demo) async in
            let load = LoadReport.read(demo.loadReport)
            return "\(demo.console.output.paint("The tulle shop is up", .bold)): control plane http://\(demo.api), "
                + "\(load.requests) pages sold, \(load.errors) failed. Try in another terminal:\n"
        }
        if isLive {
            demo.console.print("\u{1b}[2J", terminator: "")
        } else {
            demo.console.print(await title(demo) + (await demo.guide()))
        }
        while true {
            let table = StatTable.text(try await demo.client.stats(window: 10), demo.console.output)
            if isLive {
                let text = await title(demo) + (await demo.guide()) + "\n\n\(table)\nCtrl-C ends all of it.\n"
                demo.console.print(LiveScreen.frame(text), terminator: "")
            } else {
                demo.console.print("\n" + table, terminator: "")
            }
            try await Task.sleep(for: isLive ? .seconds(1) : .seconds(10))
        }
    }
}
