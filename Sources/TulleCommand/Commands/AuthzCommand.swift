import ArgumentParser
import TulleControl

/// `tulle authz`: who may do what, without sending anything.
struct AuthzCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authz",
        abstract: "Say who may do what.",
        subcommands: [Why.self])

    struct Why: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether a call would be let in, and which policy decides that.",
            discussion: """
                Nothing is sent: the policies are tried as the called workload's sidecar would try them. Exit status: 1 when the \
                call, or one of those that are meant, would be refused.
                """)

        @Option(
            help: ArgumentHelp(
                "Who calls: a service, a SPIFFE ID, or \"nobody\" for a caller without a certificate.",
                valueName: "caller"))
        var from: String

        @Option(help: ArgumentHelp("The service that is called.", valueName: "service[.ns]"))
        var to: String

        @Option(help: "Where its app listens; without it each of its ports.")
        var port: Int?

        @Option(help: "The request's method.")
        var method = "GET"

        @Option(help: "The request's path.")
        var path = "/"

        @Option(help: "The request's host; the service when not given.")
        var host: String?

        @Option(help: ArgumentHelp("The caller's address.", valueName: "ip"))
        var ip: String?

        @Option(name: .customLong("header"), help: ArgumentHelp("A header, repeatable.", valueName: "name=value"))
        var headers: [String] = []

        @OptionGroup var controlPlane: ControlPlaneOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            var fields: [String: String] = [:]
            for header in headers {
                let parts = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[0].isEmpty else {
                    throw Failure(.usage, "--header \"\(header)\": NAME=VALUE would be right")
                }
                fields[String(parts[0])] = String(parts[1])
            }
            let format = try output.format()
            let answer = try await controlPlane.client().why(
                AccessQuestion(
                    from: from == "nobody" ? "" : from, to: to, port: port, method: method, path: path, host: host,
                    ip: ip,
                    headers: fields))
            let console = Console()
            if format == .table {
                console.print(Self.text(answer, console.output), terminator: "")
            } else {
                try console.print(answer, format)
            }
            if answer.items.contains(where: { !$0.verdict.allowed }) { throw ExitCode(ExitStatus.failed.rawValue) }
        }

        static func text(_ answer: AccessAnswer, _ palette: Palette) -> String {
            var text = ""
            for item in answer.items {
                let verdict = item.verdict
                let mark = verdict.allowed ? palette.paint("allowed", .green) : palette.paint("denied ", .red)
                let caller = item.principal.isEmpty ? "a caller without a certificate" : item.principal
                text +=
                    "\(mark)  \(caller) → \(MeshTables.shortName(verdict.workload)), port \(verdict.port): \(verdict.reason)\n"
                for policy in verdict.policies {
                    let kind = policy.action + (policy.dryRun ? " (dry run)" : "")
                    let said =
                        policy.matched.map { "matches, \($0)" }
                        ?? "does not match: \(policy.misses.joined(separator: "; "))"
                    text += "         \(kind) \(policy.name) \(said)\n"
                }
            }
            return text
        }
    }
}
