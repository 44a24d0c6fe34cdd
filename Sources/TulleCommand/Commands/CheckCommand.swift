import ArgumentParser
import TulleControl

/// `tulle check`: what is wrong, and how to mend it.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find what is wrong with this machine, the control plane, the mesh and its configuration.",
        discussion: "Exit status: 1 when there is a problem, 4 when the control plane is away; warnings are none.")

    @Flag(help: "Only this machine: ask no control plane.")
    var machine = false

    @Flag(help: "Also tell who would be cut off by a MeshPolicy of mode STRICT.")
    var strictReady = false

    @Option(
        help: ArgumentHelp(
            "The control plane's xDS address (env TULLE_XDS, default \(RunCommand.defaultXDS)).",
            valueName: "host:port"))
    var xds: String?

    @OptionGroup var controlPlane: ControlPlaneOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try controlPlane.client()
        let xds = try HostPort(Setting.text(xds, "TULLE_XDS", default: RunCommand.defaultXDS), flag: "--xds")
        var findings = await MachineCheck.findings()
        var status = ExitStatus.ok
        if !machine {
            do {
                findings += try await MeshCheck.findings(client, xds: xds)
                if strictReady {
                    // The last hour's first: each question is a mark for the next.
                    let recent = try await client.stats(window: Self.longestWindow)
                    findings += StrictCheck.findings(
                        try await client.workloads(), try await client.stats(window: 0), recent: recent)
                }
            } catch let failure as Failure {
                findings.append(.problem("control plane", failure.message, mend: failure.next))
                status = failure.status == ExitStatus.unreachable.rawValue ? .unreachable : .failed
            } catch let error as APIError {
                findings.append(
                    .problem("control plane", error.message, mend: "look at the log of `tulle control`"))
            }
        }
        if status == .ok, findings.contains(where: { $0.level == .problem }) { status = .failed }
        let console = Console()
        let format = try output.format()
        if format == .table {
            console.print(Self.text(findings, console.output), terminator: "")
        } else {
            try console.print(findings, format)
        }
        if status != .ok { throw ExitCode(status.rawValue) }
    }

    /// An hour: as far back as the control plane's figures go.
    private static let longestWindow = 3600.0

    static func text(_ findings: [Finding], _ palette: Palette) -> String {
        var text = ""
        var area = ""
        for finding in findings {
            if finding.area != area {
                area = finding.area
                text += palette.paint(area, .bold) + "\n"
            }
            let mark: String =
                switch finding.level {
                case .ok: palette.paint("ok      ", .green)
                case .warning: palette.paint("warning ", .yellow)
                case .problem: palette.paint("problem ", .red)
                }
            text += "  \(mark) \(finding.text)\n"
            if !finding.mend.isEmpty { text += "           mend: \(finding.mend)\n" }
        }
        let problems = findings.count { $0.level == .problem }
        let warnings = findings.count { $0.level == .warning }
        text += "\(problems) problem\(problems == 1 ? "" : "s"), \(warnings) warning\(warnings == 1 ? "" : "s")\n"
        return text
    }
}
