import ArgumentParser
import Foundation
import TulleControl

/// `tulle token`: the secrets with which workloads on other machines join.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke join tokens.",
        discussion: """
            A join token gets a workload its first certificate; from then on its certificate renews itself. \
            docs/identity.md tells the story.
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a join token and print it, this once.")

        @Option(help: ArgumentHelp("Who joins with it.", valueName: "ns/name"))
        var serviceAccount: String

        @Option(
            help: ArgumentHelp(
                "How long it may be used, up to 720h (env TULLE_TOKEN_TTL, default 1h).", valueName: "span"))
        var ttl: String?

        @Option(help: "How often it may be used (env TULLE_TOKEN_USES, default 1).")
        var uses: Int?

        @OptionGroup var controlPlane: ControlPlaneOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ttl = try Setting.span(ttl, "TULLE_TOKEN_TTL", default: .seconds(3600), limit: 30 * 86_400)
            let uses = try Setting.number(uses, "TULLE_TOKEN_USES", default: 1, range: 1...1_000_000)
            let format = try output.format()
            let made = try await controlPlane.client().createToken(
                JoinTokenRequest(
                    serviceAccount: serviceAccount, ttlSeconds: Int(ttl.components.seconds), uses: uses))
            let console = Console()
            guard format == .table else { return try console.print(made, format) }
            // The token alone on standard output, for `TOKEN=$(tulle token create …)`.
            console.print(made.token)
            console.remark(
                "token \(made.record.id) for \(made.record.serviceAccount): \(uses == 1 ? "one use" : "\(uses) uses"), "
                    + "until \(made.record.expiresAt.formatted(.iso8601)); it is not shown again")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show join tokens, without their secrets.")

        @OptionGroup var controlPlane: ControlPlaneOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let format = try output.format()
            let tokens = try await controlPlane.client().tokens()
            let console = Console()
            guard format == .table else { return try console.print(JoinTokenList(items: tokens), format) }
            guard !tokens.isEmpty else { return console.remark("no join tokens") }
            console.print(IdentityTables.tokens(tokens, now: Date()).text(console.output), terminator: "")
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke join tokens.",
            discussion: "Certificates that were got with them stay: `tulle ca deny` is for those.")

        @Argument(help: "The ids of tokens, as `tulle token list` shows them.")
        var ids: [String]

        @OptionGroup var controlPlane: ControlPlaneOptions

        func run() async throws {
            let client = try controlPlane.client()
            let console = Console()
            for id in ids {
                let token = try await client.revokeToken(id)
                console.print("token \(token.id) for \(token.serviceAccount) is revoked")
            }
        }
    }
}
