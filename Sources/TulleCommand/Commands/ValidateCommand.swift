import ArgumentParser
import TulleConfig
import TulleControl

/// `tulle validate`: resource files checked without a control plane.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check resource files, offline.",
        discussion: """
            Every fault is told with its file, line and path. Exit status 3 when there is one. The services that \
            routes name must be in the files too; --no-references leaves that to `tulle apply`, which knows the \
            services of the mesh.
            """)

    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp("A file or folder of resources, or - for standard input; repeatable.", valueName: "file"))
    var named: [String] = []

    @Argument(help: "The same, without -f.")
    var files: [String] = []

    @Flag(inversion: .prefixedNo, help: "Check that the services which routes and policies name are in the files.")
    var references = true

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let resources = try ResourceFiles(named + files)
        var set = ResourceSet()
        var errors: [ConfigurationError] = []
        for file in resources.files {
            do throws(ConfigurationErrors) {
                try set.add(ResourceSet.decode(file.bytes, file: file.name))
            } catch {
                errors += error.errors
            }
        }
        // With resources missing for their own faults, every route to them would be a second fault.
        if references, errors.isEmpty {
            do throws(ConfigurationErrors) { try set.validate() } catch { errors += error.errors }
        }
        try report(set, resources, errors)
    }

    private func report(_ set: ResourceSet, _ resources: ResourceFiles, _ errors: [ConfigurationError]) throws {
        let console = Console()
        let format = try output.format()
        if format != .table {
            try console.print(
                errors.map { error in
                    APIError.Detail(
                        file: error.file, line: error.line, column: error.column,
                        path: error.path.isEmpty ? nil : error.path, message: error.explanation)
                }, format)
            if !errors.isEmpty { throw ExitCode(ExitStatus.refused.rawValue) }
            return
        }
        guard errors.isEmpty else {
            throw Failure(
                .refused, errors.map(\.description).joined(separator: "\n"),
                next: "mend \(errors.count == 1 ? "it" : "these \(errors.count)") and validate again")
        }
        let count = set.documents.count
        console.print(
            console.output.paint("ok", .green)
                + ": \(count) resource\(count == 1 ? "" : "s") in \(resources.files.count) "
                + "file\(resources.files.count == 1 ? "" : "s")")
    }
}
