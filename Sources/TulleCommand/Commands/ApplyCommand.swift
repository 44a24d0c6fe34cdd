import ArgumentParser
import TulleControl

/// `tulle apply`: resources into the control plane, all of them or none.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Create or change resources: all that are named, or none.",
        discussion: "Exit status: 3 when a resource is refused (nothing is changed), 4 when the control plane is away.")

    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp("A file or folder of resources, or - for standard input; repeatable.", valueName: "file"))
    var named: [String] = []

    @Argument(help: "The same, without -f.")
    var files: [String] = []

    @Flag(help: "Check everything, change nothing.")
    var dryRun = false

    @OptionGroup var controlPlane: ControlPlaneOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let resources = try ResourceFiles(named + files)
        let result: ApplyResult
        do {
            result = try await controlPlane.client().apply(resources.stream, dryRun: dryRun)
        } catch let error as APIError {
            throw Failure(error, place: resources.place)
        }
        try ApplyReport.print(result, format: output.format())
    }
}

/// What became of resources, as `apply` and `delete` print it.
enum ApplyReport {
    static func print(_ result: ApplyResult, format: OutputFormat) throws {
        let console = Console()
        guard format == .table else { return try console.print(result, format) }
        for item in result.items {
            let ink: Palette.Ink = item.outcome == .unchanged ? .faint : item.outcome == .deleted ? .yellow : .green
            let outcome = console.output.paint(item.outcome.rawValue, ink)
            console.print(
                "\(item.kind) \(item.namespace)/\(item.name) \(outcome)\(result.dryRun ? " (dry run)" : "")")
        }
    }
}
