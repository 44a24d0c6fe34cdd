import ArgumentParser
import TulleCommand

/// The root command.
struct Tulle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tulle",
        abstract: "A service mesh: run, steer and watch services, in any language, on any machine.",
        discussion: """
            Start with `tulle demo`. To mesh programs of your own: `tulle control` in one terminal, and \
            `tulle run --service NAME --port PORT -- COMMAND` in another for each.

            Exit status: 0 done, 1 failed, 2 wrong command line, 3 refused by validation, 4 control plane \
            unreachable, 5 no such resource; `tulle run` has its command's.
            """,
        subcommands: [ControlCommand.self] + CommandSet.all)
}
