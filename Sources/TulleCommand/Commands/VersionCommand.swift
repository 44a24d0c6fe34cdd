import ArgumentParser
import TulleControl
import TulleModel

/// `tulle version`.
struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the versions of this program and of the control plane.")

    /// The same as the control plane's and the sidecar's.
    static let version = TulleVersion.number

    @OptionGroup var controlPlane: ControlPlaneOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try controlPlane.client()
        // A version is asked for when nothing works, too: the control plane's is a bonus.
        let status = try? await client.status(timeout: .seconds(1))
        let console = Console()
        let format = try output.format()
        guard format == .table else {
            var fields: [String: Value] = ["version": .string(Self.version)]
            if let status { fields["controlPlane"] = .string(status.version) }
            return try console.print(Document(.object(fields)), format)
        }
        console.print("tulle \(Self.version)")
        console.print("control plane \(status.map { "tulle \($0.version)" } ?? "not reachable") (\(client.base))")
    }
}
