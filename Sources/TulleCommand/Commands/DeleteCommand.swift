import ArgumentParser
import TulleConfig
import TulleControl
import TulleModel

/// `tulle delete`: a resource out of the control plane.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete resources.",
        usage: "tulle delete KIND NAME... [-n NAMESPACE]\n       tulle delete -f FILE...")

    @Argument(help: "A kind (httproute, service, …) and the names of its resources.")
    var words: [String] = []

    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp("Delete what this file or folder names, or - for standard input.", valueName: "file"))
    var files: [String] = []

    @Flag(help: "Check everything, change nothing.")
    var dryRun = false

    @Flag(help: "A resource that is not there is no failure.")
    var ignoreNotFound = false

    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var controlPlane: ControlPlaneOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let targets = try targets()
        let client = try controlPlane.client()
        var result = ApplyResult(dryRun: dryRun, resourceVersion: "", items: [])
        for target in targets {
            do {
                let one = try await client.delete(
                    kind: target.kind, namespace: target.namespace, name: target.name, dryRun: dryRun)
                result.items += one.items
                result.resourceVersion = one.resourceVersion
            } catch let error as APIError {
                if error.reason == .notFound, ignoreNotFound { continue }
                // What went before is done, and must be told.
                if !result.items.isEmpty { try ApplyReport.print(result, format: output.format()) }
                throw Failure(error)
            }
        }
        try ApplyReport.print(result, format: output.format())
    }

    private func targets() throws -> [(kind: String, namespace: String, name: String)] {
        if files.isEmpty {
            guard words.count >= 2 else {
                throw Failure(
                    .usage, "nothing to delete is named", next: "as `tulle delete httproute cart`, or -f FILE")
            }
            return words.dropFirst().map { (words[0], namespace.namespace, $0) }
        }
        guard words.isEmpty else { throw Failure(.usage, "either KIND NAME or -f FILE, not both") }
        var targets: [(kind: String, namespace: String, name: String)] = []
        for file in try ResourceFiles(files).files {
            do throws(ConfigurationErrors) {
                let set = try ResourceSet.decode(
                    file.bytes, file: file.name, defaultNamespace: namespace.namespace)
                targets += set.documents.map { ($0.key.kind.rawValue, $0.key.namespace, $0.key.name) }
            } catch {
                throw Failure(.refused, error.description)
            }
        }
        // Backwards: what was applied last leans on what was applied first.
        return targets.reversed()
    }
}
